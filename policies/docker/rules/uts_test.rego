package docker.rules_test.uts

import data.docker.testing

test_host if {
	testing.allowed("uts", testing.create({}), {})
	testing.refused("uts", testing.create({"UTSMode": "host"}), {}, "the host's UTS namespace")
	testing.allowed("uts", testing.create({"UTSMode": "host"}), {"allow_host": true})
	testing.allowed("uts", testing.create({"UTSMode": "host"}), {"enabled": false})
	testing.allowed("uts", testing.reading("container_list"), {})
}
