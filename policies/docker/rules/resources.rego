# METADATA
# title: Limits of memory, CPU and processes
# description: |
#   Where it is asked for, requires limits and bounds them, so that one container cannot starve the others.
#   An update must not lift what was required when the container was made.
# custom:
#   id: resources
#   severity: medium
#   cis: ["5.11", "5.12", "5.29"]
package docker.rules.resources

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := true

enabled := data.docker.settings.resources.enabled

# METADATA
# description: |
#   Whether every container must have a limit of memory.
# custom:
#   setting: true
default require_memory := false

require_memory := data.docker.settings.resources.require_memory

# METADATA
# description: |
#   Smallest limit of memory, in bytes; 0 for any.
# custom:
#   setting: true
default memory_min := 0

memory_min := data.docker.settings.resources.memory_min

# METADATA
# description: |
#   Largest limit of memory, in bytes; 0 for any.
# custom:
#   setting: true
default memory_max := 0

memory_max := data.docker.settings.resources.memory_max

# METADATA
# description: |
#   Whether swap may be without a limit (`--memory-swap -1`).
# custom:
#   setting: true
default allow_unlimited_swap := true

allow_unlimited_swap := data.docker.settings.resources.allow_unlimited_swap

# METADATA
# description: |
#   Whether every container must have a limit or a share of CPU.
# custom:
#   setting: true
default require_cpu := false

require_cpu := data.docker.settings.resources.require_cpu

# METADATA
# description: |
#   Most CPUs that a container may use; 0 for any.
# custom:
#   setting: true
default cpus_max := 0

cpus_max := data.docker.settings.resources.cpus_max

# METADATA
# description: |
#   Smallest share of CPU that may be asked for; 0 for any.
# custom:
#   setting: true
default cpu_shares_min := 0

cpu_shares_min := data.docker.settings.resources.cpu_shares_min

# METADATA
# description: |
#   Whether every container must have a limit of processes.
# custom:
#   setting: true
default require_pids := false

require_pids := data.docker.settings.resources.require_pids

# METADATA
# description: |
#   Most processes that a container may have; 0 for any.
# custom:
#   setting: true
default pids_max := 0

pids_max := data.docker.settings.resources.pids_max

# METADATA
# description: |
#   Whether a container may be kept from the kernel's killer when memory runs out.
# custom:
#   setting: true
default allow_oom_kill_disable := true

allow_oom_kill_disable := data.docker.settings.resources.allow_oom_kill_disable

deny contains "the container must have a limit of memory (Memory)" if {
	require_memory
	enabled
	lib.makes_container
	not has_memory
}

has_memory if {
	some host in lib.hosts
	host.Memory > 0
}

has_memory if limits.MemoryBytes > 0

deny contains msg if {
	memory_min > 0
	looks
	memory > 0
	memory < memory_min
	msg := sprintf("the limit of memory, %v bytes, is below %v", [memory, memory_min])
}

deny contains msg if {
	memory_max > 0
	looks
	memory > memory_max
	msg := sprintf("the limit of memory, %v bytes, is above %v", [memory, memory_max])
}

deny contains "swap must have a limit (MemorySwap)" if {
	not allow_unlimited_swap
	looks
	some host in lib.hosts
	host.MemorySwap == -1
}

deny contains "the container must have a limit or a share of CPU (NanoCpus, CpuQuota, CpuShares)" if {
	require_cpu
	enabled
	lib.makes_container
	not has_cpu
}

has_cpu if {
	some host in lib.hosts
	some field in ["NanoCpus", "CpuQuota", "CpuShares"]
	host[field] > 0
}

has_cpu if limits.NanoCPUs > 0

deny contains "the container must keep a limit of CPU (CpuQuota)" if {
	require_cpu
	looks
	some host in lib.hosts
	host.CpuQuota < 0
}

deny contains msg if {
	cpus_max > 0
	looks
	cpus > cpus_max
	msg := sprintf("%v CPUs are more than %v", [cpus, cpus_max])
}

deny contains msg if {
	cpu_shares_min > 0
	looks
	shares > 0
	shares < cpu_shares_min
	msg := sprintf("the share of CPU, %v, is below %v", [shares, cpu_shares_min])
}

deny contains "the container must have a limit of processes (PidsLimit)" if {
	require_pids
	enabled
	lib.makes_container
	not has_pids
}

# An update that says nothing of processes changes nothing; one that says 0 or -1 lifts the limit.
deny contains "the container must keep a limit of processes (PidsLimit)" if {
	require_pids
	enabled
	lib.action == "container_update"
	input.Body.PidsLimit <= 0
	is_number(input.Body.PidsLimit)
}

has_pids if {
	some host in lib.hosts
	host.PidsLimit > 0
}

has_pids if limits.Pids > 0

deny contains msg if {
	pids_max > 0
	looks
	pids > pids_max
	msg := sprintf("%v processes are more than %v", [pids, pids_max])
}

deny contains "the container must not be kept from the kernel's killer (OomKillDisable)" if {
	not allow_oom_kill_disable
	looks
	some host in lib.hosts
	host.OomKillDisable == true
}

looks if {
	lib.sets_host
	enabled
}

limits := input.Body.TaskTemplate.Resources.Limits if {
	lib.changes_service
	is_object(input.Body.TaskTemplate.Resources.Limits)
} else := {}

default memory := 0

memory := max([host.Memory | some host in lib.hosts])

memory := limits.MemoryBytes if lib.changes_service

default cpus := 0

cpus := max(array.concat(
	[asked | some host in lib.hosts; asked := host.NanoCpus / 1000000000],
	[asked | some host in lib.hosts; host.CpuQuota > 0; asked := host.CpuQuota / period(host)],
))

cpus := limits.NanoCPUs / 1000000000 if lib.changes_service

# The kernel's period, in microseconds, where none is asked for.
period(host) := host.CpuPeriod if {
	host.CpuPeriod > 0
} else := 100000

default shares := 0

shares := max([host.CpuShares | some host in lib.hosts])

default pids := 0

pids := max([host.PidsLimit | some host in lib.hosts])

pids := limits.Pids if lib.changes_service
