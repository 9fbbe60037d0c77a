# What tests of the rules share: requests as the gate shows them, and what a category says of them.
package docker.testing

# Why a category refuses a request, where these are its settings.
reasons(category, document, settings) := refusals if {
	refusals := data.docker.rules[category].deny with input as document
		with data.docker.settings as {category: settings}
}

refused(category, document, settings, words) if {
	some msg in reasons(category, document, settings)
	contains(msg, words)
}

allowed(category, document, settings) if reasons(category, document, settings) == set()

# A request as the gate shows it.
request(action, fields) := object.union(
	{
		"Action": action,
		"APIVersion": "1.41",
		"AuthMethod": "",
		"BindMounts": null,
		"Body": null,
		"Cert": null,
		"Groups": [],
		"Headers": {},
		"Identity": "",
		"Image": null,
		"Method": "POST",
		"PathArr": [],
		"PathPlain": "",
		"Ports": [],
		"Query": {},
		"ReadOnly": false,
		"Security": null,
		"Sharing": [],
		"User": "",
	},
	fields,
)

body(action, document) := request(action, {"Body": document})

reading(action) := request(action, {"Method": "GET", "ReadOnly": true})

confined := {
	"AppArmor": "",
	"Label": [],
	"LabelDisabled": false,
	"MaskedPathsCleared": false,
	"NoNewPrivileges": false,
	"ReadonlyPathsCleared": false,
	"Seccomp": "",
	"SeccompInline": null,
	"SystemPathsUnconfined": false,
	"Unknown": [],
}

nginx := {
	"Digest": "",
	"Reference": "nginx",
	"Registry": "docker.io",
	"Repository": "library/nginx",
	"Tag": "latest",
}

# The creation of a container with these host settings beside those that clients send.
create(host) := create_with(host, {})

create_with(host, fields) := object.union(
	request("container_create", {
		"Body": {
			"HostConfig": object.union(usual_host, host),
			"Image": "nginx",
			"Labels": {},
			"NetworkingConfig": {"EndpointsConfig": {}},
			"User": "",
		},
		"Image": nginx,
		"Security": confined,
	}),
	fields,
)

usual_host := {
	"Binds": null,
	"CapAdd": null,
	"CapDrop": null,
	"CgroupParent": "",
	"CgroupnsMode": "",
	"CpuPeriod": 0,
	"CpuQuota": 0,
	"CpuShares": 0,
	"DeviceCgroupRules": null,
	"DeviceRequests": null,
	"Devices": [],
	"IpcMode": "",
	"LogConfig": {"Config": {}, "Type": ""},
	"MaskedPaths": null,
	"Memory": 0,
	"MemorySwap": 0,
	"NanoCpus": 0,
	"NetworkMode": "default",
	"OomKillDisable": false,
	"PidMode": "",
	"PidsLimit": 0,
	"PortBindings": {},
	"Privileged": false,
	"PublishAllPorts": false,
	"ReadonlyPaths": null,
	"ReadonlyRootfs": false,
	"RestartPolicy": {"MaximumRetryCount": 0, "Name": "no"},
	"SecurityOpt": null,
	"UTSMode": "",
	"UsernsMode": "",
	"VolumeDriver": "",
	"VolumesFrom": null,
}

secured(fields) := create_with({}, {"Security": object.union(confined, fields)})

mounted(mounts) := create_with({}, {"BindMounts": mounts})

bind(source) := {
	"HasSymlink": false,
	"Kind": "bind",
	"ParentsRootOwned": true,
	"ReadOnly": false,
	"Resolved": source,
	"Source": source,
	"Target": "/x",
	"VolumeType": "",
}

# A service whose task has these fields beside an image.
service(task) := request("service_create", {
	"Body": {
		"EndpointSpec": {},
		"Labels": {},
		"TaskTemplate": object.union({"ContainerSpec": {"Image": "nginx"}}, task),
	},
	"Image": nginx,
	"Security": confined,
})

serving(spec) := service({"ContainerSpec": spec})

# The same request by somebody.
by(document, name, groups) := object.union(document, {"Groups": groups, "Identity": name})

# The same request in input that another program made, which names no action.
written(document, segments) := object.union(
	object.remove(document, ["Action", "ReadOnly", "Ports", "Security", "Sharing"]),
	{"PathArr": array.concat(["", "v1.41"], segments)},
)
