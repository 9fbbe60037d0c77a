package docker.rules_test.masked_paths

import data.docker.testing

test_usual if {
	testing.allowed("masked_paths", testing.create({}), {})
	testing.allowed("masked_paths", testing.reading("container_list"), {"allow_unknown_options": false})
}

test_uncovered if {
	every field in ["SystemPathsUnconfined", "MaskedPathsCleared", "ReadonlyPathsCleared"] {
		testing.refused("masked_paths", testing.secured({field: true}), {}, "system paths")
		testing.allowed("masked_paths", testing.secured({field: true}), {"allow_uncovered": true})
		testing.allowed("masked_paths", testing.secured({field: true}), {"enabled": false})
	}
}

test_own_lists if {
	testing.refused("masked_paths", testing.create({"MaskedPaths": ["/proc/kcore"]}), {}, "MaskedPaths without")
	testing.refused("masked_paths", testing.create({"ReadonlyPaths": ["/proc/bus"]}), {}, "/proc/sysrq-trigger")
	settings := {"masked": ["/proc/kcore"]}
	testing.allowed("masked_paths", testing.create({"MaskedPaths": ["/proc/kcore", "/x"]}), settings)
	testing.allowed("masked_paths", testing.create({"MaskedPaths": ["/x"]}), {"allow_uncovered": true})
}

test_unknown if {
	request := testing.secured({"Unknown": ["writable-cgroups=true"]})
	testing.allowed("masked_paths", request, {})
	testing.refused("masked_paths", request, {"allow_unknown_options": false}, "writable-cgroups")
}

test_options_as_written if {
	testing.refused("masked_paths", as_written({"SecurityOpt": ["systempaths=unconfined"]}), {}, "system paths")
	testing.refused("masked_paths", as_written({"MaskedPaths": []}), {}, "MaskedPaths")
	testing.refused("masked_paths", as_written({"ReadonlyPaths": []}), {}, "ReadonlyPaths")
	testing.allowed("masked_paths", as_written({"MaskedPaths": null}), {})
}

as_written(host) := object.remove(testing.create(host), ["Security"])
