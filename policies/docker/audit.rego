# METADATA
# title: What a decision was about
# description: |
#   The reasons of a refusal with their category and how grave it is, for reports. It decides nothing.
package docker.audit

import data.docker.authz
import data.docker.lib
import data.docker.rules

# METADATA
# description: A record for each reason to refuse the request.
# entrypoint: true
violations contains violation if {
	some category, rule in rules
	some msg in rule.deny
	violation := {
		"action": lib.action,
		"category": category,
		"message": msg,
		"severity": object.get(severities, category, "medium"),
		"user": lib.identity,
	}
}

# METADATA
# description: Whether the request keeps every rule, and what it asked for.
# entrypoint: true
compliance_status := {
	"compliant": authz.allow,
	"operation": sprintf("%v %v", [object.get(input, "Method", ""), object.get(input, "PathPlain", "")]),
	"total_violations": count(violations),
	"user": lib.identity,
	"violations": violations,
}

severities := {
	"apparmor": "high",
	"audit": "low",
	"build": "medium",
	"buildkit": "high",
	"capabilities": "high",
	"cgroup": "high",
	"complete": "high",
	"container_user": "medium",
	"devices": "high",
	"exec": "high",
	"ipc": "high",
	"leaks": "medium",
	"masked_paths": "high",
	"mounts": "high",
	"network": "high",
	"no_new_privileges": "medium",
	"pid": "high",
	"plugins": "high",
	"ports": "medium",
	"privileged": "high",
	"registries": "medium",
	"resources": "medium",
	"restart": "low",
	"rootfs": "medium",
	"runtimes": "high",
	"scanning": "medium",
	"seccomp": "high",
	"selinux": "high",
	"signatures": "medium",
	"swarm": "medium",
	"sysctls": "low",
	"update": "low",
	"userns": "high",
	"users": "high",
	"uts": "high",
	"volumes": "high",
}
