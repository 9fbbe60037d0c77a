package docker.rules_test.rootfs

import data.docker.testing

test_read_only if {
	settings := {"require_read_only": true}
	testing.allowed("rootfs", testing.create({}), {})
	testing.refused("rootfs", testing.create({}), settings, "ReadonlyRootfs")
	testing.refused("rootfs", testing.body("container_create", {}), settings, "ReadonlyRootfs")
	testing.allowed("rootfs", testing.create({"ReadonlyRootfs": true}), settings)
	testing.refused("rootfs", testing.service({}), settings, "(ReadOnly)")
	testing.allowed("rootfs", testing.serving({"ReadOnly": true}), settings)
	testing.allowed("rootfs", testing.create({}), {"require_read_only": true, "enabled": false})
	testing.allowed("rootfs", testing.reading("container_list"), settings)
}
