package docker.rules_test.ipc

import data.docker.testing

test_usual if {
	testing.allowed("ipc", testing.create({}), {"allow_container": false})
	testing.allowed("ipc", testing.create({"IpcMode": "private"}), {"allow_container": false})
	testing.allowed("ipc", testing.create({"IpcMode": "container:a"}), {})
	testing.allowed("ipc", testing.reading("container_list"), {})
}

test_host if {
	every mode in ["host", "HOST", " host"] {
		testing.refused("ipc", testing.create({"IpcMode": mode}), {}, "the host's IPC namespace")
	}
	testing.refused("ipc", testing.create_with({}, {"Sharing": [{"Kind": "ipc", "Target": "host"}]}), {}, "the host's")
	testing.allowed("ipc", testing.create({"IpcMode": "host"}), {"allow_host": true})
	testing.allowed("ipc", testing.create({"IpcMode": "host"}), {"enabled": false})
}

test_container if {
	settings := {"allow_container": false, "approved_users": ["alice"], "approved_groups": ["platform"]}
	request := testing.create({"IpcMode": "container:a"})
	testing.refused("ipc", request, settings, "container:a")
	testing.allowed("ipc", testing.by(request, "alice", []), settings)
	testing.allowed("ipc", testing.by(request, "bob", ["platform"]), settings)
	labelled := object.union(request, {"Body": {"Labels": {"pid-sharing-approved": "true"}}})
	testing.refused("ipc", labelled, settings, "needs permission")
}
