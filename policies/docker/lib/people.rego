# Who asks. Only names that may be relied on: of a TLS client certificate, or of the header that the
# gate was told to trust. The Unix socket of Docker tells nobody's name.
package docker.lib

# METADATA
# description: The name of whoever asks; empty where it is not known.
identity := input.Identity if {
	is_string(input.Identity)
} else := input.User if {
	input.AuthMethod == "TLS"
} else := ""

# METADATA
# description: The groups of whoever asks, from the client certificate.
groups := input.Groups if {
	is_array(input.Groups)
} else := []

# METADATA
# description: Whether the request comes from one of these people, or from a member of these groups.
is_one_of(people, _) if {
	identity != ""
	identity in people
}

is_one_of(_, allowed_groups) if {
	some group in groups
	group in allowed_groups
}

# METADATA
# description: For messages, who asks.
who := sprintf("`%s`", [identity]) if {
	identity != ""
} else := "whoever is not known by a certificate"

# METADATA
# description: |
#   Whether the user of a process is root by its name or its number, which the daemon takes with a
#   sign and with zeros in front.
is_root(user) if user == "root"

is_root(user) if regex.match(`^[+-]?0+$`, user)
