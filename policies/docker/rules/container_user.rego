# METADATA
# title: Containers not run by root
# description: |
#   Where it is asked for, requires that a container be run by a user other than root. Which user an image names
#   cannot be seen: the request has to say it.
# custom:
#   id: container_user
#   severity: medium
#   cis: ["4.1", "5.24"]
package docker.rules.container_user

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.container_user.enabled

# METADATA
# description: |
#   Whether every container must be run by a user that the request names, other than root.
# custom:
#   setting: true
default require_non_root := false

require_non_root := data.docker.settings.container_user.require_non_root

# METADATA
# description: |
#   Users that must not run containers, besides.
# custom:
#   setting: true
default refused_users := []

refused_users := data.docker.settings.container_user.refused_users

deny contains "the container must be run by a user that is named (User)" if {
	require_non_root
	some user in users
	user == ""
}

deny contains "the container must not be run by root (User)" if {
	require_non_root
	some user in users
	lib.is_root(user)
}

deny contains msg if {
	some user in users
	user in refused_users
	msg := sprintf("the container must not be run by %s (User)", [user])
}

# Without the group.
users contains split(user_of(input), ":")[0] if {
	enabled
	lib.action == "container_create"
}

users contains split(user_of({"Body": spec}), ":")[0] if {
	enabled
	some spec in lib.specs
}

user_of(holder) := holder.Body.User if {
	is_string(holder.Body.User)
} else := ""
