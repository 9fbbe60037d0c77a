package docker.rules_test.restart

import data.docker.testing

again(name, count) := testing.create({"RestartPolicy": {"MaximumRetryCount": count, "Name": name}})

test_usual if {
	testing.allowed("restart", again("always", 0), {})
	testing.allowed("restart", testing.create({}), {"allowed": ["no"], "retries_max": 5})
	testing.allowed("restart", testing.reading("container_list"), {"allowed": []})
}

test_allowed if {
	testing.refused("restart", again("always", 0), {"allowed": ["no", "on-failure"]}, "always")
	testing.refused("restart", testing.create({"RestartPolicy": {}}), {"allowed": []}, "policy no")
	testing.refused("restart", testing.body("container_update", {"RestartPolicy": {"MaximumRetryCount": 1}}), {"allowed": []}, "policy no")
	update := testing.body("container_update", {"RestartPolicy": {"Name": "always"}})
	testing.refused("restart", update, {"allowed": ["no"]}, "always")
	testing.allowed("restart", again("always", 0), {"allowed": ["no"], "enabled": false})
}

test_bound if {
	settings := {"retries_max": 5}
	testing.refused("restart", again("on-failure", 0), settings, "at most 5")
	testing.refused("restart", again("on-failure", 6), settings, "at most 5")
	testing.refused("restart", testing.create({"RestartPolicy": {"Name": "on-failure"}}), settings, "at most 5")
	testing.allowed("restart", again("on-failure", 5), settings)
}
