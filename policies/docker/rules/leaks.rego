# METADATA
# title: Reading what is in containers
# description: |
#   Where it is asked for, refuses requests that hand out what is in containers and images, or keys: they are
#   reads to Docker, and leaks to whoever owns the data.
# custom:
#   id: leaks
#   severity: medium
#   cis: []
package docker.rules.leaks

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.leaks.enabled

# METADATA
# description: |
#   Names of actions to refuse, as patterns: `container_export`, `container_archive_get`,
#   `container_logs`, `container_attach`, `image_get`, `image_get_all`, `swarm_unlockkey`.
# custom:
#   setting: true
default refused := []

refused := data.docker.settings.leaks.refused

deny contains msg if {
	enabled
	count(refused) > 0
	lib.matches(refused, lib.action)
	msg := sprintf("handing out what is inside is not allowed (%s)", [lib.action])
}
