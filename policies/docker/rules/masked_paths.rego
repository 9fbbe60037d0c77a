# METADATA
# title: What the kernel tells stays hidden
# description: |
#   Refuses containers that uncover or may write to what Docker hides of `/proc` and `/sys`, and, where it is asked
#   for, options of confinement that no rule knows.
# custom:
#   id: masked_paths
#   severity: high
#   cis: []
package docker.rules.masked_paths

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.masked_paths.enabled

# METADATA
# description: |
#   Whether these paths may be uncovered (`systempaths=unconfined`, empty `MaskedPaths` or `ReadonlyPaths`).
# custom:
#   setting: true
default allow_uncovered := false

allow_uncovered := data.docker.settings.masked_paths.allow_uncovered

# METADATA
# description: |
#   Paths that a request which brings a list of its own (`MaskedPaths`) must leave hidden.
# custom:
#   setting: true
default masked := ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/sys/firmware"]

masked := data.docker.settings.masked_paths.masked

# METADATA
# description: |
#   Paths that a request which brings a list of its own (`ReadonlyPaths`) must leave read-only.
# custom:
#   setting: true
default read_only := ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

read_only := data.docker.settings.masked_paths.read_only

# METADATA
# description: |
#   Whether `--security-opt` may have options that none of the rules knows.
# custom:
#   setting: true
default allow_unknown_options := true

allow_unknown_options := data.docker.settings.masked_paths.allow_unknown_options

deny contains "a container without system paths confinement is not allowed (systempaths=unconfined)" if {
	looks
	lib.security.SystemPathsUnconfined == true
	not allow_uncovered
}

deny contains "system paths must stay hidden from containers (MaskedPaths)" if {
	looks
	lib.security.MaskedPathsCleared == true
	not allow_uncovered
}

deny contains "system paths must stay hidden from containers (ReadonlyPaths)" if {
	looks
	lib.security.ReadonlyPathsCleared == true
	not allow_uncovered
}

deny contains msg if {
	some host in lib.hosts
	count(host.MaskedPaths) > 0
	looks
	not allow_uncovered
	some path in masked
	not path in host.MaskedPaths
	msg := sprintf("system paths must stay hidden from containers (MaskedPaths without %s)", [path])
}

deny contains msg if {
	some host in lib.hosts
	count(host.ReadonlyPaths) > 0
	looks
	not allow_uncovered
	some path in read_only
	not path in host.ReadonlyPaths
	msg := sprintf("system paths must stay hidden from containers (ReadonlyPaths without %s)", [path])
}

deny contains msg if {
	looks
	not allow_unknown_options
	some option in lib.security.Unknown
	msg := sprintf("the security option %v is not known, and not allowed", [option])
}

looks if {
	lib.makes_container
	enabled
}
