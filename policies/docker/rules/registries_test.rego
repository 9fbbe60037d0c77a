package docker.rules_test.registries

import data.docker.testing

settings := {"allowed": ["ghcr.io", "docker.io/library", "registry.example.com/team/"]}

image(registry, repository) := {
	"Digest": "",
	"Reference": concat("/", [registry, repository]),
	"Registry": registry,
	"Repository": repository,
	"Tag": "1",
}

run(registry, repository) := testing.create_with({}, {"Image": image(registry, repository)})

test_usual if {
	testing.allowed("registries", testing.create({}), {})
	testing.allowed("registries", testing.request("image_load", {}), {})
	testing.allowed("registries", testing.reading("image_list"), {"allowed": []})
}

test_allowed if {
	testing.allowed("registries", testing.create({}), settings)
	testing.allowed("registries", run("ghcr.io", "a/b"), settings)
	testing.allowed("registries", run("registry.example.com", "team/app"), settings)
	testing.refused("registries", run("registry.example.com", "teams/app"), settings, "not from an allowed registry")
	testing.refused("registries", run("ghcr.io.evil.com", "a/b"), settings, "not from")
	testing.refused("registries", run("docker.io", "evil/nginx"), settings, "not from")
	testing.allowed("registries", run("evil.com", "a"), object.union(settings, {"enabled": false}))
}

test_every_action if {
	evil := {"Image": image("evil.com", "a")}
	every action in ["image_pull", "image_push", "service_create", "container_create"] {
		testing.refused("registries", testing.request(action, evil), settings, "evil.com/a")
		testing.refused("registries", testing.request(action, {}), settings, "cannot be read")
	}
}

test_import if {
	every action in ["image_load", "image_import"] {
		testing.refused("registries", testing.request(action, {}), {"allow_import": false}, "registries alone")
	}
}

test_latest if {
	refusing := {"allow_latest": false}
	testing.refused("registries", testing.create({}), refusing, "needs a tag other than")
	testing.allowed("registries", run("ghcr.io", "a"), refusing)
	digest := testing.create_with({}, {"Image": object.union(testing.nginx, {"Digest": "sha256:aa"})})
	testing.allowed("registries", digest, refusing)
	testing.refused("registries", testing.create_with({}, {"Image": null}), refusing, "needs a tag")
}

test_digest if {
	requiring := {"require_digest": true}
	testing.refused("registries", testing.create({}), requiring, "by its digest")
	every digest in ["sha256:aa", "sha512:bb"] {
		request := testing.create_with({}, {"Image": object.union(testing.nginx, {"Digest": digest})})
		testing.allowed("registries", request, requiring)
	}
}
