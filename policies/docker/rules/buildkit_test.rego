package docker.rules_test.buildkit

import data.docker.testing

test_buildkit if {
	every action in ["buildkit", "session"] {
		testing.refused("buildkit", testing.request(action, {}), {}, "cannot be judged")
		testing.allowed("buildkit", testing.request(action, {}), {"allow": true})
		testing.allowed("buildkit", testing.request(action, {}), {"enabled": false})
	}
	testing.allowed("buildkit", testing.request("image_build", {}), {})
}

# Input that another program made.
test_as_written if {
	testing.refused("buildkit", {"Method": "POST", "PathArr": ["", "v1.41", "session"]}, {}, "cannot be judged")
	testing.refused("buildkit", {"Method": "POST", "PathArr": ["", "grpc"]}, {}, "cannot be judged")
}
