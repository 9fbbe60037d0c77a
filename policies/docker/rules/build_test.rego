package docker.rules_test.build

import data.docker.testing

build(query) := testing.request("image_build", {"Query": query})

test_usual if {
	testing.allowed("build", build({"t": ["a"]}), {"allow_remote": false})
	testing.allowed("build", testing.request("image_commit", {}), {})
	testing.allowed("build", testing.reading("image_list"), {"allow": false})
}

test_at_all if {
	testing.refused("build", build({}), {"allow": false}, "building images")
	testing.allowed("build", build({}), {"allow": false, "enabled": false})
}

test_remote if {
	testing.refused("build", build({"remote": ["https://example.com/x.git"]}), {"allow_remote": false}, "from an address")
	testing.allowed("build", build({"remote": ["client-session"]}), {"allow_remote": false})
	testing.allowed("build", build({"remote": ["https://example.com/x.git"]}), {})
}

test_security if testing.refused("build", build({"securityopt": ["seccomp=Unconfined"]}), {}, "without confinement")

test_commit if testing.refused("build", testing.request("image_commit", {}), {"allow_commit": false}, "commit")

# Input that another program made.
test_as_written if {
	build_written := {"Method": "POST", "PathArr": ["", "v1.41", "build"], "Query": {}}
	testing.refused("build", build_written, {"allow": false}, "building images")
	commit_written := {"Method": "POST", "PathArr": ["", "v1.41", "commit"], "Query": {}}
	testing.refused("build", commit_written, {"allow_commit": false}, "commit")
	pull_written := {"Method": "POST", "PathArr": ["", "v1.41", "images", "create"], "Query": {}}
	testing.refused("registries", pull_written, {"allowed": []}, "cannot be read")
}
