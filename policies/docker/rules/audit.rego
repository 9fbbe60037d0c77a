# METADATA
# title: What can be traced
# description: |
#   Where it is asked for, refuses what nobody could trace afterwards: changes by nobody, containers whose output
#   goes nowhere, containers without the labels that say whose they are.
# custom:
#   id: audit
#   severity: low
#   cis: ["2.13"]
package docker.rules.audit

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.audit.enabled

# METADATA
# description: |
#   Whether whoever changes something must have a name.
# custom:
#   setting: true
default require_identity := false

require_identity := data.docker.settings.audit.require_identity

# METADATA
# description: |
#   Log drivers that containers must not have, such as `none`.
# custom:
#   setting: true
default refused_log_drivers := []

refused_log_drivers := data.docker.settings.audit.refused_log_drivers

# METADATA
# description: |
#   Labels that every container and service must have, and not empty.
# custom:
#   setting: true
default required_labels := []

required_labels := data.docker.settings.audit.required_labels

deny contains msg if {
	require_identity
	enabled
	lib.identity == ""
	not lib.only_reads
	not lib.action in {"system_ping", "system_auth"}
	msg := sprintf("changes need a name: connect with a client certificate (%s)", [lib.action])
}

deny contains msg if {
	looks
	count(refused_log_drivers) > 0
	some driver in log_drivers
	driver in refused_log_drivers
	msg := sprintf("the log driver %s is not allowed (LogConfig)", [driver])
}

deny contains msg if {
	looks
	some label in required_labels
	not has_label(label)
	msg := sprintf("the label `%s` is missing", [label])
}

looks if {
	enabled
	lib.makes_container
}

log_drivers contains host.LogConfig.Type if some host in lib.hosts

log_drivers contains input.Body.TaskTemplate.LogDriver.Name

has_label(label) if trim_space(input.Body.Labels[label]) != ""
