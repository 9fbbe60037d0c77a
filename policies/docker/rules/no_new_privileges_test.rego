package docker.rules_test.no_new_privileges

import data.docker.testing

test_no_new_privileges if {
	settings := {"required": true}
	testing.allowed("no_new_privileges", testing.create({}), {})
	testing.refused("no_new_privileges", testing.create({}), settings, "no-new-privileges")
	testing.refused("no_new_privileges", testing.create_with({}, {"Security": null}), settings, "no-new-privileges")
	testing.refused("no_new_privileges", testing.service({}), settings, "no-new-privileges")
	testing.allowed("no_new_privileges", testing.secured({"NoNewPrivileges": true}), settings)
	testing.allowed("no_new_privileges", testing.create({}), {"required": true, "enabled": false})
	testing.allowed("no_new_privileges", testing.reading("container_list"), settings)
}

test_options_as_written if {
	every option in ["no-new-privileges", "no-new-privileges=true", "no-new-privileges:true"] {
		testing.allowed("no_new_privileges", as_written([option]), {"required": true})
	}
	testing.refused("no_new_privileges", as_written(["no-new-privileges=false"]), {"required": true}, "privileges")
}

as_written(options) := object.remove(testing.create({"SecurityOpt": options}), ["Security"])

test_a_gate_that_says_nothing if {
	request := object.remove(testing.create({}), ["Security"])
	silent := object.union(request, {"Security": {}})
	testing.refused("no_new_privileges", silent, {"required": true}, "no-new-privileges")
	testing.refused("apparmor", silent, {"require_explicit": true}, "must name its AppArmor profile")
	inline := object.union(request, {"Security": {"Seccomp": "inline"}})
	testing.refused("seccomp", inline, {}, "cannot be read")
}
