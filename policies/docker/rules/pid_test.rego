package docker.rules_test.pid

import data.docker.testing

test_usual if {
	testing.allowed("pid", testing.create({}), {"allow_container": false})
	testing.allowed("pid", testing.create({"PidMode": "private"}), {"allow_container": false})
	testing.allowed("pid", testing.create({"PidMode": "container:a"}), {})
	testing.allowed("pid", testing.reading("container_list"), {})
}

test_host if {
	every mode in ["host", "HOST", " host"] {
		testing.refused("pid", testing.create({"PidMode": mode}), {}, "the host's process namespace")
	}
	testing.refused("pid", testing.create_with({}, {"Sharing": [{"Kind": "pid", "Target": "host"}]}), {}, "the host's")
	testing.allowed("pid", testing.create({"PidMode": "host"}), {"allow_host": true})
	testing.allowed("pid", testing.create({"PidMode": "host"}), {"enabled": false})
}

test_container if {
	settings := {"allow_container": false, "approved_users": ["alice"], "approved_groups": ["platform"]}
	request := testing.create({"PidMode": "container:a"})
	testing.refused("pid", request, settings, "container:a")
	testing.allowed("pid", testing.by(request, "alice", []), settings)
	testing.allowed("pid", testing.by(request, "bob", ["platform"]), settings)
	labelled := object.union(request, {"Body": {"Labels": {"pid-sharing-approved": "true"}}})
	testing.refused("pid", labelled, settings, "needs permission")
}
