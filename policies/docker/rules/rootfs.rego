# METADATA
# title: Containers that cannot change their image
# description: |
#   Where it is asked for, requires that the file system of a container be read-only; what it has to write goes
#   to volumes.
# custom:
#   id: rootfs
#   severity: medium
#   cis: ["5.13"]
package docker.rules.rootfs

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.rootfs.enabled

# METADATA
# description: |
#   Whether every container must have `--read-only`.
# custom:
#   setting: true
default require_read_only := false

require_read_only := data.docker.settings.rootfs.require_read_only

deny contains "the file system of the container must be read-only (ReadonlyRootfs)" if {
	require_read_only
	enabled
	lib.action == "container_create"
	not has_read_only_host
}

deny contains "the file system of the service must be read-only (ReadOnly)" if {
	require_read_only
	enabled
	some spec in lib.specs
	object.get(spec, "ReadOnly", false) != true
}

has_read_only_host if input.Body.HostConfig.ReadonlyRootfs == true
