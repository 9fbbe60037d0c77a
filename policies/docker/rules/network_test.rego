package docker.rules_test.network

import data.docker.testing

test_usual if {
	testing.allowed("network", testing.create({}), {})
	testing.allowed("network", testing.create({"NetworkMode": "web"}), {})
	testing.allowed("network", testing.create({"NetworkMode": "container:a"}), {})
	testing.allowed("network", testing.body("network_create", {"Driver": "macvlan"}), {})
	testing.allowed("network", testing.reading("network_list"), {"modes": [], "drivers": []})
}

test_host if {
	testing.refused("network", testing.create({"NetworkMode": "host"}), {}, "NetworkMode")
	testing.refused("network", testing.create_with({}, {"Sharing": [{"Kind": "network", "Target": "host"}]}), {}, "host's network")
	endpoints := {"Body": {"NetworkingConfig": {"EndpointsConfig": {"host": {}}}}}
	testing.refused("network", testing.create_with({}, endpoints), {}, "NetworkingConfig")
	testing.refused("network", testing.service({"Networks": [{"Target": "host"}]}), {}, "(Networks)")
	testing.refused("network", testing.request("image_build", {"Query": {"networkmode": ["host"]}}), {}, "build")
	testing.allowed("network", testing.request("image_build", {"Query": {"networkmode": ["none"]}}), {})
}

test_host_allowed if {
	settings := {"allow_host": true, "modes": []}
	testing.allowed("network", testing.create({"NetworkMode": "host"}), settings)
	testing.allowed("network", testing.request("image_build", {"Query": {"networkmode": ["host"]}}), settings)
	testing.allowed("network", testing.create({"NetworkMode": "host"}), {"enabled": false})
}

test_container if {
	settings := {"allow_container": false}
	testing.refused("network", testing.create({"NetworkMode": "container:a"}), settings, "container:a")
	shared := testing.create_with({}, {"Sharing": [{"Kind": "network", "Target": "b"}]})
	testing.refused("network", shared, settings, "container:b")
	testing.allowed("network", testing.create({"NetworkMode": "web"}), settings)
}

test_modes if {
	settings := {"modes": ["bridge", "web-*"]}
	testing.allowed("network", testing.create({}), settings)
	testing.allowed("network", testing.create({"NetworkMode": "web-1"}), settings)
	testing.refused("network", testing.create({"NetworkMode": "none"}), settings, "none")
	endpoints := {"Body": {"NetworkingConfig": {"EndpointsConfig": {"db": {}}}}}
	testing.refused("network", testing.create_with({}, endpoints), settings, "db")
	testing.refused("network", testing.service({"Networks": [{"Target": "db"}]}), settings, "db")
	testing.allowed("network", testing.service({}), settings)
}

test_default_bridge if {
	settings := {"allow_default_bridge": false}
	every mode in ["default", "bridge", ""] {
		testing.refused("network", testing.create({"NetworkMode": mode}), settings, "default bridge")
	}
	testing.refused("network", testing.body("container_create", {"HostConfig": {}}), settings, "default bridge")
	testing.allowed("network", testing.create({"NetworkMode": "web"}), settings)
}

test_drivers if {
	settings := {"drivers": ["bridge", "overlay"]}
	testing.allowed("network", testing.body("network_create", {"Driver": "overlay"}), settings)
	testing.allowed("network", testing.body("network_create", {"Driver": ""}), settings)
	testing.allowed("network", testing.body("network_create", {}), settings)
	testing.refused("network", testing.body("network_create", {"Driver": "macvlan"}), settings, "macvlan")
}
