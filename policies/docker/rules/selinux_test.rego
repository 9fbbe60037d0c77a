package docker.rules_test.selinux

import data.docker.testing

labels(options) := testing.secured({"Label": options})

test_usual if {
	testing.allowed("selinux", testing.create({}), {})
	testing.allowed("selinux", labels(["type:container_t", "level:s0:c1,c2"]), {})
	testing.allowed("selinux", testing.reading("container_list"), {"require_explicit": true})
}

test_disabled if {
	testing.refused("selinux", testing.secured({"LabelDisabled": true}), {}, "SELinux")
	testing.refused("selinux", labels(["disable"]), {}, "SELinux")
	testing.allowed("selinux", labels(["disable"]), {"allow_disable": true})
	testing.allowed("selinux", labels(["disable"]), {"enabled": false})
}

test_types if {
	testing.refused("selinux", labels(["type:spc_t"]), {}, "spc_t")
	testing.refused("selinux", labels(["type=unconfined_t"]), {}, "unconfined_t")
	testing.refused("selinux", labels(["type:mine_t"]), {"types": ["svirt_*"]}, "mine_t")
	testing.allowed("selinux", labels(["type:svirt_lxc_net_t"]), {"types": ["svirt_*"]})
}

test_explicit if {
	testing.refused("selinux", testing.create({}), {"require_explicit": true}, "must name its SELinux type")
	testing.allowed("selinux", labels(["type:container_t"]), {"require_explicit": true})
}

test_options_as_written if {
	every option in ["label:disable", "label=disable"] {
		request := object.remove(testing.create({"SecurityOpt": [option]}), ["Security"])
		testing.refused("selinux", request, {}, "SELinux")
	}
}
