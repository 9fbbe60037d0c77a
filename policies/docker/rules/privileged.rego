# METADATA
# title: No privileged containers
# description: |
#   A privileged container has every capability and every device: it is root on the host. Where some are
#   needed, named people may run them, with a reason on record.
# custom:
#   id: privileged
#   severity: high
#   cis: ["5.5"]
package docker.rules.privileged

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.privileged.enabled

# METADATA
# description: |
#   People who may run privileged containers, by the names of their certificates.
# custom:
#   setting: true
default approved_users := []

approved_users := data.docker.settings.privileged.approved_users

# METADATA
# description: |
#   Groups whose members may.
# custom:
#   setting: true
default approved_groups := []

approved_groups := data.docker.settings.privileged.approved_groups

# METADATA
# description: |
#   The label that must say why, also for those who may; empty for none. It is a record, not a
#   permission: anybody can write a label.
# custom:
#   setting: true
default justification_label := "privileged-justification"

justification_label := data.docker.settings.privileged.justification_label

deny contains "privileged containers are not allowed (Privileged)" if {
	is_privileged
	not lib.is_one_of(approved_users, approved_groups)
}

deny contains msg if {
	is_privileged
	lib.is_one_of(approved_users, approved_groups)
	justification_label != ""
	not is_justified
	msg := sprintf("a privileged container needs the label `%s`, which says why", [justification_label])
}

is_privileged if {
	lib.sets_host
	enabled
	some host in lib.hosts
	host.Privileged == true
}

is_justified if trim_space(input.Body.Labels[justification_label]) != ""
