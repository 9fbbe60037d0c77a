# The policy that decides where nobody gives one: it refuses what makes a container, or whoever
# starts it, the master of the host. Everything else is allowed.
#
# A request is allowed exactly when `deny` is empty; its members are what the user is told.
package docker.authz

default allow := false

allow if count(deny) == 0

# --- what a request asks for ----------------------------------------------------------------------

# The path without the version of the API: ["containers", "create"].
path := [segment | some i, segment in input.PathArr; segment != ""; not is_version(i, segment)]

is_version(1, segment) if regex.match(`^v[0-9]+(\.[0-9]+)*$`, segment)

creates_container if {
	input.Method == "POST"
	path == ["containers", "create"]
}

# An old API (before 1.24) takes a HostConfig when it starts a container.
starts_container if {
	input.Method == "POST"
	path[0] == "containers"
	path[2] == "start"
}

updates_container if {
	input.Method == "POST"
	path[0] == "containers"
	path[2] == "update"
}

execs if {
	input.Method == "POST"
	path[0] == "containers"
	path[2] == "exec"
}

starts_exec if {
	input.Method == "POST"
	path[0] == "exec"
	path[2] == "start"
}

creates_volume if {
	input.Method == "POST"
	path == ["volumes", "create"]
}

changes_service if {
	input.Method == "POST"
	path[0] == "services"
	path[count(path) - 1] in {"create", "update"}
}

builds if {
	input.Method == "POST"
	path == ["build"]
}

changes_plugin if {
	input.Method != "GET"
	input.Method != "HEAD"
	path[0] == "plugins"
}

# Where host settings stand in a body: in `HostConfig`, and with old engines at its top.
settings contains input.Body.HostConfig

settings contains input.Body if creates_container

settings contains input.Body if starts_container

settings contains input.Body if updates_container

# --- privilege ------------------------------------------------------------------------------------

deny contains "privileged containers are not allowed (Privileged)" if {
	some config in settings
	config.Privileged == true
}

deny contains "privileged processes are not allowed (exec --privileged)" if {
	runs_process
	input.Body.Privileged == true
}

runs_process if execs

runs_process if starts_exec

# --- namespaces of the host -----------------------------------------------------------------------

namespaces := {
	"NetworkMode": "network",
	"PidMode": "process",
	"IpcMode": "IPC",
	"UTSMode": "UTS",
	"UsernsMode": "user",
	"CgroupnsMode": "cgroup",
}

deny contains msg if {
	some config in settings
	some field, name in namespaces
	is_host(config[field])
	msg := sprintf("the host's %s namespace is not allowed (%s)", [name, field])
}

deny contains "the host's network is not allowed (NetworkingConfig)" if {
	some network, _ in input.Body.NetworkingConfig.EndpointsConfig
	is_host(network)
}

deny contains "the host's network is not allowed (build)" if {
	builds
	some mode in input.Query.networkmode
	is_host(mode)
}

is_host(mode) if lower(trim_space(mode)) == "host"

# --- confinement ----------------------------------------------------------------------------------

deny contains msg if {
	some config in settings
	some option in config.SecurityOpt
	some name, what in {"seccomp": "seccomp", "apparmor": "AppArmor", "systempaths": "system paths"}
	security_option(option, name) == "unconfined"
	msg := sprintf("a container without %s confinement is not allowed (%s)", [what, option])
}

deny contains msg if {
	some config in settings
	some option in config.SecurityOpt
	security_option(option, "label") == "disable"
	msg := sprintf("a container without SELinux separation is not allowed (%s)", [option])
}

deny contains "a seccomp profile that allows by default is not allowed" if {
	some config in settings
	some option in config.SecurityOpt
	profile := json.unmarshal(security_option(option, "seccomp"))
	allowed_by_default(profile)
}

allowed_by_default(profile) if profile.defaultAction in {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"}

deny contains msg if {
	some config in settings
	some field in ["MaskedPaths", "ReadonlyPaths"]
	config[field] == []
	msg := sprintf("system paths must stay hidden from containers (%s)", [field])
}

# The value of a security option, which the daemon takes as `name=value` and as `name:value`.
security_option(option, name) := substring(option, count(name) + 1, -1) if {
	some separator in ["=", ":"]
	startswith(lower(option), concat("", [name, separator]))
}

# --- capabilities ---------------------------------------------------------------------------------

dangerous_capabilities := {
	"ALL",
	"AUDIT_CONTROL",
	"BPF",
	"CHECKPOINT_RESTORE",
	"DAC_READ_SEARCH",
	"IPC_OWNER",
	"LINUX_IMMUTABLE",
	"MAC_ADMIN",
	"MAC_OVERRIDE",
	"NET_ADMIN",
	"PERFMON",
	"SYSLOG",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_MODULE",
	"SYS_PTRACE",
	"SYS_RAWIO",
	"SYS_TIME",
}

deny contains msg if {
	some config in settings
	some field in ["CapAdd", "Capabilities"]
	some capability in config[field]
	name := trim_prefix(upper(trim_space(capability)), "CAP_")
	name in dangerous_capabilities
	msg := sprintf("the capability %s is not allowed (%s)", [name, field])
}

deny contains msg if {
	changes_service
	some capability in input.Body.TaskTemplate.ContainerSpec.CapabilityAdd
	name := trim_prefix(upper(trim_space(capability)), "CAP_")
	name in dangerous_capabilities
	msg := sprintf("the capability %s is not allowed (CapabilityAdd)", [name])
}

# --- devices --------------------------------------------------------------------------------------

deny contains msg if {
	some config in settings
	some device in config.Devices
	msg := sprintf("devices of the host are not allowed (%s)", [object.get(device, "PathOnHost", "")])
}

deny contains "rules for devices are not allowed (DeviceCgroupRules)" if {
	some config in settings
	count(config.DeviceCgroupRules) > 0
}

# --- paths of the host ----------------------------------------------------------------------------

# Whoever can write below one of these, or read some of them, owns the host.
system_paths := {
	"/bin",
	"/boot",
	"/dev",
	"/etc",
	"/lib",
	"/lib32",
	"/lib64",
	"/proc",
	"/root",
	"/run",
	"/sbin",
	"/sys",
	"/usr",
	"/var/lib/containerd",
	"/var/lib/docker",
	"/var/lib/kubelet",
	"/var/run",
	"/var/spool/cron",
}

deny contains msg if {
	some mount in mounts
	some spelled in mount.paths
	reason := host_path(clean(spelled))
	msg := sprintf("mounting %s of the host is not allowed: %s", [object.get(mount, "source", spelled), reason])
}

host_path(cleaned) := "it gives access to the whole host" if cleaned == "/"

host_path(cleaned) := "it is or holds a path of the system" if {
	cleaned != "/"
	not is_socket(cleaned)
	some system in system_paths
	is_within(cleaned, system)
}

host_path(cleaned) := "it is or holds a path of the system" if {
	cleaned != "/"
	not is_socket(cleaned)
	some system in system_paths
	is_within(system, cleaned)
}

host_path(cleaned) := "it is the socket of a container engine" if is_socket(cleaned)

is_socket(cleaned) if {
	name := split(cleaned, "/")
	name[count(name) - 1] in {"docker.sock", "containerd.sock", "podman.sock", "crio.sock"}
}

is_within(path_a, path_b) if path_a == path_b

is_within(path_a, path_b) if startswith(path_a, concat("", [path_b, "/"]))

# Every host path that the request would mount: as it is spelled, and as it resolves.
mounts contains {"source": source, "paths": {source}} if {
	some config in settings
	some bind in config.Binds
	source := split(bind, ":")[0]
	startswith(source, "/")
}

mounts contains {"source": mount.Source, "paths": {mount.Source}} if {
	some config in settings
	some mount in config.Mounts
	mount.Type == "bind"
}

mounts contains {"source": mount.Source, "paths": {mount.Source}} if {
	changes_service
	some mount in input.Body.TaskTemplate.ContainerSpec.Mounts
	mount.Type == "bind"
}

mounts contains {"source": mount.Source, "paths": {mount.Resolved}} if {
	some mount in input.BindMounts
	mount.Resolved != ""
}

mounts contains {"source": device, "paths": {device}} if {
	some options in volume_options
	device := options.device
	startswith(device, "/")
}

# Options of the driver that makes a volume: a local one can bind any path of the host.
volume_options contains input.Body.DriverOpts if creates_volume

volume_options contains mount.VolumeOptions.DriverConfig.Options if {
	some config in settings
	some mount in config.Mounts
}

volume_options contains mount.VolumeOptions.DriverConfig.Options if {
	changes_service
	some mount in input.Body.TaskTemplate.ContainerSpec.Mounts
}

# The path without empty and `.` segments. Those with `..` are refused below, whatever they mean.
clean(spelled) := concat("", ["/", concat("/", segments)]) if {
	segments := [segment | some segment in split(spelled, "/"); not segment in {"", "."}]
}

deny contains msg if {
	some mount in mounts
	some spelled in mount.paths
	".." in split(spelled, "/")
	msg := sprintf("mounting %s of the host is not allowed: spell it without `..`", [object.get(mount, "source", spelled)])
}

# --- what the daemon reads otherwise than a policy does ---------------------------------------------

# The daemon takes keys in any case, and two letters besides; a policy takes them as written.
known_keys := {
	"Binds", "CapAdd", "Capabilities", "CgroupnsMode", "DeviceCgroupRules", "Devices", "DriverOpts",
	"HostConfig", "IpcMode", "MaskedPaths", "Mounts", "NetworkMode", "NetworkingConfig", "PidMode",
	"Privileged", "ReadonlyPaths", "SecurityOpt", "TaskTemplate", "UTSMode", "UsernsMode",
}

# What clients send, as it must be spelled. Only keys beyond these need a closer look.
usual_keys := {
	"AttachStderr", "AttachStdin", "AttachStdout", "AutoRemove", "Binds", "BlkioDeviceReadBps",
	"BlkioDeviceReadIOps", "BlkioDeviceWriteBps", "BlkioDeviceWriteIOps", "BlkioWeight",
	"BlkioWeightDevice", "CapAdd", "CapDrop", "Capabilities", "Cgroup", "CgroupParent",
	"CgroupnsMode", "Cmd", "ConsoleSize", "ContainerIDFile", "CpuCount", "CpuPercent", "CpuPeriod",
	"CpuQuota", "CpuRealtimePeriod", "CpuRealtimeRuntime", "CpuShares", "CpusetCpus", "CpusetMems",
	"Detach", "DetachKeys", "DeviceCgroupRules", "DeviceRequests", "Devices", "Dns", "DnsOptions",
	"DnsSearch", "Domainname", "Driver", "DriverOpts", "Entrypoint", "Env", "ExposedPorts",
	"ExtraHosts", "GroupAdd", "Healthcheck", "HostConfig", "Hostname", "IOMaximumBandwidth",
	"IOMaximumIOps", "Image", "Init", "IpcMode", "Isolation", "Labels", "Links", "LogConfig",
	"MaskedPaths", "Memory", "MemoryReservation", "MemorySwap", "MemorySwappiness", "Mounts",
	"Name", "NanoCpus", "NetworkMode", "NetworkingConfig", "OnBuild", "OomKillDisable",
	"OomScoreAdj", "OpenStdin", "PidMode", "PidsLimit", "PortBindings", "Privileged",
	"PublishAllPorts", "ReadonlyPaths", "ReadonlyRootfs", "RestartPolicy", "Runtime", "SecurityOpt",
	"ShmSize", "StdinOnce", "StopSignal", "StopTimeout", "StorageOpt", "Sysctls", "TaskTemplate",
	"Tmpfs", "Tty", "UTSMode", "Ulimits", "User", "UsernsMode", "VolumeDriver", "Volumes",
	"VolumesFrom", "WorkingDir",
}

folded_keys := {fold(key): key | some key in known_keys}

fold(key) := replace(replace(lower(key), "\u017f", "s"), "\u212a", "k")

deny contains msg if {
	some fields in settings_and_body
	some key in (object.keys(fields) - usual_keys)
	known := folded_keys[fold(key)]
	key != known
	msg := sprintf("the field %s must be spelled %s", [key, known])
}

# Where a key is looked at: in the settings, and in a body that is none of them.
settings_and_body contains config if some config in settings

settings_and_body contains input.Body if not input.Body in settings

mount_keys := {"type": "Type", "source": "Source", "volumeoptions": "VolumeOptions"}

deny contains msg if {
	some config in settings
	some mount in config.Mounts
	some key, _ in mount
	known := mount_keys[fold(key)]
	key != known
	msg := sprintf("the field %s of a mount must be spelled %s", [key, known])
}

deny contains "the body of the request is not visible, so it cannot be judged" if {
	needs_body
	not is_object(input.Body)
}

needs_body if creates_container

needs_body if creates_volume

needs_body if changes_service

needs_body if execs

# --- the gate itself ------------------------------------------------------------------------------

deny contains "changing plugins is not allowed: it could switch this policy off" if changes_plugin
