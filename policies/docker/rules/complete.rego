# METADATA
# title: Requests that can be judged
# description: |
#   Refuses requests whose body is not visible, and those that no rule can know: what cannot be seen cannot be
#   judged. Of input that another program made, bodies whose keys are spelled otherwise are refused, too: the
#   daemon takes keys in any case, a policy takes them as written.
# custom:
#   id: complete
#   severity: high
#   cis: []
package docker.rules.complete

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.complete.enabled

# METADATA
# description: |
#   Whether requests that are not of Docker's API may pass, other than GET and HEAD.
# custom:
#   setting: true
default allow_unknown := false

allow_unknown := data.docker.settings.complete.allow_unknown

deny contains "the body of the request is not visible, so it cannot be judged" if {
	needs_body
	enabled
	not has_body
}

deny contains "the request is not one of Docker's API, so it cannot be judged" if {
	input.Action == "unknown"
	enabled
	not allow_unknown
	not only_asks
}

# In rules of their own: where a field is missing, `not f(field)` would be neither true nor false.
has_body if is_object(input.Body)

only_asks if input.Method in {"GET", "HEAD", "OPTIONS"}

needs_body if lib.action in {"container_create", "container_update", "exec_create", "service_create", "service_update", "volume_create"}

deny contains msg if {
	not lib.is_canonical
	enabled
	some fields in array.concat(lib.hosts, [input.Body])
	some key in (object.keys(fields) - usual_keys)
	known := folded_keys[fold(key)]
	key != known
	msg := sprintf("the field %s must be spelled %s", [key, known])
}

deny contains msg if {
	not lib.is_canonical
	enabled
	some host in lib.hosts
	some mount in host.Mounts
	some key, _ in mount
	known := mount_keys[fold(key)]
	key != known
	msg := sprintf("the field %s of a mount must be spelled %s", [key, known])
}

# What the rules look at.
known_keys := {
	"Binds", "CapAdd", "Capabilities", "CgroupParent", "CgroupnsMode", "DeviceCgroupRules", "DeviceRequests",
	"Devices", "Driver", "DriverOpts", "HostConfig", "IpcMode", "MaskedPaths", "Memory", "Mounts",
	"NetworkMode", "NetworkingConfig", "OomKillDisable", "PidMode", "PidsLimit", "PortBindings", "Privileged",
	"PublishAllPorts", "ReadonlyPaths", "RestartPolicy", "Runtime", "SecurityOpt", "Sysctls", "TaskTemplate",
	"UTSMode", "User", "UsernsMode", "VolumeDriver", "VolumesFrom",
}

# What clients send, as it must be spelled. Only keys beyond these need a closer look.
usual_keys := known_keys | {
	"AttachStderr", "AttachStdin", "AttachStdout", "AutoRemove", "BlkioDeviceReadBps", "BlkioDeviceReadIOps",
	"BlkioDeviceWriteBps", "BlkioDeviceWriteIOps", "BlkioWeight", "BlkioWeightDevice", "CapDrop", "Cgroup",
	"Cmd", "ConsoleSize", "ContainerIDFile", "CpuCount", "CpuPercent", "CpuPeriod", "CpuQuota",
	"CpuRealtimePeriod", "CpuRealtimeRuntime", "CpuShares", "CpusetCpus", "CpusetMems", "Detach", "DetachKeys",
	"Dns", "DnsOptions", "DnsSearch", "Domainname", "Entrypoint", "Env", "ExposedPorts", "ExtraHosts",
	"GroupAdd", "Healthcheck", "Hostname", "IOMaximumBandwidth", "IOMaximumIOps", "Image", "Init", "Isolation",
	"Labels", "Links", "LogConfig", "MemoryReservation", "MemorySwap", "MemorySwappiness", "Name", "NanoCpus",
	"OnBuild", "OomScoreAdj", "OpenStdin", "ReadonlyRootfs", "ShmSize", "StdinOnce", "StopSignal",
	"StopTimeout", "StorageOpt", "Tmpfs", "Tty", "Ulimits", "Volumes", "WorkingDir",
}

folded_keys := {fold(key): key | some key in known_keys}

mount_keys := {"type": "Type", "source": "Source", "volumeoptions": "VolumeOptions"}

fold(key) := replace(replace(lower(key), "\u017f", "s"), "\u212a", "k")
