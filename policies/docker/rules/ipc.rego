# METADATA
# title: Shared memory of the host
# description: |
#   Refuses the host's IPC namespace, where a container reads and writes the shared memory of the host's
#   processes, and where it is asked for, that of other containers.
# custom:
#   id: ipc
#   severity: high
#   cis: ["5.17"]
package docker.rules.ipc

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.ipc.enabled

# METADATA
# description: |
#   Whether a container may share that of the host.
# custom:
#   setting: true
default allow_host := false

allow_host := data.docker.settings.ipc.allow_host

# METADATA
# description: |
#   Whether a container may share that of another one.
# custom:
#   setting: true
default allow_container := true

allow_container := data.docker.settings.ipc.allow_container

# METADATA
# description: |
#   People who may where others may not, by the names of their certificates.
# custom:
#   setting: true
default approved_users := []

approved_users := data.docker.settings.ipc.approved_users

# METADATA
# description: |
#   Groups whose members may.
# custom:
#   setting: true
default approved_groups := []

approved_groups := data.docker.settings.ipc.approved_groups

deny contains "the host's IPC namespace is not allowed (IpcMode)" if {
	lib.makes_container
	enabled
	not allow_host
	some host in lib.hosts
	lib.is_host(host.IpcMode)
}

deny contains "the host's IPC namespace is not allowed (IpcMode)" if {
	lib.makes_container
	enabled
	not allow_host
	some share in input.Sharing
	share.Kind == "ipc"
	share.Target == "host"
}

deny contains msg if {
	lib.makes_container
	enabled
	not allow_container
	some host in lib.hosts
	startswith(lower(trim_space(host.IpcMode)), "container:")
	not lib.is_one_of(approved_users, approved_groups)
	msg := sprintf("the IPC namespace of another container needs permission (%s)", [host.IpcMode])
}
