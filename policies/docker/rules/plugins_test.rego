package docker.rules_test.plugins

import data.docker.testing

test_usual if {
	testing.allowed("plugins", testing.reading("plugin_list"), {})
	testing.allowed("plugins", testing.create({}), {})
	testing.allowed("plugins", testing.service({"PluginSpec": null, "Runtime": "container"}), {})
	testing.allowed("plugins", testing.service({}), {})
}

test_changes if {
	every verb in ["create", "disable", "enable", "pull", "push", "remove", "set", "upgrade"] {
		action := concat("_", ["plugin", verb])
		testing.refused("plugins", testing.request(action, {}), {}, "switch this policy off")
		testing.allowed("plugins", testing.request(action, {}), {"allow_changes": true})
		testing.allowed("plugins", testing.request(action, {}), {"enabled": false})
	}
}

test_approval if {
	settings := {"approved_users": ["alice"], "approved_groups": ["platform"]}
	request := testing.request("plugin_set", {})
	testing.allowed("plugins", testing.by(request, "alice", []), settings)
	testing.allowed("plugins", testing.by(request, "bob", ["platform"]), settings)
	testing.refused("plugins", testing.by(request, "bob", []), settings, "plugins")
}

# A service may install a plugin on every node.
test_services if {
	testing.refused("plugins", testing.service({"PluginSpec": {"Name": "p"}}), {}, "PluginSpec")
	testing.refused("plugins", testing.service({"Runtime": "plugin"}), {}, "PluginSpec")
	testing.allowed("plugins", testing.service({"Runtime": "plugin"}), {"allow_changes": true})
	testing.allowed("plugins", testing.by(testing.service({"Runtime": "plugin"}), "a", []), {"approved_users": ["a"]})
}
