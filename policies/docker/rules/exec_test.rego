package docker.rules_test.exec

import data.docker.testing

exec(fields) := testing.body("exec_create", object.union({"Cmd": ["id"], "Privileged": false, "User": ""}, fields))

test_usual if {
	testing.allowed("exec", exec({}), {})
	testing.allowed("exec", exec({"User": "root"}), {})
	testing.allowed("exec", testing.body("exec_start", {"Detach": false}), {})
	testing.allowed("exec", testing.reading("exec_inspect"), {"allow": false})
}

test_privileged if {
	testing.refused("exec", exec({"Privileged": true}), {}, "exec --privileged")
	testing.refused("exec", testing.body("exec_start", {"Privileged": true}), {}, "exec --privileged")
	testing.allowed("exec", exec({"Privileged": true}), {"allow_privileged": true})
	testing.allowed("exec", exec({"Privileged": true}), {"enabled": false})
}

test_at_all if testing.refused("exec", exec({}), {"allow": false}, "running containers are not allowed")

test_root if {
	every user in ["root", "0", "0:0", "root:root", "+0"] {
		testing.refused("exec", exec({"User": user}), {"allow_root": false}, "must not be root's")
	}
	testing.allowed("exec", exec({"User": "1000"}), {"allow_root": false})
	testing.allowed("exec", exec({}), {"allow_root": false})
}
