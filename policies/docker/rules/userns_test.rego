package docker.rules_test.userns

import data.docker.testing

test_host if {
	testing.allowed("userns", testing.create({}), {})
	testing.refused("userns", testing.create({"UsernsMode": "host"}), {}, "the host's user namespace")
	testing.allowed("userns", testing.create({"UsernsMode": "host"}), {"allow_host": true})
	testing.allowed("userns", testing.create({"UsernsMode": "host"}), {"enabled": false})
	testing.allowed("userns", testing.reading("container_list"), {})
}
