# METADATA
# title: Builds of images
# description: |
#   Refuses builds that ask for less confinement, and where it is asked for, builds at all, or from a context that the daemon
#   fetches itself. The network of a build is looked at beside that of containers.
# custom:
#   id: build
#   severity: medium
#   cis: []
package docker.rules.build

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.build.enabled

# METADATA
# description: |
#   Whether images may be built.
# custom:
#   setting: true
default allow := true

allow := data.docker.settings.build.allow

# METADATA
# description: |
#   Whether the daemon may fetch a context from an address (`docker build URL`).
# custom:
#   setting: true
default allow_remote := true

allow_remote := data.docker.settings.build.allow_remote

# METADATA
# description: |
#   Whether an image may be made of a container (`docker commit`).
# custom:
#   setting: true
default allow_commit := true

allow_commit := data.docker.settings.build.allow_commit

deny contains "building images is not allowed" if {
	looks
	not allow
}

deny contains "building from an address is not allowed (remote)" if {
	looks
	not allow_remote
	some remote in input.Query.remote
	not remote in {"", "client-session"}
}

deny contains "a build without confinement is not allowed (securityopt)" if {
	looks
	some option in input.Query.securityopt
	contains(lower(option), "unconfined")
}

deny contains "making an image of a container is not allowed (commit)" if {
	not allow_commit
	enabled
	lib.action == "image_commit"
}

looks if {
	lib.action == "image_build"
	enabled
}
