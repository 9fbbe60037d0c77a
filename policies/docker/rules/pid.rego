# METADATA
# title: Processes of the host
# description: |
#   Refuses the host's PID namespace, where a container sees and may signal the host's processes, and where it
#   is asked for, that of other containers. Permission goes by who asks, never by a label.
# custom:
#   id: pid
#   severity: high
#   cis: ["5.16"]
package docker.rules.pid

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.pid.enabled

# METADATA
# description: |
#   Whether a container may share that of the host.
# custom:
#   setting: true
default allow_host := false

allow_host := data.docker.settings.pid.allow_host

# METADATA
# description: |
#   Whether a container may share that of another one.
# custom:
#   setting: true
default allow_container := true

allow_container := data.docker.settings.pid.allow_container

# METADATA
# description: |
#   People who may where others may not, by the names of their certificates.
# custom:
#   setting: true
default approved_users := []

approved_users := data.docker.settings.pid.approved_users

# METADATA
# description: |
#   Groups whose members may.
# custom:
#   setting: true
default approved_groups := []

approved_groups := data.docker.settings.pid.approved_groups

deny contains "the host's process namespace is not allowed (PidMode)" if {
	lib.makes_container
	enabled
	not allow_host
	some host in lib.hosts
	lib.is_host(host.PidMode)
}

deny contains "the host's process namespace is not allowed (PidMode)" if {
	lib.makes_container
	enabled
	not allow_host
	some share in input.Sharing
	share.Kind == "pid"
	share.Target == "host"
}

deny contains msg if {
	lib.makes_container
	enabled
	not allow_container
	some host in lib.hosts
	startswith(lower(trim_space(host.PidMode)), "container:")
	not lib.is_one_of(approved_users, approved_groups)
	msg := sprintf("the process namespace of another container needs permission (%s)", [host.PidMode])
}
