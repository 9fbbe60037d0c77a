package docker.rules_test.complete

import data.docker.testing

test_usual if {
	testing.allowed("complete", testing.create({}), {})
	testing.allowed("complete", testing.request("container_start", {}), {})
	testing.allowed("complete", testing.reading("container_list"), {})
}

test_body if {
	every action in ["container_create", "container_update", "exec_create", "service_create", "volume_create"] {
		testing.refused("complete", testing.request(action, {}), {}, "not visible")
	}
	testing.refused("complete", {"Action": "exec_create"}, {}, "not visible")
	testing.allowed("complete", testing.request("exec_create", {}), {"enabled": false})
}

test_unknown if {
	testing.refused("complete", testing.request("unknown", {}), {}, "not one of Docker's API")
	testing.refused("complete", {"Action": "unknown"}, {}, "not one of Docker's API")
	testing.allowed("complete", testing.request("unknown", {"Method": "GET"}), {})
	testing.allowed("complete", testing.request("unknown", {}), {"allow_unknown": true})
}

# Input that another program made.
test_spelling if {
	testing.refused("complete", written({"hostconfig": {}}), {}, "must be spelled HostConfig")
	testing.refused("complete", written({"HostConfig": {"\u017fecurityOpt": []}}), {}, "must be spelled SecurityOpt")
	mount := {"HostConfig": {"Mounts": [{"Type": "bind", "\u017fource": "/etc"}]}}
	testing.refused("complete", written(mount), {}, "of a mount must be spelled Source")
	testing.allowed("complete", written({"HostConfig": {"Memory": 1}, "NewField": 1}), {})
}

written(body) := {"Method": "POST", "PathArr": ["", "v1.41", "containers", "create"], "Body": body}
