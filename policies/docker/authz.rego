# METADATA
# title: The decision
# description: |
#   Joins the rules of `docker.rules`: a request is allowed exactly where none of them refuses it. The
#   members of `deny` are what the user is told. A rule of your own is `deny contains msg if ...` in a
#   file of this package.
package docker.authz

import data.docker.lib
import data.docker.rules

# METADATA
# description: Whether the request is allowed.
# entrypoint: true
default allow := false

allow if count(deny) == 0

# METADATA
# description: Why it is not.
# entrypoint: true
deny contains msg if some msg in rules.leaks.deny

deny contains msg if some msg in rules.users.deny

deny contains msg if {
	not lib.only_reads
	some msg in refused_changes
}

# What the other categories are about changes something: where a request only looks they are not
# asked. They are named one by one, since a rule that is named costs less than one that is looked for.
refused_changes contains msg if some msg in rules.apparmor.deny

refused_changes contains msg if some msg in rules.audit.deny

refused_changes contains msg if some msg in rules.build.deny

refused_changes contains msg if some msg in rules.buildkit.deny

refused_changes contains msg if some msg in rules.capabilities.deny

refused_changes contains msg if some msg in rules.cgroup.deny

refused_changes contains msg if some msg in rules.complete.deny

refused_changes contains msg if some msg in rules.container_user.deny

refused_changes contains msg if some msg in rules.devices.deny

refused_changes contains msg if some msg in rules.exec.deny

refused_changes contains msg if some msg in rules.ipc.deny

refused_changes contains msg if some msg in rules.masked_paths.deny

refused_changes contains msg if some msg in rules.mounts.deny

refused_changes contains msg if some msg in rules.network.deny

refused_changes contains msg if some msg in rules.no_new_privileges.deny

refused_changes contains msg if some msg in rules.pid.deny

refused_changes contains msg if some msg in rules.plugins.deny

refused_changes contains msg if some msg in rules.ports.deny

refused_changes contains msg if some msg in rules.privileged.deny

refused_changes contains msg if some msg in rules.registries.deny

refused_changes contains msg if some msg in rules.resources.deny

refused_changes contains msg if some msg in rules.restart.deny

refused_changes contains msg if some msg in rules.rootfs.deny

refused_changes contains msg if some msg in rules.runtimes.deny

refused_changes contains msg if some msg in rules.scanning.deny

refused_changes contains msg if some msg in rules.seccomp.deny

refused_changes contains msg if some msg in rules.selinux.deny

refused_changes contains msg if some msg in rules.signatures.deny

refused_changes contains msg if some msg in rules.swarm.deny

refused_changes contains msg if some msg in rules.sysctls.deny

refused_changes contains msg if some msg in rules.update.deny

refused_changes contains msg if some msg in rules.userns.deny

refused_changes contains msg if some msg in rules.uts.deny

refused_changes contains msg if some msg in rules.volumes.deny
