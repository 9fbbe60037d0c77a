# METADATA
# title: Control groups of the host
# description: |
#   Refuses the host's cgroup namespace, and where it is asked for, a parent group of one's own choice, which
#   may have other limits.
# custom:
#   id: cgroup
#   severity: high
#   cis: ["5.25"]
package docker.rules.cgroup

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.cgroup.enabled

# METADATA
# description: |
#   Whether a container may share that of the host.
# custom:
#   setting: true
default allow_host := false

allow_host := data.docker.settings.cgroup.allow_host

# METADATA
# description: |
#   Whether a request may choose its parent group (`--cgroup-parent`).
# custom:
#   setting: true
default allow_parent := true

allow_parent := data.docker.settings.cgroup.allow_parent

deny contains "the host's cgroup namespace is not allowed (CgroupnsMode)" if {
	lib.makes_container
	enabled
	not allow_host
	some host in lib.hosts
	lib.is_host(host.CgroupnsMode)
}

deny contains msg if {
	not allow_parent
	lib.sets_host
	enabled
	some host in lib.hosts
	host.CgroupParent != ""
	msg := sprintf("choosing the parent of control groups is not allowed (%v)", [host.CgroupParent])
}

deny contains msg if {
	not allow_parent
	lib.action == "image_build"
	enabled
	some parent in input.Query.cgroupparent
	parent != ""
	msg := sprintf("choosing the parent of control groups is not allowed (%s)", [parent])
}
