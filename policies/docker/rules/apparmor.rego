# METADATA
# title: AppArmor stays on
# description: |
#   Refuses containers outside of AppArmor, and where it is asked for, profiles other than those approved.
#   Docker's own profile applies where a request names none.
# custom:
#   id: apparmor
#   severity: high
#   cis: ["5.2"]
package docker.rules.apparmor

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.apparmor.enabled

# METADATA
# description: |
#   Whether a container may run without a profile.
# custom:
#   setting: true
default allow_unconfined := false

allow_unconfined := data.docker.settings.apparmor.allow_unconfined

# METADATA
# description: |
#   Profiles that a request may name, as patterns.
# custom:
#   setting: true
default profiles := ["*"]

profiles := data.docker.settings.apparmor.profiles

# METADATA
# description: |
#   Whether every request must name its profile.
# custom:
#   setting: true
default require_explicit := false

require_explicit := data.docker.settings.apparmor.require_explicit

deny contains "a container without AppArmor confinement is not allowed (apparmor=unconfined)" if {
	looks
	profile == "unconfined"
	not allow_unconfined
}

deny contains msg if {
	looks
	not lib.takes_any(profiles)
	not profile in {"", "unconfined"}
	not lib.matches(profiles, profile)
	msg := sprintf("the AppArmor profile %s is not allowed", [profile])
}

deny contains "the container must name its AppArmor profile (--security-opt apparmor=PROFILE)" if {
	looks
	require_explicit
	profile == ""
}

profile := object.get(lib.security, "AppArmor", "")

looks if {
	lib.makes_container
	enabled
}
