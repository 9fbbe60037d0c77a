# METADATA
# title: Settings of the kernel
# description: |
#   Where it is asked for, refuses settings of the kernel that are not listed.
# custom:
#   id: sysctls
#   severity: low
#   cis: []
package docker.rules.sysctls

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.sysctls.enabled

# METADATA
# description: |
#   Settings that a container may have, as patterns, such as `net.ipv4.ip_unprivileged_port_start`.
# custom:
#   setting: true
default allowed := ["*"]

allowed := data.docker.settings.sysctls.allowed

deny contains msg if {
	not lib.takes_any(allowed)
	enabled
	lib.makes_container
	some holder in array.concat(lib.hosts, lib.specs)
	some name, _ in holder.Sysctls
	not lib.matches(allowed, name)
	msg := sprintf("the kernel setting %s is not allowed (Sysctls)", [name])
}
