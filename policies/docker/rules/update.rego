# METADATA
# title: Changes to running containers
# description: |
#   Where it is asked for, refuses changes to containers that exist; limits, devices and restart policies of an update are looked at by
#   their own rules.
# custom:
#   id: update
#   severity: low
#   cis: []
package docker.rules.update

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.update.enabled

# METADATA
# description: |
#   Whether containers may be changed (`docker update`).
# custom:
#   setting: true
default allow := true

allow := data.docker.settings.update.allow

# METADATA
# description: |
#   Whether containers may be renamed.
# custom:
#   setting: true
default allow_rename := true

allow_rename := data.docker.settings.update.allow_rename

deny contains "changing running containers is not allowed (update)" if {
	lib.action == "container_update"
	enabled
	not allow
}

deny contains "renaming containers is not allowed (rename)" if {
	lib.action == "container_rename"
	enabled
	not allow_rename
}
