# METADATA
# title: Runtimes that containers may use
# description: |
#   Refuses a runtime that is named by its path: newer engines run whatever lies there, as root on the host.
#   Where it is asked for, refuses runtimes that are not listed.
# custom:
#   id: runtimes
#   severity: high
#   cis: []
package docker.rules.runtimes

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.runtimes.enabled

# METADATA
# description: |
#   Names of runtimes, as patterns. Docker's default, which is asked for by no name, is always allowed.
# custom:
#   setting: true
default allowed := ["*"]

allowed := data.docker.settings.runtimes.allowed

deny contains msg if {
	some runtime in asked
	contains(runtime, "/")
	msg := sprintf("a runtime must not be named by its path (%s)", [runtime])
}

deny contains msg if {
	some runtime in asked
	not contains(runtime, "/")
	not lib.matches(allowed, runtime)
	msg := sprintf("the runtime %s is not allowed", [runtime])
}

asked contains host.Runtime if {
	enabled
	lib.makes_container
	some host in lib.hosts
	not host.Runtime in {"", null}
}
