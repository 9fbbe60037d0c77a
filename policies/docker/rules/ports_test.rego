package docker.rules_test.ports

import data.docker.testing

port(start, end) := {"ContainerPort": 80, "End": end, "HostIP": "", "Proto": "tcp", "Start": start}

publish(ports) := testing.create_with({}, {"Ports": ports})

settings := {"privileged_below": 1024, "approved_users": ["alice"], "refused": [22, 3389]}

test_usual if {
	testing.allowed("ports", publish([port(22, 22)]), {})
	testing.allowed("ports", publish([port(8080, 8080), port(0, 0)]), settings)
	testing.allowed("ports", testing.create({"PublishAllPorts": true}), {})
	testing.allowed("ports", testing.reading("container_list"), settings)
	testing.allowed("ports", testing.create_with({}, {"Ports": null}), settings)
}

test_privileged if {
	testing.refused("ports", publish([port(80, 80)]), settings, "port 80 of the host is not for")
	testing.refused("ports", publish([port(1000, 2000)]), settings, "port 1000-2000")
	testing.refused("ports", publish([port(0, 65535)]), settings, "port 0-65535")
	testing.refused("ports", publish([{}]), settings, "port 0-65535")
	testing.allowed("ports", testing.by(publish([port(80, 80)]), "alice", []), settings)
	testing.refused("ports", testing.by(publish([port(80, 80)]), "bob", []), settings, "not for `bob`")
	testing.allowed("ports", publish([port(80, 80)]), object.union(settings, {"enabled": false}))
	service := object.union(testing.service({}), {"Ports": [port(80, 80)]})
	testing.refused("ports", service, settings, "port 80")
}

test_refused if {
	testing.refused("ports", testing.by(publish([port(22, 22)]), "alice", []), settings, "port 22 of the host must not")
	testing.refused("ports", publish([port(3000, 4000)]), settings, "port 3389 of the host must not")
	testing.refused("ports", publish([port(0, 65535)]), {"refused": [22]}, "port 22")
	testing.allowed("ports", publish([port(23, 23)]), {"refused": [22]})
}

test_addresses if {
	testing.allowed("ports", listening("127.0.0.1"), {"addresses": ["127.0.0.1", "::1"]})
	testing.refused("ports", listening(""), {"addresses": ["127.0.0.1"]}, "must be published on one of 127.0.0.1")
	testing.refused("ports", listening("0.0.0.0"), {"addresses": ["127.0.0.1"]}, "port 8080")
}

test_publish_all if {
	testing.refused("ports", testing.create({"PublishAllPorts": true}), {"allow_publish_all": false}, "at once")
	testing.allowed("ports", testing.create({}), {"allow_publish_all": false})
}

# Input that another program made does not tell ports.
test_ports_that_are_not_known if {
	request := object.remove(testing.create({"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}), ["Ports"])
	testing.refused("ports", request, {"privileged_below": 1024}, "is not known")
	testing.refused("ports", request, {"refused": [22]}, "is not known")
	testing.refused("ports", request, {"addresses": []}, "is not known")
	testing.allowed("ports", request, {})
	testing.allowed("ports", object.remove(testing.create({}), ["Ports"]), settings)
	service := object.union(testing.service({}), {"Body": {"EndpointSpec": {"Ports": [{"PublishedPort": 80}]}}})
	testing.refused("ports", object.remove(service, ["Ports"]), settings, "is not known")
}

listening(address) := publish([object.union(port(8080, 8080), {"HostIP": address})])
