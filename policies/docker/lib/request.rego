# METADATA
# title: What a request asks for
# description: |
#   Names of requests, and where in a body the settings of a container stand. The gate names every
#   request in `input.Action`; of input that another program made, the requests that rules look at
#   are told by method and path.
package docker.lib

# METADATA
# description: The name of the request, such as `container_create`.
action := input.Action if {
	is_string(input.Action)
} else := named_by_path

# METADATA
# description: Whether the gate has made the input, with a body spelled as the API has it.
is_canonical if is_string(input.Action)

# METADATA
# description: Whether the request makes a container, or a service that makes some.
makes_container if action in {"container_create", "service_create", "service_update"}

# An engine with an API before 1.24 takes the settings of a container when it starts it.
makes_container if {
	action == "container_start"
	is_object(input.Body)
}

# METADATA
# description: Whether the request makes a service or changes one.
changes_service if action in {"service_create", "service_update"}

# METADATA
# description: Whether the request may carry the host settings of a container.
sets_host if makes_container

sets_host if action == "container_update"

# METADATA
# description: |
#   The objects that host settings are read from: `HostConfig`; of input that another program made
#   the top of the body too, which old engines take them from and the gate refuses.
hosts := [input.Body.HostConfig] if {
	action == "container_create"
	is_canonical
	is_object(input.Body.HostConfig)
} else := [input.Body.HostConfig, input.Body] if {
	takes_host_config
	is_object(input.Body.HostConfig)
} else := [input.Body] if {
	sets_host
	not changes_service
} else := []

takes_host_config if action in {"container_create", "container_start"}

# METADATA
# description: The `ContainerSpec` of a service, in an array; empty for other requests.
specs := [input.Body.TaskTemplate.ContainerSpec] if {
	changes_service
} else := []

# METADATA
# description: |
#   Whether a request only looks: nothing changes, and it does not hand out what is in containers,
#   images or secrets.
only_reads if input.ReadOnly == true

only_reads if {
	not is_canonical
	input.Method in {"GET", "HEAD"}
	not action in {"container_archive", "container_export", "container_logs", "container_attach"}
}

# METADATA
# description: Whether the value of a mode, such as `NetworkMode`, is the host's namespace.
is_host(mode) if lower(trim_space(mode)) == "host"

# --- without `input.Action` -----------------------------------------------------------------------

# The path without the version of the API: ["containers", "create"].
path := [segment |
	some i, segment in input.PathArr
	segment != ""
	not is_version(i, segment)
]

is_version(1, segment) if regex.match(`^v[0-9]+(\.[0-9]+)*$`, segment)

named_by_path := "container_create" if {
	input.Method == "POST"
	path == ["containers", "create"]
} else := "exec_create" if {
	input.Method == "POST"
	path[0] == "containers"
	path[2] == "exec"
} else := concat("_", ["container", path[2]]) if {
	path[0] == "containers"
	count(path) > 2
} else := "exec_start" if {
	input.Method == "POST"
	path[0] == "exec"
	path[2] == "start"
} else := "image_build" if {
	input.Method == "POST"
	path == ["build"]
} else := "image_pull" if {
	input.Method == "POST"
	path == ["images", "create"]
} else := "image_commit" if {
	input.Method == "POST"
	path == ["commit"]
} else := concat("_", [singular[path[0]], path[count(path) - 1]]) if {
	input.Method == "POST"
	count(path) > 1
} else := "plugin_remove" if {
	input.Method == "DELETE"
	path[0] == "plugins"
} else := "buildkit" if {
	path == ["grpc"]
} else := "session" if {
	path == ["session"]
} else := "other"

singular := {
	"configs": "config",
	"images": "image",
	"networks": "network",
	"nodes": "node",
	"plugins": "plugin",
	"secrets": "secret",
	"services": "service",
	"swarm": "swarm",
	"volumes": "volume",
}
