package docker.rules_test.users

import data.docker.testing

settings := {
	"anonymous_roles": ["nobody"],
	"default_roles": ["viewer"],
	"enabled": true,
	"groups": {"team-a": ["developer"]},
	"members": {"alice": ["admin"], "bob": ["viewer"]},
	"roles": {"admin": ["*"], "developer": ["read", "container_*"], "nobody": [], "viewer": ["read"]},
}

list := testing.reading("container_list")

test_off if testing.allowed("users", testing.create({}), {})

test_roles if {
	testing.allowed("users", testing.by(testing.create({}), "alice", []), settings)
	testing.allowed("users", testing.by(list, "bob", []), settings)
	testing.refused("users", testing.by(testing.create({}), "bob", []), settings, "`bob` may not do this (container_create)")
	testing.allowed("users", testing.by(testing.create({}), "carol", ["team-a"]), settings)
	testing.refused("users", testing.by(testing.request("image_build", {}), "carol", ["team-a"]), settings, "image_build")
	testing.allowed("users", testing.by(testing.create({}), "bob", ["team-a"]), settings)
}

test_default if {
	testing.allowed("users", testing.by(list, "dave", []), settings)
	testing.refused("users", testing.by(testing.create({}), "dave", []), settings, "`dave`")
	testing.refused("users", testing.by(list, "dave", []), object.union(settings, {"default_roles": []}), "`dave`")
	groups := object.union(settings, {"groups": {"team-a": ["nobody"]}})
	testing.refused("users", testing.by(list, "dave", ["team-a"]), groups, "`dave`")
}

test_nobody if {
	testing.refused("users", list, settings, "whoever is not known by a certificate")
	testing.allowed("users", list, object.union(settings, {"anonymous_roles": ["viewer"]}))
}

# Handing out what is inside is no reading.
test_reading if {
	archive := testing.request("container_archive_get", {"Method": "GET"})
	testing.refused("users", testing.by(archive, "bob", []), settings, "container_archive_get")
}

test_always_allowed if {
	every action in ["system_ping", "system_version", "system_info", "system_auth", "system_options"] {
		testing.allowed("users", testing.request(action, {}), settings)
	}
}

test_read_only if {
	only := object.union(settings, {"read_only": true})
	testing.refused("users", testing.by(testing.create({}), "alice", []), only, "only looking is allowed")
	testing.allowed("users", testing.by(list, "alice", []), only)
	testing.allowed("users", testing.request("system_auth", {}), only)
}

# Input that another program made.
test_as_written if {
	open := object.union(settings, {"anonymous_roles": ["viewer"]})
	testing.allowed("users", written("GET", ["v1.41", "containers", "json"]), open)
	testing.allowed("users", written("GET", ["_ping"]), settings)
	testing.refused("users", written("GET", ["containers", "a", "export"]), open, "container_export")
	testing.refused("users", written("DELETE", ["containers", "a"]), open, "other")
}

written(method, segments) := {"Method": method, "PathArr": array.concat([""], segments), "Body": null}
