# METADATA
# title: System calls stay filtered
# description: |
#   Refuses containers without a seccomp filter, and with a filter of their own that lets through what it
#   does not name: the kernel behind them is the host's.
# custom:
#   id: seccomp
#   severity: high
#   cis: ["5.22"]
package docker.rules.seccomp

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.seccomp.enabled

# METADATA
# description: |
#   Whether a container may run without a filter.
# custom:
#   setting: true
default allow_unconfined := false

allow_unconfined := data.docker.settings.seccomp.allow_unconfined

# METADATA
# description: |
#   Whether a request may bring a profile of its own (`--security-opt seccomp=FILE`).
# custom:
#   setting: true
default allow_inline := true

allow_inline := data.docker.settings.seccomp.allow_inline

# METADATA
# description: |
#   SHA-256 digests (hex) of the profiles that may be brought, over their JSON with sorted keys and no
#   blanks (`jq -cjS . FILE | sha256sum`). Empty: any that refuses by default.
# custom:
#   setting: true
default approved := []

approved := data.docker.settings.seccomp.approved

deny contains "a container without seccomp confinement is not allowed (seccomp=unconfined)" if {
	lib.makes_container
	enabled
	lib.security.Seccomp == "unconfined"
	not allow_unconfined
}

deny contains "a seccomp profile that allows by default is not allowed" if {
	is_inline
	not allow_unconfined
	lib.allows_by_default(lib.security.SeccompInline)
}

deny contains "a seccomp profile that cannot be read is not allowed" if {
	is_inline
	not is_readable
}

deny contains "a seccomp profile of one's own is not allowed" if {
	is_inline
	not allow_inline
}

deny contains "this seccomp profile is not one of those that are approved" if {
	is_inline
	count(approved) > 0
	not is_approved
}

is_inline if {
	lib.makes_container
	enabled
	lib.security.Seccomp == "inline"
}

is_readable if is_object(lib.security.SeccompInline)

is_approved if crypto.sha256(json.marshal(lib.security.SeccompInline)) in approved
