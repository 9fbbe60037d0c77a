# Options of confinement. `input.Security` as the gate reads it, or for input that another program
# made, what can be told from `SecurityOpt`: the worst of what is asked for, since a rule must not
# be got round by an option given twice.
package docker.lib

# METADATA
# description: Confinement of the container that the request makes, in the form of `input.Security`.
security := input.Security if {
	is_object(input.Security)
} else := {
	"AppArmor": worst(values_of("apparmor"), "unconfined"),
	"Label": values_of("label"),
	"LabelDisabled": "disable" in values_of("label"),
	"MaskedPathsCleared": is_cleared("MaskedPaths"),
	"NoNewPrivileges": sets_no_new_privileges,
	"ReadonlyPathsCleared": is_cleared("ReadonlyPaths"),
	"Seccomp": seccomp_mode,
	"SeccompInline": inline_profile,
	"SystemPathsUnconfined": "unconfined" in values_of("systempaths"),
	"Unknown": [],
}

security_options := [option | some host in hosts; some option in host.SecurityOpt]

# The values of an option, which the daemon takes as `name=value` and as `name:value`.
values_of(name) := [substring(option, count(name) + 1, -1) |
	some option in security_options
	some separator in ["=", ":"]
	startswith(lower(option), concat("", [name, separator]))
]

# One value where it is among them, all of them otherwise.
worst(values, value) := value if {
	value in values
} else := concat(",", values)

seccomp_mode := worst(seccomp_modes, "unconfined")

seccomp_modes := [mode | some value in values_of("seccomp"); mode := named_seccomp(value)]

named_seccomp(value) := "inline" if {
	startswith(trim_space(value), "{")
} else := value

# Of several profiles, one that allows by default counts before the others.
inline_profile := [profile | some profile in inline_profiles; allows_by_default(profile)][0] if {
	some profile in inline_profiles
	allows_by_default(profile)
} else := inline_profiles[0] if {
	count(inline_profiles) > 0
} else := null

inline_profiles := [profile |
	some value in values_of("seccomp")
	profile := json.unmarshal(value)
	is_object(profile)
]

# METADATA
# description: Whether a seccomp profile lets through what it does not name.
allows_by_default(profile) if not refuses_by_default(profile)

refuses_by_default(profile) if profile.defaultAction in refusing_actions

refusing_actions := {
	"SCMP_ACT_ERRNO",
	"SCMP_ACT_KILL",
	"SCMP_ACT_KILL_PROCESS",
	"SCMP_ACT_KILL_THREAD",
	"SCMP_ACT_NOTIFY",
	"SCMP_ACT_TRAP",
}

is_cleared(field) if {
	some host in hosts
	host[field] == []
} else := false

sets_no_new_privileges if {
	some option in security_options
	option in {"no-new-privileges", "no-new-privileges=true", "no-new-privileges:true"}
} else := false
