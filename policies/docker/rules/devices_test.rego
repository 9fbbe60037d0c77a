package docker.rules_test.devices

import data.docker.testing

device(path) := testing.create({"Devices": [{"CgroupPermissions": "rwm", "PathInContainer": path, "PathOnHost": path}]})

test_usual if {
	testing.allowed("devices", testing.create({}), {"allow_requests": false})
	testing.allowed("devices", testing.create({"DeviceRequests": [{"Driver": "nvidia"}]}), {})
	testing.allowed("devices", testing.reading("container_list"), {})
}

test_devices if {
	testing.refused("devices", device("/dev/sda"), {}, "/dev/sda")
	testing.refused("devices", testing.create({"Devices": [{}]}), {}, "devices of the host")
	testing.refused("devices", testing.body("container_update", {"Devices": [{"PathOnHost": "/dev/sda"}]}), {}, "/dev/sda")
	testing.allowed("devices", device("/dev/fuse"), {"allowed": ["/dev/fuse"]})
	testing.refused("devices", device("/dev/fuse2"), {"allowed": ["/dev/fuse"]}, "/dev/fuse2")
	testing.allowed("devices", device("/dev/sda"), {"enabled": false})
}

test_rules if {
	request := testing.create({"DeviceCgroupRules": ["a *:* rwm"]})
	testing.refused("devices", request, {}, "DeviceCgroupRules")
	testing.allowed("devices", request, {"allow_cgroup_rules": true})
}

test_requests if {
	request := testing.create({"DeviceRequests": [{"Driver": "nvidia"}]})
	testing.refused("devices", request, {"allow_requests": false}, "DeviceRequests")
}
