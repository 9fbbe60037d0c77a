# METADATA
# title: Ports of the host
# description: |
#   Where it is asked for, keeps containers off ports of the host: well-known ones without permission, those
#   that must not be taken at all, and addresses other than those listed.
# custom:
#   id: ports
#   severity: medium
#   cis: ["5.8", "5.9", "5.14"]
package docker.rules.ports

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.ports.enabled

# METADATA
# description: |
#   Ports below this one need permission (1024 for what only root could take); 0 for none.
# custom:
#   setting: true
default privileged_below := 0

privileged_below := data.docker.settings.ports.privileged_below

# METADATA
# description: |
#   People who have it, by the names of their certificates.
# custom:
#   setting: true
default approved_users := []

approved_users := data.docker.settings.ports.approved_users

# METADATA
# description: |
#   Groups whose members have it.
# custom:
#   setting: true
default approved_groups := []

approved_groups := data.docker.settings.ports.approved_groups

# METADATA
# description: |
#   Ports that nobody may publish.
# custom:
#   setting: true
default refused := []

refused := data.docker.settings.ports.refused

# METADATA
# description: |
#   Addresses of the host that ports may be published on, such as `127.0.0.1`; `*` for all.
# custom:
#   setting: true
default addresses := ["*"]

addresses := data.docker.settings.ports.addresses

# METADATA
# description: |
#   Whether all ports of an image may be published at once (`-P`).
# custom:
#   setting: true
default allow_publish_all := true

allow_publish_all := data.docker.settings.ports.allow_publish_all

deny contains msg if {
	privileged_below > 0
	some port in published
	port.Start < privileged_below
	not is_ephemeral(port)
	not lib.is_one_of(approved_users, approved_groups)
	msg := sprintf("port %s of the host is not for %s: ports below %v need permission", [
		range(port),
		lib.who,
		privileged_below,
	])
}

deny contains msg if {
	some refused_port in refused
	some port in published
	not is_ephemeral(port)
	port.Start <= refused_port
	refused_port <= port.End
	msg := sprintf("port %v of the host must not be published", [refused_port])
}

deny contains msg if {
	not lib.takes_any(addresses)
	some port in published
	not port.Address in addresses
	msg := sprintf("port %s must be published on one of %s (HostIp)", [range(port), concat(", ", addresses)])
}

deny contains "publishing all ports at once is not allowed (PublishAllPorts)" if {
	not allow_publish_all
	looks
	some host in lib.hosts
	host.PublishAllPorts == true
}

deny contains "ports are published, and which ones is not known" if {
	is_restricted
	looks
	has_ports
	not knows_ports
}

knows_ports if is_array(input.Ports)

looks if {
	enabled
	lib.makes_container
}

published := [{"Address": address_of(port), "Start": start_of(port), "End": end_of(port)} |
	some port in input.Ports
] if {
	looks
} else := []

address_of(port) := port.HostIP if {
	is_string(port.HostIP)
} else := ""

# What is no number stands for every port.
start_of(port) := port.Start if {
	is_number(port.Start)
} else := 0

end_of(port) := port.End if {
	is_number(port.End)
} else := 65535

is_ephemeral(port) if {
	port.Start == 0
	port.End == 0
}

range(port) := sprintf("%v", [port.Start]) if port.Start == port.End

range(port) := sprintf("%v-%v", [port.Start, port.End]) if port.Start != port.End

is_restricted if privileged_below > 0

is_restricted if count(refused) > 0

is_restricted if not lib.takes_any(addresses)

has_ports if {
	some host in lib.hosts
	count(host.PortBindings) > 0
}

has_ports if count(input.Body.EndpointSpec.Ports) > 0
