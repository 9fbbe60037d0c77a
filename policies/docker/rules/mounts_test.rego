package docker.rules_test.mounts

import data.docker.testing

mounted(fields) := testing.mounted([object.union(testing.bind("/srv/data"), fields)])

test_usual if {
	testing.allowed("mounts", testing.create({}), {})
	testing.allowed("mounts", testing.mounted([testing.bind("/srv/data"), testing.bind("/home/dev")]), {})
	testing.allowed("mounts", testing.reading("container_list"), {})
	testing.allowed("mounts", testing.body("volume_create", {"DriverOpts": {}, "Name": "v"}), {})
}

test_system_paths if {
	every path in ["/", "//", "/etc", "/etc/", "/etc/passwd", "/var", "/root/.ssh", "/./etc", "/usr/bin"] {
		testing.refused("mounts", testing.mounted([testing.bind(path)]), {}, path)
	}
	every path in ["/etcetera", "/srv/etc", "/data/usr"] {
		testing.allowed("mounts", testing.mounted([testing.bind(path)]), {})
	}
	testing.allowed("mounts", testing.mounted([testing.bind("/etc")]), {"system_paths": []})
	testing.refused("mounts", testing.mounted([testing.bind("/")]), {"system_paths": []}, "whole host")
	testing.allowed("mounts", testing.mounted([testing.bind("/etc")]), {"enabled": false})
}

test_dots if testing.refused("mounts", mounted({"Source": "/srv/../etc", "Resolved": ""}), {}, "without `..`")

test_sockets if {
	testing.refused("mounts", mounted({"Source": "/srv/docker.sock"}), {}, "socket of a container engine")
	testing.refused("mounts", mounted({"Resolved": "/run/podman/podman.sock"}), {}, "socket")
}

test_where_it_resolves if {
	testing.refused("mounts", mounted({"Source": "/srv/link", "Resolved": "/etc"}), {}, "/srv/link")
}

test_a_source_that_is_none if {
	testing.refused("mounts", testing.mounted([{"Kind": "mount", "Source": null}]), {}, "whole host")
	testing.refused("mounts", testing.mounted([{"Kind": "mount"}]), {}, "whole host")
}

test_every_kind if {
	every kind in ["bind", "mount", "volume-bind"] {
		testing.refused("mounts", mounted({"Kind": kind, "Source": "/etc"}), {}, "/etc")
	}
	volume := object.union(testing.body("volume_create", {}), {"BindMounts": [testing.bind("/etc")]})
	testing.refused("mounts", volume, {}, "/etc")
	service := object.union(testing.service({}), {"BindMounts": [testing.bind("/etc")]})
	testing.refused("mounts", service, {}, "/etc")
}

# A device without a slash in front is taken from where the daemon runs.
test_relative_device if testing.refused("mounts", mounted({"Kind": "volume-bind", "Source": "etc"}), {}, "etc")

test_exceptions if {
	settings := {"read_only_exceptions": ["/etc/localtime"]}
	localtime := {"Source": "/etc/localtime", "Resolved": "/usr/share/zoneinfo/UTC", "ReadOnly": true}
	testing.allowed("mounts", mounted(localtime), settings)
	testing.refused("mounts", mounted(object.union(localtime, {"ReadOnly": false})), settings, "/etc/localtime")
	testing.refused("mounts", mounted({"Source": "/etc/shadow", "ReadOnly": true}), settings, "/etc/shadow")
	both := testing.mounted([object.union(testing.bind("/"), localtime), testing.bind("/etc/shadow")])
	testing.refused("mounts", both, settings, "/etc/shadow")
}

test_allowed_paths if {
	settings := {"allowed_paths": ["/srv/data"]}
	testing.allowed("mounts", testing.mounted([testing.bind("/srv/data")]), settings)
	testing.allowed("mounts", testing.mounted([testing.bind("/srv/data/a")]), settings)
	testing.refused("mounts", testing.mounted([testing.bind("/srv/database")]), settings, "only paths in /srv/data are")
	testing.refused("mounts", mounted({"Resolved": "/opt"}), settings, "only paths in")
	testing.refused("mounts", testing.mounted([testing.bind("/srv")]), {"allowed_paths": []}, "only paths in")
}

test_volumes_of_elsewhere if {
	settings := {"allowed_paths": [], "require_resolved": true}
	testing.allowed("mounts", volume("10.0.0.1:/export"), settings)
	testing.allowed("mounts", volume("//server/share"), settings)
	testing.allowed("mounts", volume("tmpfs"), settings)
	testing.refused("mounts", volume("/srv"), settings, "only paths in")
	testing.refused("mounts", volume("srv"), settings, "only paths in")
	binds := object.union(volume("a:b"), {"Body": {"HostConfig": {"Mounts": [{
		"Type": "volume",
		"VolumeOptions": {"DriverConfig": {"Options": {"o": "rw,bind", "device": "a:b"}}},
	}]}}})
	testing.refused("mounts", binds, settings, "only paths in")
}

test_read_only if {
	testing.refused("mounts", mounted({}), {"read_only": true}, "read-only alone")
	testing.allowed("mounts", mounted({"ReadOnly": true}), {"read_only": true})
	request := testing.create({"Mounts": [{"Type": "volume", "BindOptions": {"ReadOnlyNonRecursive": true}}]})
	testing.refused("mounts", request, {"read_only": true}, "ReadOnlyNonRecursive")
	testing.allowed("mounts", request, {})
}

test_symlinks if {
	testing.refused("mounts", mounted({"HasSymlink": true}), {"allow_symlinks": false}, "symbolic link")
	testing.allowed("mounts", mounted({"HasSymlink": false}), {"allow_symlinks": false})
	testing.allowed("mounts", mounted({"HasSymlink": true}), {})
	unknown := testing.mounted([object.remove(testing.bind("/srv"), ["HasSymlink"])])
	testing.refused("mounts", unknown, {"allow_symlinks": false}, "symbolic link")
}

test_parents if {
	settings := {"require_root_owned_parents": true}
	testing.refused("mounts", mounted({"ParentsRootOwned": false}), settings, "not root's alone")
	testing.allowed("mounts", mounted({}), settings)
	unknown := testing.mounted([object.remove(testing.bind("/srv"), ["ParentsRootOwned"])])
	testing.refused("mounts", unknown, settings, "not root's alone")
}

test_resolved if {
	testing.refused("mounts", mounted({"Resolved": ""}), {"require_resolved": true}, "does not exist")
	testing.allowed("mounts", mounted({"Resolved": ""}), {})
	testing.allowed("mounts", mounted({}), {"require_resolved": true})
}

test_propagation if {
	settings := {"allow_shared_propagation": false}
	testing.refused("mounts", testing.create({"Binds": ["/srv:/x:ro,rshared"]}), settings, "propagation")
	mount := {"Type": "bind", "Source": "/srv", "BindOptions": {"Propagation": "shared"}}
	testing.refused("mounts", testing.create({"Mounts": [mount]}), settings, "propagation")
	testing.refused("mounts", testing.serving({"Mounts": [mount]}), settings, "propagation")
	testing.allowed("mounts", testing.create({"Binds": ["/srv:/x:rslave"]}), settings)
	testing.allowed("mounts", testing.create({"Mounts": [mount]}), {})
}

test_checkpoints if {
	testing.refused("mounts", testing.body("checkpoint_create", {"CheckpointDir": "/etc"}), {}, "CheckpointDir")
	testing.allowed("mounts", testing.body("checkpoint_create", {"CheckpointDir": ""}), {})
	start := testing.request("container_start", {"Query": {"checkpoint-dir": ["/etc"]}})
	testing.refused("mounts", start, {}, "checkpoint-dir")
	testing.allowed("mounts", start, {"allow_checkpoint_directory": true})
	testing.refused("mounts", testing.request("checkpoint_delete", {"Query": {"dir": ["/etc"]}}), {}, "checkpoint-dir")
}

# Input that another program made.
test_as_written if {
	testing.refused("mounts", as_created({"Binds": ["/etc:/x"]}), {}, "/etc")
	testing.allowed("mounts", as_created({"Binds": ["volume:/x", "/srv:/x:ro,z"]}), {})
	testing.allowed("mounts", as_created({"Binds": ["/srv:/x:ro,z"]}), {"read_only": true})
	testing.refused("mounts", as_created({"Binds": ["/srv:/x:z"]}), {"read_only": true}, "/srv")
	testing.refused("mounts", as_created({"Mounts": [{"Type": "bind", "Source": "/etc"}]}), {}, "/etc")
	options := {"DriverConfig": {"Options": {"device": "/etc", "o": "bind"}}}
	testing.refused("mounts", as_created({"Mounts": [{"VolumeOptions": options}]}), {}, "/etc")
	testing.refused("mounts", as_served({"Mounts": [{"VolumeOptions": options}]}), {}, "/etc")
	testing.refused("mounts", testing.written(testing.body("", {"DriverOpts": {"device": "etc"}}), ["volumes", "create"]), {}, "etc")
	testing.refused("mounts", testing.written(testing.mounted([{"Source": "/srv/l", "Resolved": "/etc"}]), ["containers", "create"]), {}, "/srv/l")
}

volume(device) := mounted({"Kind": "volume-bind", "Source": device, "Resolved": ""})

as_created(host) := testing.written(testing.create(host), ["containers", "create"])

as_served(spec) := testing.written(testing.serving(spec), ["services", "create"])
