# METADATA
# title: Who may do what
# description: |
#   Where it is asked for, refuses what the roles of whoever asks do not permit. Roles go by the name and the
#   groups of a TLS client certificate; over the Unix socket nobody has a name.
# custom:
#   id: users
#   severity: high
#   cis: []
package docker.rules.users

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := false

enabled := data.docker.settings.users.enabled

# METADATA
# description: |
#   Whether nobody may do more than look, whatever their roles.
# custom:
#   setting: true
default read_only := false

read_only := data.docker.settings.users.read_only

# METADATA
# description: |
#   What each role permits: names of actions as patterns, `read` for everything that only looks, `*` for
#   everything.
# custom:
#   setting: true
default roles := {"viewer": ["read"], "operator": ["read", "container_start", "container_stop", "container_restart", "container_kill", "container_logs"], "developer": ["read", "container_*", "exec_*", "image_*", "network_*", "volume_*"], "admin": ["*"]}

roles := data.docker.settings.users.roles

# METADATA
# description: |
#   Roles by name: `alice: [developer]`.
# custom:
#   setting: true
default members := {}

members := data.docker.settings.users.members

# METADATA
# description: |
#   Roles by group of the certificate.
# custom:
#   setting: true
default groups := {}

groups := data.docker.settings.users.groups

# METADATA
# description: |
#   Roles of whoever has a name, and no other role.
# custom:
#   setting: true
default default_roles := []

default_roles := data.docker.settings.users.default_roles

# METADATA
# description: |
#   Roles of whoever has no name.
# custom:
#   setting: true
default anonymous_roles := []

anonymous_roles := data.docker.settings.users.anonymous_roles

deny contains msg if {
	enabled
	not is_always_allowed
	not is_permitted
	msg := sprintf("%s may not do this (%s)", [lib.who, lib.action])
}

deny contains msg if {
	enabled
	read_only
	not is_always_allowed
	not lib.only_reads
	msg := sprintf("only looking is allowed (%s)", [lib.action])
}

# What every client asks before anything else, and what tells nothing.
is_always_allowed if lib.action in {"system_ping", "system_version", "system_info", "system_auth", "system_options"}

is_always_allowed if {
	not lib.is_canonical
	input.Method in {"GET", "HEAD"}
	lib.path[0] in {"_ping", "version", "info"}
}

is_permitted if {
	some role in held_roles
	some pattern in roles[role]
	permits(pattern)
}

permits(pattern) if {
	pattern == "read"
	lib.only_reads
}

permits(pattern) if {
	pattern != "read"
	lib.matches([pattern], lib.action)
}

held_roles contains role if {
	lib.identity != ""
	some role in members[lib.identity]
}

held_roles contains role if {
	some group in lib.groups
	some role in groups[group]
}

held_roles contains role if {
	lib.identity == ""
	some role in anonymous_roles
}

held_roles contains role if {
	lib.identity != ""
	not has_own_role
	some role in default_roles
}

has_own_role if count(members[lib.identity]) > 0

has_own_role if {
	some group in lib.groups
	count(groups[group]) > 0
}
