package docker.rules_test.apparmor

import data.docker.testing

named(profile) := testing.secured({"AppArmor": profile})

test_usual if {
	testing.allowed("apparmor", testing.create({}), {})
	testing.allowed("apparmor", named("docker-nginx"), {})
	testing.allowed("apparmor", testing.reading("container_list"), {"require_explicit": true})
}

test_unconfined if {
	testing.refused("apparmor", named("unconfined"), {}, "AppArmor")
	testing.allowed("apparmor", named("unconfined"), {"allow_unconfined": true, "profiles": ["docker-*"]})
	testing.allowed("apparmor", named("unconfined"), {"enabled": false})
}

test_profiles if {
	settings := {"profiles": ["docker-*"]}
	testing.allowed("apparmor", named("docker-nginx"), settings)
	testing.allowed("apparmor", named(""), settings)
	testing.refused("apparmor", named("mine"), settings, "mine")
}

test_explicit if {
	testing.refused("apparmor", named(""), {"require_explicit": true}, "must name its AppArmor profile")
	testing.allowed("apparmor", named("docker-default"), {"require_explicit": true})
}

test_options_as_written if {
	testing.refused("apparmor", as_written(["apparmor:unconfined"]), {}, "AppArmor")
	testing.refused("apparmor", as_written(["apparmor=a", "apparmor=unconfined"]), {}, "AppArmor")
	testing.refused("apparmor", as_written(["apparmor=mine"]), {"profiles": ["a"]}, "mine")
	testing.refused("apparmor", as_written(null), {"require_explicit": true}, "must name")
}

as_written(options) := object.remove(testing.create({"SecurityOpt": options}), ["Security"])
