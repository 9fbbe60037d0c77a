# METADATA
# title: Volumes that are more than storage
# description: |
#   Refuses drivers and kinds of file systems that reach beyond storage: a volume can stack the host's
#   directories (overlay), or mount its disks.
# custom:
#   id: volumes
#   severity: high
#   cis: ["5.6"]
package docker.rules.volumes

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.volumes.enabled

# METADATA
# description: |
#   Drivers that volumes may have, as patterns.
# custom:
#   setting: true
default drivers := ["*"]

drivers := data.docker.settings.volumes.drivers

# METADATA
# description: |
#   Types of file systems that the local driver may mount.
# custom:
#   setting: true
default types := ["", "none", "bind", "tmpfs", "nfs", "nfs4", "cifs"]

types := data.docker.settings.volumes.types

# METADATA
# description: |
#   Whether a container may have the volumes of another one (`--volumes-from`), paths of the host among them.
# custom:
#   setting: true
default allow_from_containers := true

allow_from_containers := data.docker.settings.volumes.allow_from_containers

deny contains "the volumes of another container are not allowed (VolumesFrom)" if {
	looks
	not allow_from_containers
	some host in lib.hosts
	count(host.VolumesFrom) > 0
}

deny contains msg if {
	looks
	not lib.takes_any(drivers)
	some driver in asked_drivers
	not lib.matches(drivers, driver)
	msg := sprintf("the volume driver %s is not allowed", [driver])
}

deny contains msg if {
	looks
	some options in lib.volume_options
	is_object(options)
	type := lower(trim_space(object.get(options, "type", "")))
	not type in types
	msg := sprintf("a volume of type %s is not allowed", [type])
}

deny contains "a volume that binds must be of type `none`" if {
	looks
	some options in lib.volume_options
	some option in split(options.o, ",")
	trim_space(option) in {"bind", "rbind"}
	not lower(trim_space(object.get(options, "type", ""))) in {"", "none", "bind"}
}

looks if {
	enabled
	lib.action == "volume_create"
}

looks if {
	enabled
	lib.makes_container
}

asked_drivers contains driver_name(input.Body.Driver) if lib.action == "volume_create"

asked_drivers contains "local" if {
	lib.action == "volume_create"
	not input.Body.Driver
}

asked_drivers contains driver_name(host.VolumeDriver) if some host in lib.hosts

asked_drivers contains driver_name(mount.VolumeOptions.DriverConfig.Name) if some mount in lib.mount_specs

driver_name("") := "local"

driver_name(name) := name if name != ""
