# METADATA
# title: Clusters and their services
# description: |
#   Where it is asked for, refuses clusters, their nodes, services, secrets and configurations. What services ask for is looked at
#   by the other rules, beside containers.
# custom:
#   id: swarm
#   severity: medium
#   cis: ["5.1"]
package docker.rules.swarm

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.swarm.enabled

# METADATA
# description: |
#   Whether a cluster may be made, joined, left, changed and unlocked.
# custom:
#   setting: true
default allow_cluster := true

allow_cluster := data.docker.settings.swarm.allow_cluster

# METADATA
# description: |
#   Whether nodes may be changed and removed.
# custom:
#   setting: true
default allow_nodes := true

allow_nodes := data.docker.settings.swarm.allow_nodes

# METADATA
# description: |
#   Whether services may be made and changed.
# custom:
#   setting: true
default allow_services := true

allow_services := data.docker.settings.swarm.allow_services

# METADATA
# description: |
#   Whether secrets and configurations may be made, changed and removed.
# custom:
#   setting: true
default allow_secrets := true

allow_secrets := data.docker.settings.swarm.allow_secrets

deny contains "changing the cluster is not allowed (swarm)" if {
	startswith(lib.action, "swarm_")
	looks
	not allow_cluster
}

deny contains "changing nodes of the cluster is not allowed (node)" if {
	startswith(lib.action, "node_")
	looks
	not allow_nodes
}

deny contains "services are not allowed (service)" if {
	startswith(lib.action, "service_")
	looks
	not allow_services
}

deny contains "changing secrets and configurations is not allowed (secret, config)" if {
	some kind in ["secret_", "config_"]
	startswith(lib.action, kind)
	looks
	not allow_secrets
}

looks if {
	enabled
	not only_asks
}

only_asks if input.Method in {"GET", "HEAD"}
