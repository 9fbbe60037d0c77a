package docker.rules_test.update

import data.docker.testing

test_update if {
	testing.allowed("update", testing.body("container_update", {}), {})
	testing.refused("update", testing.body("container_update", {}), {"allow": false}, "update")
	testing.allowed("update", testing.body("container_update", {}), {"allow": false, "enabled": false})
	testing.refused("update", testing.request("container_rename", {}), {"allow_rename": false}, "rename")
	testing.allowed("update", testing.request("container_rename", {}), {})
	testing.allowed("update", testing.create({}), {"allow": false, "allow_rename": false})
}
