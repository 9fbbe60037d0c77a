# METADATA
# title: Where images may come from
# description: |
#   Where it is asked for, refuses images from registries that are not listed, whether they are pulled, run or
#   pushed, images that come in by another way, and names that can move.
# custom:
#   id: registries
#   severity: medium
#   cis: ["4.2"]
package docker.rules.registries

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.registries.enabled

# METADATA
# description: |
#   Registries, or registries with the beginning of a repository: `ghcr.io`, `docker.io/library`,
#   `registry.example.com/team`. `*` for any.
# custom:
#   setting: true
default allowed := ["*"]

allowed := data.docker.settings.registries.allowed

# METADATA
# description: |
#   Whether images may come in without a registry (`docker load`, `docker import`).
# custom:
#   setting: true
default allow_import := true

allow_import := data.docker.settings.registries.allow_import

# METADATA
# description: |
#   Whether an image may go by the tag `latest`, or by none.
# custom:
#   setting: true
default allow_latest := true

allow_latest := data.docker.settings.registries.allow_latest

# METADATA
# description: |
#   Whether an image must be named by its digest.
# custom:
#   setting: true
default require_digest := false

require_digest := data.docker.settings.registries.require_digest

deny contains msg if {
	not lib.takes_any(allowed)
	looks
	not is_allowed
	msg := sprintf("the image %s is not from an allowed registry (%s)", [
		lib.image_text,
		concat(", ", allowed),
	])
}

deny contains "images may come from registries alone (load, import)" if {
	not allow_import
	enabled
	lib.action in {"image_load", "image_import"}
}

deny contains msg if {
	not allow_latest
	runs
	is_latest
	msg := sprintf("the image %s needs a tag other than `latest`, or a digest", [lib.image_text])
}

deny contains msg if {
	require_digest
	runs
	not has_digest
	msg := sprintf("the image %s must be named by its digest", [lib.image_text])
}

looks if {
	enabled
	lib.action in {"image_pull", "image_push"}
}

looks if runs

runs if {
	enabled
	lib.makes_container
}

is_allowed if {
	some registry in allowed
	lib.is_within(lib.image_place, trim_suffix(registry, "/"))
}

is_latest if {
	not has_digest
	object.get(lib.image, "Tag", "latest") in {"", "latest"}
}

has_digest if startswith(lib.image.Digest, "sha256:")

has_digest if startswith(lib.image.Digest, "sha512:")
