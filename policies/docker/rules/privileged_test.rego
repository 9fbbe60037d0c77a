package docker.rules_test.privileged

import data.docker.testing

settings := {"approved_users": ["alice"], "approved_groups": ["platform"]}

privileged := testing.create({"Privileged": true})

justified := testing.create_with({"Privileged": true}, {"Body": {"Labels": {"privileged-justification": "disks"}}})

test_usual if {
	testing.allowed("privileged", testing.create({}), {})
	testing.allowed("privileged", testing.reading("container_list"), {})
}

test_privileged if {
	testing.refused("privileged", privileged, {}, "privileged containers")
	testing.refused("privileged", justified, {}, "privileged containers")
	testing.allowed("privileged", privileged, {"enabled": false})
}

test_wherever_it_stands if {
	testing.refused("privileged", testing.body("container_start", {"Privileged": true}), {}, "privileged")
	testing.refused("privileged", testing.body("container_start", {"HostConfig": {"Privileged": true}}), {}, "privileged")
	testing.refused("privileged", testing.body("container_create", {"Privileged": true}), {}, "privileged")
	testing.refused("privileged", testing.body("container_update", {"Privileged": true}), {}, "privileged")
}

test_approval if {
	testing.allowed("privileged", testing.by(justified, "alice", []), settings)
	testing.allowed("privileged", testing.by(justified, "carol", ["platform"]), settings)
	testing.refused("privileged", testing.by(justified, "bob", ["web"]), settings, "privileged containers")
	testing.refused("privileged", justified, settings, "privileged containers")
}

test_nobody_is_not_approved if {
	testing.refused("privileged", justified, {"approved_users": [""]}, "privileged containers")
}

test_justification if {
	request := testing.by(privileged, "alice", [])
	testing.refused("privileged", request, settings, "needs the label `privileged-justification`")
	testing.allowed("privileged", request, object.union(settings, {"justification_label": ""}))
	blank := testing.create_with({"Privileged": true}, {"Body": {"Labels": {"privileged-justification": " "}}})
	testing.refused("privileged", testing.by(blank, "alice", []), settings, "needs the label")
}

# A header says whatever its sender wrote.
test_header_is_no_name if {
	request := object.union(justified, {"Headers": {"Authz-User": "alice"}, "User": "alice"})
	testing.refused("privileged", object.remove(request, ["Identity"]), settings, "privileged containers")
	known := object.union(request, {"AuthMethod": "TLS"})
	testing.allowed("privileged", object.remove(known, ["Identity", "Groups"]), settings)
}
