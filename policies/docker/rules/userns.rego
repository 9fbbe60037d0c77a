# METADATA
# title: Users of the host
# description: |
#   Refuses the host's user namespace: where the daemon maps users, it is what keeps root in a container from
#   being root on the host. That it maps them is set in the daemon; a request cannot show it.
# custom:
#   id: userns
#   severity: high
#   cis: ["5.31"]
package docker.rules.userns

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.userns.enabled

# METADATA
# description: |
#   Whether a container may share that of the host.
# custom:
#   setting: true
default allow_host := false

allow_host := data.docker.settings.userns.allow_host

deny contains "the host's user namespace is not allowed (UsernsMode)" if {
	lib.makes_container
	enabled
	not allow_host
	some host in lib.hosts
	lib.is_host(host.UsernsMode)
}
