package docker.rules_test.leaks

import data.docker.testing

test_leaks if {
	export := testing.request("container_export", {"Method": "GET"})
	testing.allowed("leaks", export, {})
	testing.refused("leaks", export, {"refused": ["container_export"]}, "container_export")
	testing.refused("leaks", export, {"refused": ["container_*"]}, "container_export")
	testing.allowed("leaks", export, {"refused": ["image_get"]})
	testing.allowed("leaks", export, {"refused": ["*"], "enabled": false})
}
