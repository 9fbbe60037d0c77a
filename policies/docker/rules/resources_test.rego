package docker.rules_test.resources

import data.docker.testing

limited(limits) := testing.service({"Resources": {"Limits": limits}})

update(fields) := testing.body("container_update", fields)

test_usual if {
	testing.allowed("resources", testing.create({}), {})
	testing.allowed("resources", testing.reading("container_list"), {"require_memory": true})
}

test_memory_required if {
	settings := {"require_memory": true}
	testing.refused("resources", testing.create({}), settings, "limit of memory")
	testing.refused("resources", testing.service({}), settings, "limit of memory")
	testing.refused("resources", testing.body("container_create", {}), settings, "limit of memory")
	testing.allowed("resources", testing.create({"Memory": 1}), settings)
	testing.allowed("resources", limited({"MemoryBytes": 1}), settings)
	testing.allowed("resources", update({"Memory": 0}), settings)
	testing.allowed("resources", testing.create({}), {"require_memory": true, "enabled": false})
}

test_memory_bounds if {
	settings := {"memory_min": 100, "memory_max": 1000}
	testing.refused("resources", testing.create({"Memory": 99}), settings, "below 100")
	testing.refused("resources", testing.create({"Memory": 1001}), settings, "above 1000")
	testing.refused("resources", limited({"MemoryBytes": 1001}), settings, "above 1000")
	testing.refused("resources", update({"Memory": 1001}), settings, "above 1000")
	testing.allowed("resources", testing.create({"Memory": 100}), settings)
	testing.allowed("resources", testing.create({}), settings)
}

test_swap if {
	settings := {"allow_unlimited_swap": false}
	testing.refused("resources", testing.create({"MemorySwap": -1}), settings, "swap")
	testing.refused("resources", update({"MemorySwap": -1}), settings, "swap")
	testing.allowed("resources", testing.create({}), settings)
}

test_cpu if {
	settings := {"require_cpu": true, "cpus_max": 2, "cpu_shares_min": 256}
	testing.refused("resources", testing.create({}), settings, "share of CPU")
	testing.refused("resources", testing.create({"NanoCpus": 3000000000}), settings, "3 CPUs are more than 2")
	testing.refused("resources", testing.create({"CpuQuota": 300000}), settings, "3 CPUs")
	testing.refused("resources", testing.create({"CpuQuota": 30000, "CpuPeriod": 10000}), settings, "3 CPUs")
	testing.refused("resources", testing.create({"CpuShares": 100}), settings, "below 256")
	testing.refused("resources", limited({"NanoCPUs": 2500000000}), settings, "CPUs are more than 2")
	testing.refused("resources", update({"CpuQuota": -1}), settings, "must keep a limit of CPU")
	testing.allowed("resources", testing.create({"NanoCpus": 1500000000}), settings)
	testing.allowed("resources", testing.create({"CpuQuota": 100000}), settings)
	testing.allowed("resources", testing.create({"CpuShares": 512}), settings)
	testing.allowed("resources", limited({"NanoCPUs": 1}), settings)
}

test_pids if {
	settings := {"require_pids": true, "pids_max": 100}
	every limit in [0, -1, null] {
		testing.refused("resources", testing.create({"PidsLimit": limit}), settings, "limit of processes")
	}
	testing.refused("resources", testing.create({"PidsLimit": 101}), settings, "more than 100")
	testing.allowed("resources", testing.create({"PidsLimit": 100}), settings)
	testing.allowed("resources", update({"PidsLimit": null}), settings)
	testing.refused("resources", update({"PidsLimit": -1}), settings, "limit of processes")
	testing.refused("resources", testing.service({}), settings, "limit of processes")
	testing.refused("resources", limited({"Pids": 0}), settings, "limit of processes")
	testing.allowed("resources", limited({"Pids": 10}), settings)
}

test_killer if {
	testing.refused("resources", testing.create({"OomKillDisable": true}), {"allow_oom_kill_disable": false}, "killer")
	testing.allowed("resources", testing.create({"OomKillDisable": true}), {})
}
