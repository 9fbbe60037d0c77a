# METADATA
# title: SELinux separation stays on
# description: |
#   Refuses containers without SELinux separation, and types of processes that are not confined.
# custom:
#   id: selinux
#   severity: high
#   cis: ["5.3"]
package docker.rules.selinux

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.selinux.enabled

# METADATA
# description: |
#   Whether separation may be switched off (`label=disable`).
# custom:
#   setting: true
default allow_disable := false

allow_disable := data.docker.settings.selinux.allow_disable

# METADATA
# description: |
#   Types that a container must not run as.
# custom:
#   setting: true
default refused_types := ["container_engine_t", "container_runtime_t", "docker_t", "init_t", "spc_t", "unconfined_service_t", "unconfined_t"]

refused_types := data.docker.settings.selinux.refused_types

# METADATA
# description: |
#   Types that a request may name, as patterns.
# custom:
#   setting: true
default types := ["*"]

types := data.docker.settings.selinux.types

# METADATA
# description: |
#   Whether every request must name a type (`label=type:TYPE`).
# custom:
#   setting: true
default require_explicit := false

require_explicit := data.docker.settings.selinux.require_explicit

deny contains "a container without SELinux separation is not allowed (label=disable)" if {
	looks
	is_disabled
	not allow_disable
}

deny contains msg if {
	looks
	some type in asked_types
	type in refused_types
	msg := sprintf("the SELinux type %s is not confined, and not allowed", [type])
}

deny contains msg if {
	looks
	not lib.takes_any(types)
	some type in asked_types
	not lib.matches(types, type)
	msg := sprintf("the SELinux type %s is not allowed", [type])
}

deny contains "the container must name its SELinux type (--security-opt label=type:TYPE)" if {
	looks
	require_explicit
	count(asked_types) == 0
}

looks if {
	lib.makes_container
	enabled
}

is_disabled if lib.security.LabelDisabled == true

is_disabled if {
	some label in lib.security.Label
	lower(trim_space(label)) == "disable"
}

asked_types contains type if {
	some label in lib.security.Label
	some separator in [":", "="]
	prefix := concat("", ["type", separator])
	startswith(label, prefix)
	type := substring(label, count(prefix), -1)
}
