package docker.rules_test.volumes

import data.docker.testing

volume(fields) := testing.body("volume_create", object.union({"Driver": "local", "Name": "v"}, fields))

mount(config) := testing.create({"Mounts": [{"Type": "volume", "VolumeOptions": {"DriverConfig": config}}]})

test_usual if {
	testing.allowed("volumes", volume({}), {})
	testing.allowed("volumes", testing.create({"Mounts": [{"Type": "volume", "Source": "v"}]}), {})
	testing.allowed("volumes", volume({"DriverOpts": {"type": "nfs", "o": "addr=10.0.0.1", "device": ":/x"}}), {})
	testing.allowed("volumes", volume({"DriverOpts": {"type": "tmpfs", "device": "tmpfs"}}), {})
	testing.allowed("volumes", testing.reading("volume_list"), {"drivers": [], "types": []})
}

test_types if {
	every type in ["overlay", "ext4", "proc", "Overlay", "fuse.sshfs"] {
		testing.refused("volumes", volume({"DriverOpts": {"type": type}}), {}, lower(type))
		testing.refused("volumes", mount({"Options": {"type": type}}), {}, lower(type))
	}
	testing.refused("volumes", volume({"DriverOpts": {"type": "nfs"}}), {"types": ["", "tmpfs"]}, "nfs")
	testing.refused("volumes", testing.serving({"Mounts": [{"VolumeOptions": {"DriverConfig": {"Options": {"type": "overlay"}}}}]}), {}, "overlay")
	testing.allowed("volumes", volume({"DriverOpts": {"type": "overlay"}}), {"enabled": false})
}

test_bind_under_another_type if {
	testing.refused("volumes", volume({"DriverOpts": {"type": "nfs", "o": "rw, bind", "device": "a:b"}}), {}, "that binds")
	testing.allowed("volumes", volume({"DriverOpts": {"type": "none", "o": "bind", "device": "/srv"}}), {})
}

test_drivers if {
	settings := {"drivers": ["local", "csi-*"]}
	testing.allowed("volumes", volume({}), settings)
	testing.allowed("volumes", volume({"Driver": "csi-disk"}), settings)
	testing.allowed("volumes", volume({"Driver": ""}), settings)
	testing.allowed("volumes", testing.body("volume_create", {}), settings)
	testing.refused("volumes", volume({"Driver": "rclone"}), settings, "rclone")
	testing.refused("volumes", testing.create({"VolumeDriver": "rclone"}), settings, "rclone")
	testing.allowed("volumes", testing.create({}), settings)
	testing.refused("volumes", mount({"Name": "rclone"}), settings, "rclone")
}

test_from_containers if {
	request := testing.create({"VolumesFrom": ["a:ro"]})
	testing.allowed("volumes", request, {})
	testing.refused("volumes", request, {"allow_from_containers": false}, "volumes of another container")
	testing.allowed("volumes", testing.create({}), {"allow_from_containers": false})
}
