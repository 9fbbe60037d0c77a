package docker.rules_test.swarm

import data.docker.testing

test_usual if {
	testing.allowed("swarm", testing.request("swarm_init", {}), {})
	testing.allowed("swarm", testing.service({}), {})
	testing.allowed("swarm", testing.reading("service_list"), {"allow_services": false})
}

test_refused if {
	every setting, action in {
		"allow_cluster": "swarm_init",
		"allow_nodes": "node_update",
		"allow_secrets": "secret_create",
		"allow_services": "service_update",
	} {
		testing.refused("swarm", testing.request(action, {}), {setting: false}, "not allowed")
		testing.allowed("swarm", testing.request(action, {}), {setting: false, "enabled": false})
		testing.allowed("swarm", testing.reading(action), {setting: false})
	}
	testing.refused("swarm", testing.request("config_delete", {"Method": "DELETE"}), {"allow_secrets": false}, "config")
}
