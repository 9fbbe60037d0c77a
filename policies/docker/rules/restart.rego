# METADATA
# title: Containers that come back
# description: |
#   Where it is asked for, bounds how often a container is started again: one that fails for ever, or was left
#   behind, keeps the host busy.
# custom:
#   id: restart
#   severity: low
#   cis: ["5.15"]
package docker.rules.restart

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.restart.enabled

# METADATA
# description: |
#   Policies that a request may ask for: `no`, `on-failure`, `always`, `unless-stopped`; `*` for any.
# custom:
#   setting: true
default allowed := ["*"]

allowed := data.docker.settings.restart.allowed

# METADATA
# description: |
#   Most attempts of `on-failure`; 0 for any number.
# custom:
#   setting: true
default retries_max := 0

retries_max := data.docker.settings.restart.retries_max

deny contains msg if {
	some restart in asked
	not lib.takes_any(allowed)
	name := restart_name(restart)
	not name in allowed
	msg := sprintf("the restart policy %s is not allowed", [name])
}

deny contains msg if {
	retries_max > 0
	some restart in asked
	restart.Name == "on-failure"
	not is_bounded(restart)
	msg := sprintf("`on-failure` needs a bound of at most %v attempts", [retries_max])
}

asked := [host.RestartPolicy | some host in lib.hosts; is_object(host.RestartPolicy)] if {
	lib.sets_host
	enabled
} else := []

restart_name(restart) := "no" if {
	object.get(restart, "Name", "") == ""
} else := restart.Name

is_bounded(restart) if {
	restart.MaximumRetryCount > 0
	restart.MaximumRetryCount <= retries_max
}
