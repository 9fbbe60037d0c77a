package docker.rules_test.capabilities

import data.docker.testing

test_usual if {
	testing.allowed("capabilities", testing.create({}), {})
	testing.allowed("capabilities", testing.create({"CapAdd": ["NET_BIND_SERVICE", "CHOWN"]}), {})
	testing.allowed("capabilities", testing.reading("container_list"), {"required_drop": ["ALL"]})
}

test_refused if {
	every name in ["SYS_ADMIN", "cap_sys_admin", " CAP_SYS_ADMIN", "Sys_Admin"] {
		testing.refused("capabilities", testing.create({"CapAdd": [name]}), {}, "SYS_ADMIN is not allowed (CapAdd)")
	}
	testing.refused("capabilities", testing.create({"CapAdd": ["all"]}), {}, "ALL")
	testing.refused("capabilities", testing.create({"Capabilities": ["CAP_BPF"]}), {}, "BPF")
	testing.refused("capabilities", testing.serving({"CapabilityAdd": ["CAP_SYS_ADMIN"]}), {}, "CapabilityAdd")
	testing.allowed("capabilities", testing.create({"CapAdd": ["ALL"]}), {"enabled": false})
	testing.allowed("capabilities", testing.create({"CapAdd": ["SYS_TIME"]}), {"refused": []})
}

test_allowed if {
	settings := {"allowed": ["NET_BIND_SERVICE"]}
	testing.allowed("capabilities", testing.create({"CapAdd": ["CAP_NET_BIND_SERVICE"]}), settings)
	testing.refused("capabilities", testing.create({"CapAdd": ["CHOWN"]}), settings, "CHOWN is not one of")
	testing.refused("capabilities", testing.create({"CapAdd": ["SYS_ADMIN"]}), settings, "SYS_ADMIN is not allowed")
}

test_drop if {
	settings := {"required_drop": ["NET_RAW", "mknod"]}
	testing.refused("capabilities", testing.create({}), settings, "must drop the capability NET_RAW")
	testing.refused("capabilities", testing.create({"CapDrop": ["NET_RAW"]}), settings, "mknod")
	testing.allowed("capabilities", testing.create({"CapDrop": ["cap_net_raw", "MKNOD"]}), settings)
	testing.allowed("capabilities", testing.create({"CapDrop": ["all"]}), settings)
	testing.refused("capabilities", testing.serving({}), settings, "NET_RAW")
	testing.allowed("capabilities", testing.serving({"CapabilityDrop": ["CAP_ALL"]}), settings)
	testing.allowed("capabilities", testing.create({}), object.union(settings, {"enabled": false}))
}
