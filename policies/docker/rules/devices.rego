# METADATA
# title: Devices of the host
# description: |
#   Refuses devices of the host and rules for them: a disk that can be read is the host's data.
# custom:
#   id: devices
#   severity: high
#   cis: ["5.18"]
package docker.rules.devices

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.devices.enabled

# METADATA
# description: |
#   Devices that containers may have, by their exact paths on the host, such as `/dev/fuse`.
# custom:
#   setting: true
default allowed := []

allowed := data.docker.settings.devices.allowed

# METADATA
# description: |
#   Whether devices may be asked for by their kind (`--gpus`).
# custom:
#   setting: true
default allow_requests := true

allow_requests := data.docker.settings.devices.allow_requests

# METADATA
# description: |
#   Whether requests may bring rules for devices (`--device-cgroup-rule`).
# custom:
#   setting: true
default allow_cgroup_rules := false

allow_cgroup_rules := data.docker.settings.devices.allow_cgroup_rules

deny contains msg if {
	looks
	some host in lib.hosts
	some device in host.Devices
	path := object.get(device, "PathOnHost", "")
	not path in allowed
	msg := sprintf("devices of the host are not allowed (%s)", [path])
}

deny contains "rules for devices are not allowed (DeviceCgroupRules)" if {
	looks
	not allow_cgroup_rules
	some host in lib.hosts
	count(host.DeviceCgroupRules) > 0
}

deny contains "asking for devices by their kind is not allowed (DeviceRequests)" if {
	looks
	not allow_requests
	some host in lib.hosts
	count(host.DeviceRequests) > 0
}

looks if {
	lib.sets_host
	enabled
}
