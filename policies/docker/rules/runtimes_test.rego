package docker.rules_test.runtimes

import data.docker.testing

test_usual if {
	testing.allowed("runtimes", testing.create({}), {"allowed": []})
	testing.allowed("runtimes", testing.create({"Runtime": ""}), {"allowed": []})
	testing.allowed("runtimes", testing.create({"Runtime": "kata-runtime"}), {})
	testing.allowed("runtimes", testing.reading("container_list"), {"allowed": []})
}

test_path if {
	testing.refused("runtimes", testing.create({"Runtime": "/srv/data/evil"}), {}, "by its path")
	testing.refused("runtimes", testing.create({"Runtime": "../evil"}), {}, "by its path")
	testing.allowed("runtimes", testing.create({"Runtime": "/x"}), {"enabled": false})
}

test_allowed if {
	settings := {"allowed": ["runc", "kata*"]}
	testing.allowed("runtimes", testing.create({"Runtime": "kata-runtime"}), settings)
	testing.refused("runtimes", testing.create({"Runtime": "crun"}), settings, "crun")
}
