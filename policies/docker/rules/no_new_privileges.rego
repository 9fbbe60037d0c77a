# METADATA
# title: No privileges by setuid
# description: |
#   Where it is asked for, requires that processes cannot gain privileges by setuid or file capabilities.
# custom:
#   id: no_new_privileges
#   severity: medium
#   cis: ["5.26"]
package docker.rules.no_new_privileges

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.no_new_privileges.enabled

# METADATA
# description: |
#   Whether every container must have `--security-opt no-new-privileges`.
# custom:
#   setting: true
default required := false

required := data.docker.settings.no_new_privileges.required

deny contains "the container must not gain privileges (--security-opt no-new-privileges)" if {
	required
	enabled
	lib.makes_container
	not is_set
}

is_set if lib.security.NoNewPrivileges == true
