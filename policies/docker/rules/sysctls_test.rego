package docker.rules_test.sysctls

import data.docker.testing

test_sysctls if {
	settings := {"allowed": ["net.ipv4.ip_*"]}
	request := testing.create({"Sysctls": {"net.ipv4.ip_forward": "1", "kernel.msgmax": "1"}})
	testing.allowed("sysctls", request, {})
	testing.refused("sysctls", request, settings, "kernel.msgmax")
	testing.refused("sysctls", testing.serving({"Sysctls": {"kernel.msgmax": "1"}}), settings, "kernel.msgmax")
	testing.allowed("sysctls", testing.create({"Sysctls": {"net.ipv4.ip_forward": "1"}}), settings)
	testing.allowed("sysctls", request, {"allowed": [], "enabled": false})
	testing.allowed("sysctls", testing.reading("container_list"), settings)
}
