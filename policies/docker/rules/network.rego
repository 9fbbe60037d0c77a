# METADATA
# title: Networks that containers may be in
# description: |
#   Refuses the host's network, where every service of the host, and whatever listens on loopback, is
#   within reach.
# custom:
#   id: network
#   severity: high
#   cis: ["5.10", "5.30"]
package docker.rules.network

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.network.enabled

# METADATA
# description: |
#   Whether containers and builds may be in the host's network.
# custom:
#   setting: true
default allow_host := false

allow_host := data.docker.settings.network.allow_host

# METADATA
# description: |
#   Whether a container may join the network of another one.
# custom:
#   setting: true
default allow_container := true

allow_container := data.docker.settings.network.allow_container

# METADATA
# description: |
#   Networks that containers may be in, as patterns: `bridge`, `none`, names of networks. What
#   `allow_host` and `allow_container` allow need not be listed.
# custom:
#   setting: true
default modes := ["*"]

modes := data.docker.settings.network.modes

# METADATA
# description: |
#   Whether a container may be in the bridge that all containers share by default.
# custom:
#   setting: true
default allow_default_bridge := true

allow_default_bridge := data.docker.settings.network.allow_default_bridge

# METADATA
# description: |
#   Drivers that networks may be made with, as patterns; `macvlan` and `ipvlan` reach the host's own network.
# custom:
#   setting: true
default drivers := ["*"]

drivers := data.docker.settings.network.drivers

deny contains "the host's network namespace is not allowed (NetworkMode)" if {
	looks
	some mode in modes_asked
	lib.is_host(mode)
	not allow_host
}

deny contains "the host's network is not allowed (NetworkingConfig)" if {
	looks
	some network, _ in input.Body.NetworkingConfig.EndpointsConfig
	lib.is_host(network)
	not allow_host
}

deny contains "the host's network is not allowed (Networks)" if {
	looks
	some attachment in service_networks
	lib.is_host(attachment.Target)
	not allow_host
}

deny contains "the host's network is not allowed (build)" if {
	lib.action == "image_build"
	enabled
	some mode in input.Query.networkmode
	lib.is_host(mode)
	not allow_host
}

deny contains msg if {
	looks
	not allow_container
	some mode in modes_asked
	is_container(mode)
	msg := sprintf("joining the network of another container is not allowed (%s)", [mode])
}

deny contains msg if {
	looks
	not lib.takes_any(modes)
	some network in networks_asked
	not lib.is_host(network)
	not is_container(network)
	not lib.matches(modes, network)
	msg := sprintf("the network %s is not one of those that are allowed", [network])
}

deny contains "the default bridge is not allowed: make a network for the containers that belong together" if {
	looks
	not allow_default_bridge
	some network in networks_asked
	network == "bridge"
}

deny contains msg if {
	lib.action == "network_create"
	enabled
	not lib.takes_any(drivers)
	driver := network_driver
	not lib.matches(drivers, driver)
	msg := sprintf("networks with the driver %s are not allowed", [driver])
}

looks if {
	lib.makes_container
	enabled
}

modes_asked contains host.NetworkMode if {
	some host in lib.hosts
	is_string(host.NetworkMode)
}

modes_asked contains shared_network(share) if {
	some share in input.Sharing
	share.Kind == "network"
}

shared_network(share) := "host" if share.Target == "host"

shared_network(share) := sprintf("container:%v", [object.get(share, "Target", "")]) if share.Target != "host"

is_container(mode) if startswith(lower(trim_space(mode)), "container:")

# `default` and nothing stand for the default bridge; a network of its own stands for itself.
networks_asked contains default_network(mode) if {
	some host in lib.hosts
	mode := object.get(host, "NetworkMode", "")
	is_host_config(host)
}

networks_asked contains network if some network, _ in input.Body.NetworkingConfig.EndpointsConfig

networks_asked contains attachment.Target if some attachment in service_networks

default_network(mode) := "bridge" if mode in {"", "default"}

default_network(mode) := mode if not mode in {"", "default"}

# The top of a body counts for old engines alone, where it names a network.
is_host_config(host) if host == input.Body.HostConfig

is_host_config(host) if host.NetworkMode

service_networks := array.concat(
	[attachment | some attachment in input.Body.TaskTemplate.Networks],
	[attachment | some attachment in input.Body.Networks],
)

default network_driver := "bridge"

network_driver := input.Body.Driver if input.Body.Driver != ""
