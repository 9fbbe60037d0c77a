# METADATA
# title: Paths of the host that containers may see
# description: |
#   Refuses mounts of the whole host, of paths of its system and of the sockets of container engines:
#   whoever can write below them, or read some of them, owns the host. Binds, mounts, volumes whose driver
#   binds, and services are looked at alike, as they are spelled and as they resolve.
# custom:
#   id: mounts
#   severity: high
#   cis: ["5.6", "5.20", "5.32"]
package docker.rules.mounts

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.mounts.enabled

# METADATA
# description: |
#   Paths that must not be mounted, nor anything below or above them.
# custom:
#   setting: true
default system_paths := ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/usr", "/var/lib/containerd", "/var/lib/docker", "/var/lib/kubelet", "/var/run", "/var/spool/cron"]

system_paths := data.docker.settings.mounts.system_paths

# METADATA
# description: |
#   Names of sockets that must not be mounted, wherever they are.
# custom:
#   setting: true
default sockets := ["containerd.sock", "crio.sock", "docker.sock", "podman.sock"]

sockets := data.docker.settings.mounts.sockets

# METADATA
# description: |
#   Paths that may be mounted all the same, exactly as they stand here and read-only, such as
#   `/etc/localtime`.
# custom:
#   setting: true
default read_only_exceptions := []

read_only_exceptions := data.docker.settings.mounts.read_only_exceptions

# METADATA
# description: |
#   Directories that everything mounted must lie in; `*` for any that the other settings leave.
# custom:
#   setting: true
default allowed_paths := ["*"]

allowed_paths := data.docker.settings.mounts.allowed_paths

# METADATA
# description: |
#   Whether paths of the host may be mounted read-only alone.
# custom:
#   setting: true
default read_only := false

read_only := data.docker.settings.mounts.read_only

# METADATA
# description: |
#   Whether a path may lead through a symbolic link. Whoever can change the link, or a directory above,
#   chooses after the decision what is mounted.
# custom:
#   setting: true
default allow_symlinks := true

allow_symlinks := data.docker.settings.mounts.allow_symlinks

# METADATA
# description: |
#   Whether the directories above a path must be root's, and nobody else's to write to.
# custom:
#   setting: true
default require_root_owned_parents := false

require_root_owned_parents := data.docker.settings.mounts.require_root_owned_parents

# METADATA
# description: |
#   Whether a path must exist when the request is made.
# custom:
#   setting: true
default require_resolved := false

require_resolved := data.docker.settings.mounts.require_resolved

# METADATA
# description: |
#   Whether mounts that are made inside may show on the host (`shared`, `rshared`).
# custom:
#   setting: true
default allow_shared_propagation := true

allow_shared_propagation := data.docker.settings.mounts.allow_shared_propagation

# METADATA
# description: |
#   Whether a checkpoint may be kept in, or started from, a directory that the request names.
# custom:
#   setting: true
default allow_checkpoint_directory := false

allow_checkpoint_directory := data.docker.settings.mounts.allow_checkpoint_directory

deny contains msg if {
	count(looked_at) > 0
	some msg in refused_mounts
}

refused_mounts contains msg if {
	some mount in looked_at
	not is_exception(mount)
	some path in paths_of(mount)
	reason := danger(path)
	msg := sprintf("mounting %s of the host is not allowed: %s", [source_of(mount), reason])
}

refused_mounts contains msg if {
	some mount in looked_at
	".." in split(source_of(mount), "/")
	msg := sprintf("mounting %s of the host is not allowed: spell it without `..`", [source_of(mount)])
}

refused_mounts contains msg if {
	not lib.takes_any(allowed_paths)
	some mount in looked_at
	is_path(mount)
	some path in paths_of(mount)
	not is_allowed(path)
	msg := sprintf("mounting %s of the host is not allowed: only paths in %s are", [
		source_of(mount),
		concat(", ", allowed_paths),
	])
}

refused_mounts contains msg if {
	read_only
	some mount in looked_at
	not is_read_only(mount)
	msg := sprintf("mounting %s of the host is allowed read-only alone", [source_of(mount)])
}

refused_mounts contains msg if {
	not allow_symlinks
	some mount in looked_at
	is_path(mount)
	object.get(mount, "HasSymlink", true) != false
	msg := sprintf("mounting %s of the host is not allowed: it leads through a symbolic link", [source_of(mount)])
}

refused_mounts contains msg if {
	require_root_owned_parents
	some mount in looked_at
	is_path(mount)
	object.get(mount, "ParentsRootOwned", false) != true
	msg := sprintf("mounting %s of the host is not allowed: a directory above it is not root's alone", [source_of(mount)])
}

refused_mounts contains msg if {
	require_resolved
	some mount in looked_at
	is_path(mount)
	object.get(mount, "Resolved", "") == ""
	msg := sprintf("mounting %s of the host is not allowed: it does not exist", [source_of(mount)])
}

deny contains "a read-only mount must be read-only throughout (ReadOnlyNonRecursive)" if {
	read_only
	looks
	some mount in lib.mount_specs
	mount.BindOptions.ReadOnlyNonRecursive == true
}

deny contains "a directory of the host for checkpoints is not allowed (CheckpointDir)" if {
	enabled
	lib.action == "checkpoint_create"
	not allow_checkpoint_directory
	input.Body.CheckpointDir != ""
}

deny contains "a directory of the host for checkpoints is not allowed (checkpoint-dir)" if {
	enabled
	lib.action in {"container_start", "checkpoint_delete"}
	not allow_checkpoint_directory
	some name in ["checkpoint-dir", "dir"]
	some directory in input.Query[name]
	directory != ""
}

deny contains "mounts that show on the host are not allowed (shared propagation)" if {
	not allow_shared_propagation
	looks
	some propagation in propagations
	propagation in {"shared", "rshared"}
}

looks if {
	enabled
	lib.sets_host
}

looks if {
	enabled
	lib.action == "volume_create"
}

# A source that is none is taken for the root, which is refused.
source_of(mount) := mount.Source if {
	is_string(mount.Source)
} else := ""

looked_at := lib.mounts if {
	looks
} else := []

# As it is spelled, and where that is known as it resolves.
paths_of(mount) := [lib.clean(source_of(mount)), lib.clean(mount.Resolved)] if {
	mount.Resolved != ""
} else := [lib.clean(source_of(mount))]

danger(path) := "it gives access to the whole host" if path == "/"

danger(path) := "it is or holds a path of the system" if {
	path != "/"
	not is_socket(path)
	touches_system(path)
}

danger(path) := "it is the socket of a container engine" if is_socket(path)

is_socket(path) if {
	segments := split(path, "/")
	segments[count(segments) - 1] in sockets
}

touches_system(path) if {
	some system in system_paths
	lib.is_within(path, system)
}

touches_system(path) if {
	some system in system_paths
	lib.is_within(system, path)
}

# Where it leads is up to whoever may change the exception's own path: nobody but root.
is_exception(mount) if {
	lib.clean(source_of(mount)) in read_only_exceptions
	is_read_only(mount)
}

is_read_only(mount) if mount.ReadOnly == true

is_allowed(path) if {
	some allowed in allowed_paths
	lib.is_within(path, lib.clean(allowed))
}

# A volume may be of another machine (`server:/path`) or of memory: that is no path of this host.
is_path(mount) if mount.Kind != "volume-bind"

is_path(mount) if not mount.Kind

is_path(mount) if {
	mount.Kind == "volume-bind"
	not is_elsewhere(mount)
}

is_elsewhere(mount) if {
	not startswith(source_of(mount), "/")
	not binds_a_volume
	mount_is_remote(mount)
}

is_elsewhere(mount) if {
	startswith(source_of(mount), "//")
	not binds_a_volume
}

mount_is_remote(mount) if contains(source_of(mount), ":")

mount_is_remote(mount) if source_of(mount) in {"tmpfs", "none", ""}

binds_a_volume if {
	some options in lib.volume_options
	some option in split(options.o, ",")
	trim_space(option) in {"bind", "rbind"}
}

propagations contains propagation if {
	some host in lib.hosts
	some bind in host.Binds
	some propagation in split(split(bind, ":")[2], ",")
}

propagations contains mount.BindOptions.Propagation if some mount in lib.mount_specs
