# Paths of the host that a request would mount. `input.BindMounts` as the gate resolves it. For
# input that another program made, what that one lists, and what the body spells.
package docker.lib

# METADATA
# description: |
#   The mounts of paths of the host, each with `Source`, and where the gate has looked `Resolved`,
#   `HasSymlink`, `ParentsRootOwned`, `ReadOnly` and `Kind`.
mounts := input.BindMounts if {
	is_canonical
	is_array(input.BindMounts)
} else := [] if {
	is_canonical
	input.BindMounts == null
} else := array.concat(listed_mounts, spelled_mounts)

default listed_mounts := []

listed_mounts := input.BindMounts if is_array(input.BindMounts)

spelled_mounts := array.concat(spelled_binds, array.concat(spelled_bind_mounts, spelled_devices))

spelled_binds := [mount |
	some host in hosts
	some bind in host.Binds
	parts := split(bind, ":")
	startswith(parts[0], "/")
	mount := {"Source": parts[0], "Kind": "bind", "ReadOnly": is_read_only_bind(parts)}
]

is_read_only_bind(parts) if {
	"ro" in split(parts[2], ",")
} else := false

spelled_bind_mounts := [found |
	some mount in mount_specs
	mount.Type == "bind"
	found := {
		"Source": mount.Source,
		"Kind": "mount",
		"ReadOnly": object.get(mount, "ReadOnly", false),
	}
]

spelled_devices := [{"Source": options.device, "Kind": "volume-bind", "ReadOnly": false} |
	some options in volume_options
	options.device
]

# METADATA
# description: The objects of `Mounts` of a container or of a service.
mount_specs := [mount |
	some holder in array.concat(hosts, specs)
	some mount in holder.Mounts
]

# METADATA
# description: |
#   The options of every driver that would make a volume: a local one can bind any path of the host.
volume_options := array.concat(
	[mount.VolumeOptions.DriverConfig.Options | some mount in mount_specs],
	created_volume_options,
)

created_volume_options := [input.Body.DriverOpts] if {
	action == "volume_create"
	is_object(input.Body.DriverOpts)
} else := []

# METADATA
# description: |
#   A path without empty and `.` segments, from the root: the daemon takes a device that is relative
#   from where it runs, which is the root.
clean(spelled) := concat("", ["/", concat("/", segments)]) if {
	segments := [segment | some segment in split(spelled, "/"); not segment in {"", "."}]
}

# METADATA
# description: Whether one path is another one, or lies below it.
is_within(path_a, path_b) if path_a == path_b

is_within(_, path_b) if path_b == "/"

is_within(path_a, path_b) if startswith(path_a, concat("", [path_b, "/"]))
