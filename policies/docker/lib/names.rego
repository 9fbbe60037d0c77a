# Names against lists of patterns. A pattern is a name, or the beginning of one before a `*`; `*`
# alone is any name.
package docker.lib

# METADATA
# description: Whether a name is in a list of patterns.
matches(patterns, name) if name in patterns

matches(patterns, name) if {
	some pattern in patterns
	endswith(pattern, "*")
	startswith(name, substring(pattern, 0, count(pattern) - 1))
}

# METADATA
# description: Whether a list of patterns takes any name.
takes_any(patterns) if "*" in patterns
