# METADATA
# title: Processes in running containers
# description: |
#   Refuses privileged processes, which get round everything that was asked of the container when it was made.
# custom:
#   id: exec
#   severity: high
#   cis: ["5.23", "5.24"]
package docker.rules.exec

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.exec.enabled

# METADATA
# description: |
#   Whether processes may be started in running containers at all.
# custom:
#   setting: true
default allow := true

allow := data.docker.settings.exec.allow

# METADATA
# description: |
#   Whether they may be privileged.
# custom:
#   setting: true
default allow_privileged := false

allow_privileged := data.docker.settings.exec.allow_privileged

# METADATA
# description: |
#   Whether a request may name root as their user.
# custom:
#   setting: true
default allow_root := true

allow_root := data.docker.settings.exec.allow_root

deny contains "privileged processes are not allowed (exec --privileged)" if {
	looks
	not allow_privileged
	input.Body.Privileged == true
}

deny contains "processes in running containers are not allowed (exec)" if {
	looks
	not allow
}

deny contains "processes in running containers must not be root's (exec --user)" if {
	looks
	not allow_root
	lib.is_root(split(input.Body.User, ":")[0])
}

looks if {
	lib.action in {"exec_create", "exec_start"}
	enabled
}
