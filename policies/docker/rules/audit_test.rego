package docker.rules_test.audit

import data.docker.testing

test_usual if {
	testing.allowed("audit", testing.create({}), {})
	testing.allowed("audit", testing.reading("container_list"), {"require_identity": true, "required_labels": ["a"]})
}

test_identity if {
	settings := {"require_identity": true}
	testing.refused("audit", testing.create({}), settings, "changes need a name")
	testing.allowed("audit", testing.by(testing.create({}), "alice", []), settings)
	testing.allowed("audit", testing.request("system_auth", {}), settings)
	testing.allowed("audit", testing.create({}), {"require_identity": true, "enabled": false})
}

test_log_drivers if {
	settings := {"refused_log_drivers": ["none"]}
	testing.refused("audit", testing.create({"LogConfig": {"Type": "none"}}), settings, "log driver none")
	testing.refused("audit", testing.service({"LogDriver": {"Name": "none"}}), settings, "log driver none")
	testing.allowed("audit", testing.create({}), settings)
}

test_labels if {
	settings := {"required_labels": ["owner"]}
	testing.refused("audit", testing.create({}), settings, "`owner` is missing")
	testing.refused("audit", labelled(" "), settings, "`owner` is missing")
	testing.refused("audit", testing.service({}), settings, "`owner` is missing")
	testing.allowed("audit", labelled("team-a"), settings)
}

labelled(value) := testing.create_with({}, {"Body": {"Labels": {"owner": value}}})
