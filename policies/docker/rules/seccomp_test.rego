package docker.rules_test.seccomp

import data.docker.testing

test_usual if {
	testing.allowed("seccomp", testing.create({}), {})
	testing.allowed("seccomp", testing.secured({"Seccomp": "builtin"}), {})
	testing.allowed("seccomp", testing.reading("container_list"), {})
}

test_unconfined if {
	request := testing.secured({"Seccomp": "unconfined"})
	testing.refused("seccomp", request, {}, "seccomp=unconfined")
	testing.allowed("seccomp", request, {"allow_unconfined": true})
	testing.allowed("seccomp", request, {"enabled": false})
}

strict := {"defaultAction": "SCMP_ACT_ERRNO"}

inline(profile) := testing.secured({"Seccomp": "inline", "SeccompInline": profile})

test_profile_that_refuses if {
	testing.allowed("seccomp", inline(strict), {})
	testing.refused("seccomp", inline(strict), {"allow_inline": false}, "of one's own")
}

test_profile_that_allows if {
	every action in ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "", null] {
		testing.refused("seccomp", inline({"defaultAction": action}), {}, "allows by default")
	}
	testing.refused("seccomp", inline({}), {}, "allows by default")
	testing.allowed("seccomp", inline({}), {"allow_unconfined": true})
}

test_profile_that_cannot_be_read if testing.refused("seccomp", inline(null), {}, "cannot be read")

test_approved if {
	digest := crypto.sha256(`{"defaultAction":"SCMP_ACT_ERRNO"}`)
	testing.allowed("seccomp", inline(strict), {"approved": [digest]})
	testing.refused("seccomp", inline(strict), {"approved": ["00"]}, "not one of those")
}

test_service if {
	request := object.union(
		testing.service({}),
		{"Security": object.union(testing.confined, {"Seccomp": "unconfined"})},
	)
	testing.refused("seccomp", request, {}, "unconfined")
}

# Input that another program made.
test_options_as_written if {
	every option in ["seccomp=unconfined", "seccomp:unconfined", "SECCOMP=unconfined"] {
		testing.refused("seccomp", as_written([option]), {}, "unconfined")
	}
	testing.refused("seccomp", as_written([`seccomp={"defaultAction":"SCMP_ACT_ALLOW"}`]), {}, "allows by default")
	testing.allowed("seccomp", as_written([`seccomp={"defaultAction":"SCMP_ACT_ERRNO"}`]), {})
	testing.refused("seccomp", as_written(["seccomp={"]), {}, "cannot be read")
	testing.allowed("seccomp", as_written(["no-new-privileges"]), {})
	testing.refused("seccomp", as_written(["seccomp=builtin", "seccomp=unconfined"]), {}, "unconfined")
}

as_written(options) := object.remove(testing.create({"SecurityOpt": options}), ["Security"])
