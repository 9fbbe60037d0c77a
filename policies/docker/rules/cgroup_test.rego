package docker.rules_test.cgroup

import data.docker.testing

test_host if {
	testing.allowed("cgroup", testing.create({}), {"allow_parent": false})
	testing.refused("cgroup", testing.create({"CgroupnsMode": "host"}), {}, "the host's cgroup namespace")
	testing.allowed("cgroup", testing.create({"CgroupnsMode": "host"}), {"allow_host": true})
	testing.allowed("cgroup", testing.reading("container_list"), {"allow_parent": false})
}

test_parent if {
	testing.allowed("cgroup", testing.create({"CgroupParent": "/x"}), {})
	testing.refused("cgroup", testing.create({"CgroupParent": "/x"}), {"allow_parent": false}, "/x")
	testing.refused("cgroup", testing.body("container_update", {"CgroupParent": "/x"}), {"allow_parent": false}, "/x")
	testing.refused("cgroup", build("/x"), {"allow_parent": false}, "/x")
	testing.allowed("cgroup", build(""), {"allow_parent": false})
}

build(parent) := testing.request("image_build", {"Query": {"cgroupparent": [parent]}})
