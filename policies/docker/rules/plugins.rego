# METADATA
# title: Plugins of the daemon
# description: |
#   Refuses changes to plugins: one that is installed is root on the host, and one that is disabled may be the
#   gate. A service that runs a plugin is one, too.
# custom:
#   id: plugins
#   severity: high
#   cis: []
package docker.rules.plugins

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.plugins.enabled

# METADATA
# description: |
#   Whether plugins may be installed, changed and removed by anyone.
# custom:
#   setting: true
default allow_changes := false

allow_changes := data.docker.settings.plugins.allow_changes

# METADATA
# description: |
#   People who may, by the names of their certificates.
# custom:
#   setting: true
default approved_users := []

approved_users := data.docker.settings.plugins.approved_users

# METADATA
# description: |
#   Groups whose members may.
# custom:
#   setting: true
default approved_groups := []

approved_groups := data.docker.settings.plugins.approved_groups

deny contains "changing plugins is not allowed: it could switch this policy off" if {
	changes
	enabled
	not allow_changes
	not lib.is_one_of(approved_users, approved_groups)
}

changes if {
	startswith(lib.action, "plugin_")
	not lib.only_reads
}

deny contains "a service must not run a plugin (PluginSpec)" if {
	lib.changes_service
	enabled
	runs_plugin
	not allow_changes
	not lib.is_one_of(approved_users, approved_groups)
}

runs_plugin if not input.Body.TaskTemplate.PluginSpec in {null, {}}

runs_plugin if lower(trim_space(input.Body.TaskTemplate.Runtime)) == "plugin"
