# Tests of the baseline policy: each `test_` rule must be true.
package docker.authz_test

import data.docker.authz

post(segments, body) := {
	"Method": "POST",
	"PathArr": array.concat(["", "v1.41"], segments),
	"PathPlain": concat("/", array.concat(["", "v1.41"], segments)),
	"Query": {},
	"Headers": {},
	"Body": body,
	"User": "",
	"AuthMethod": "",
	"BindMounts": null,
}

create(config) := post(["containers", "create"], {"Image": "bb", "HostConfig": config})

denied(input_document, words) if {
	not authz.allow with input as input_document
	some msg in authz.deny with input as input_document
	contains(msg, words)
}

allowed(input_document) if {
	authz.allow with input as input_document
	count(authz.deny) == 0 with input as input_document
}

# --- what stays allowed ---------------------------------------------------------------------------

test_plain_container if allowed(create({"NetworkMode": "none", "Binds": null, "Privileged": false}))

test_bridge_and_memory if allowed(create({"NetworkMode": "bridge", "Memory": 67108864, "CapAdd": ["NET_BIND_SERVICE"]}))

test_data_directory if {
	allowed(create({"Binds": ["/srv/data:/data:ro", "/home/dev/src:/src", "volume:/x"]}))
}

test_reading if {
	allowed({"Method": "GET", "PathArr": ["", "v1.41", "containers", "json"], "Body": null})
	allowed({"Method": "GET", "PathArr": ["", "v1.41", "plugins"], "Body": null})
}

test_start_without_body if allowed(post(["containers", "x", "start"], null))

test_exec if allowed(post(["containers", "x", "exec"], {"Cmd": ["id"], "Privileged": false}))

test_named_volume if allowed(post(["volumes", "create"], {"Name": "v", "Driver": "local", "DriverOpts": {}}))

test_seccomp_profile if {
	allowed(create({"SecurityOpt": ["seccomp={\"defaultAction\":\"SCMP_ACT_ERRNO\"}", "no-new-privileges"]}))
}

# --- privilege ------------------------------------------------------------------------------------

test_privileged if denied(create({"Privileged": true}), "privileged containers")

test_privileged_without_version if {
	request := object.union(create({"Privileged": true}), {"PathArr": ["", "containers", "create"]})
	denied(request, "privileged containers")
}

test_privileged_at_the_top if {
	denied(post(["containers", "create"], {"Image": "bb", "Privileged": true}), "privileged containers")
}

test_privileged_at_start if {
	denied(post(["containers", "x", "start"], {"Privileged": true}), "privileged containers")
}

test_privileged_exec if denied(post(["containers", "x", "exec"], {"Privileged": true}), "exec --privileged")

test_privileged_exec_start if denied(post(["exec", "x", "start"], {"Privileged": true}), "exec --privileged")

test_privileged_update if denied(post(["containers", "x", "update"], {"Privileged": true}), "privileged")

# --- namespaces -----------------------------------------------------------------------------------

test_host_namespaces if {
	denied(create({"NetworkMode": "host"}), "network namespace")
	denied(create({"PidMode": "host"}), "process namespace")
	denied(create({"IpcMode": "host"}), "IPC namespace")
	denied(create({"UTSMode": "host"}), "UTS namespace")
	denied(create({"UsernsMode": "host"}), "user namespace")
	denied(create({"CgroupnsMode": "host"}), "cgroup namespace")
}

test_host_endpoint if {
	body := {"HostConfig": {}, "NetworkingConfig": {"EndpointsConfig": {"host": {}}}}
	denied(post(["containers", "create"], body), "host's network")
}

test_host_network_build if {
	request := object.union(post(["build"], null), {"Query": {"networkmode": ["host"]}})
	denied(request, "host's network")
}

# --- confinement ----------------------------------------------------------------------------------

test_unconfined if {
	denied(create({"SecurityOpt": ["seccomp=unconfined"]}), "seccomp")
	denied(create({"SecurityOpt": ["seccomp:unconfined"]}), "seccomp")
	denied(create({"SecurityOpt": ["apparmor=unconfined"]}), "AppArmor")
	denied(create({"SecurityOpt": ["apparmor:unconfined"]}), "AppArmor")
	denied(create({"SecurityOpt": ["label:disable"]}), "SELinux")
	denied(create({"SecurityOpt": ["label=disable"]}), "SELinux")
	denied(create({"SecurityOpt": ["systempaths=unconfined"]}), "system paths")
	denied(create({"MaskedPaths": []}), "MaskedPaths")
}

test_profile_that_allows if {
	denied(create({"SecurityOpt": ["seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"]}), "by default")
}

# --- capabilities and devices ---------------------------------------------------------------------

test_capabilities if {
	denied(create({"CapAdd": ["SYS_ADMIN"]}), "SYS_ADMIN")
	denied(create({"CapAdd": ["cap_sys_admin"]}), "SYS_ADMIN")
	denied(create({"CapAdd": ["all"]}), "ALL")
}

test_devices if {
	device := {"PathOnHost": "/dev/sda", "PathInContainer": "/dev/sda", "CgroupPermissions": "rwm"}
	denied(create({"Devices": [device]}), "/dev/sda")
	denied(create({"DeviceCgroupRules": ["a *:* rwm"]}), "rules for devices")
}

# --- paths ----------------------------------------------------------------------------------------

test_system_paths if {
	every path in ["/", "//", "/etc", "/etc/", "/etc/passwd", "/var", "/root/.ssh", "/proc", "/usr/bin", "/./etc"] {
		denied(create({"Binds": [concat("", [path, ":/x"])]}), "mounting")
	}
}

test_paths_that_only_look_alike if {
	every path in ["/etcetera", "/srv/etc", "/home/dev", "/data/usr", "/opt/app"] {
		allowed(create({"Binds": [concat("", [path, ":/x"])]}))
	}
}

test_path_with_dots if denied(create({"Binds": ["/srv/../etc:/x"]}), "without `..`")

test_socket if {
	denied(create({"Binds": ["/var/run/docker.sock:/var/run/docker.sock"]}), "socket")
	denied(create({"Binds": ["/srv/docker.sock:/x"]}), "socket")
}

test_bind_mount if denied(create({"Mounts": [{"Type": "bind", "Source": "/etc", "Target": "/x"}]}), "/etc")

test_link_to_a_system_path if {
	mount := {"Source": "/srv/link", "ReadOnly": false, "Resolved": "/etc"}
	request := object.union(create({"Binds": ["/srv/link:/x"]}), {"BindMounts": [mount]})
	denied(request, "/srv/link")
}

test_volume_that_binds if {
	options := {"type": "none", "o": "bind", "device": "/etc"}
	denied(post(["volumes", "create"], {"Name": "v", "DriverOpts": options}), "/etc")
	mount := {"Type": "volume", "Target": "/x", "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": options}}}
	denied(create({"Mounts": [mount]}), "/etc")
}

# --- what the daemon reads otherwise ----------------------------------------------------------------

test_keys_in_other_case if {
	denied(post(["containers", "create"], {"hostconfig": {"Privileged": true}}), "must be spelled HostConfig")
	denied(create({"PRIVILEGED": true}), "must be spelled Privileged")
	denied(post(["containers", "create"], {"Ho\u017ftConfig": {}}), "must be spelled HostConfig")
	denied(create({"Networ\u212aMode": "host"}), "must be spelled NetworkMode")
	denied(create({"Mounts": [{"Type": "bind", "source": "/etc"}]}), "must be spelled Source")
}

test_hidden_body if denied(post(["containers", "create"], null), "not visible")

# --- the gate itself ------------------------------------------------------------------------------

test_plugins if {
	denied(post(["plugins", "gate", "disable"], null), "plugins")
	denied({"Method": "DELETE", "PathArr": ["", "v1.41", "plugins", "gate"], "Body": null}, "plugins")
}
