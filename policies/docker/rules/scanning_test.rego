package docker.rules_test.scanning

import data.docker.testing

digest := "sha256:aa"

image(fields) := testing.create_with({}, {"Image": object.union(testing.nginx, fields)})

settings := {
	"enabled": true,
	"images": {"docker.io/library/nginx:1": 0, "docker.io/library/nginx:2": 3, "docker.io/library/nginx@sha256:aa": 0},
}

test_off if testing.allowed("scanning", testing.create({}), {})

test_list if {
	testing.refused("scanning", testing.create({}), settings, "nginx has not been scanned")
	testing.allowed("scanning", image({"Tag": "1"}), settings)
	testing.allowed("scanning", image({"Tag": "", "Digest": digest}), settings)
	testing.refused("scanning", image({"Tag": "2"}), settings, "3 known vulnerabilities")
	testing.allowed("scanning", image({"Tag": "2"}), object.union(settings, {"vulnerabilities_max": 3}))
	testing.allowed("scanning", testing.reading("container_list"), settings)
}

test_image_that_is_not_known if {
	testing.refused("scanning", object.remove(testing.create({}), ["Image"]), settings, "cannot be read")
	testing.refused("scanning", testing.create_with({}, {"Image": null}), settings, "cannot be read")
}
