package docker.rules_test.container_user

import data.docker.testing

run_by(user) := testing.create_with({}, {"Body": {"User": user}})

settings := {"require_non_root": true}

test_usual if {
	testing.allowed("container_user", testing.create({}), {})
	testing.allowed("container_user", run_by("root"), {})
	testing.allowed("container_user", testing.reading("container_list"), settings)
}

test_named if {
	testing.refused("container_user", testing.create({}), settings, "a user that is named")
	testing.refused("container_user", testing.body("container_create", {}), settings, "a user that is named")
	testing.refused("container_user", testing.service({}), settings, "a user that is named")
	testing.allowed("container_user", run_by("1000:1000"), settings)
	testing.allowed("container_user", testing.serving({"User": "app"}), settings)
	testing.allowed("container_user", testing.create({}), {"require_non_root": true, "enabled": false})
}

# The daemon reads numbers with signs and zeros.
test_root if {
	every user in ["root", "0", "0:1000", "root:app", "00", "+0", "-0"] {
		testing.refused("container_user", run_by(user), settings, "must not be run by root")
	}
	testing.refused("container_user", testing.serving({"User": "root"}), settings, "by root")
	testing.allowed("container_user", run_by("10"), settings)
}

test_refused if testing.refused("container_user", run_by("docker:docker"), {"refused_users": ["docker"]}, "by docker")
