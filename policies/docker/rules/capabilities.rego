# METADATA
# title: Capabilities that containers may have
# description: |
#   Refuses capabilities that reach out of a container, and where it is asked for requires that those of
#   Docker's default set be dropped.
# custom:
#   id: capabilities
#   severity: high
#   cis: ["5.4"]
package docker.rules.capabilities

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.capabilities.enabled

# METADATA
# description: |
#   Capabilities that must not be added, without `CAP_`.
# custom:
#   setting: true
default refused := ["ALL", "AUDIT_CONTROL", "BPF", "CHECKPOINT_RESTORE", "DAC_READ_SEARCH", "IPC_OWNER", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "NET_ADMIN", "PERFMON", "SYSLOG", "SYS_ADMIN", "SYS_BOOT", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "SYS_TIME"]

refused := data.docker.settings.capabilities.refused

# METADATA
# description: |
#   Capabilities that may be added, besides; `*` for any that is not refused.
# custom:
#   setting: true
default allowed := ["*"]

allowed := data.docker.settings.capabilities.allowed

# METADATA
# description: |
#   Capabilities that every container must drop; `ALL` there, or in a request, stands for all.
# custom:
#   setting: true
default required_drop := []

required_drop := data.docker.settings.capabilities.required_drop

deny contains msg if {
	some [name, field] in added
	name in refused
	msg := sprintf("the capability %s is not allowed (%s)", [name, field])
}

deny contains msg if {
	not lib.takes_any(allowed)
	some [name, field] in added
	not name in refused
	not name in allowed
	msg := sprintf("the capability %s is not one of those that are allowed (%s)", [name, field])
}

deny contains msg if {
	lib.makes_container
	enabled
	some required in required_drop
	not upper(required) in dropped
	not "ALL" in dropped
	msg := sprintf("the container must drop the capability %s (CapDrop)", [required])
}

added contains [plain(capability), field] if {
	enabled
	lib.makes_container
	some host in lib.hosts
	some field in ["CapAdd", "Capabilities"]
	some capability in host[field]
}

added contains [plain(capability), "CapabilityAdd"] if {
	enabled
	some spec in lib.specs
	some capability in spec.CapabilityAdd
}

dropped contains plain(capability) if {
	some host in lib.hosts
	some capability in host.CapDrop
}

dropped contains plain(capability) if {
	some spec in lib.specs
	some capability in spec.CapabilityDrop
}

plain(capability) := trim_prefix(upper(trim_space(capability)), "CAP_")
