# METADATA
# title: The host's name
# description: |
#   Refuses the host's UTS namespace, where a container may change the name of the host.
# custom:
#   id: uts
#   severity: high
#   cis: ["5.21"]
package docker.rules.uts

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.uts.enabled

# METADATA
# description: |
#   Whether a container may share that of the host.
# custom:
#   setting: true
default allow_host := false

allow_host := data.docker.settings.uts.allow_host

deny contains "the host's UTS namespace is not allowed (UTSMode)" if {
	lib.makes_container
	enabled
	not allow_host
	some host in lib.hosts
	lib.is_host(host.UTSMode)
}
