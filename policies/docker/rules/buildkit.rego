# METADATA
# title: Builds that cannot be seen
# description: |
#   Refuses the connections that BuildKit upgrades (`/grpc`, `/session`): what is asked inside of them does not
#   pass the gate, so that a build there may be in the host's network. Classic builds (`DOCKER_BUILDKIT=0`), or a
#   builder of its own, work without them.
# custom:
#   id: buildkit
#   severity: high
#   cis: []
package docker.rules.buildkit

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.buildkit.enabled

# METADATA
# description: |
#   Whether they are allowed all the same.
# custom:
#   setting: true
default allow := false

allow := data.docker.settings.buildkit.allow

deny contains "BuildKit's connections cannot be judged, and are not allowed (build with DOCKER_BUILDKIT=0)" if {
	lib.action in {"buildkit", "session"}
	enabled
	not allow
}
