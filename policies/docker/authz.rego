# METADATA
# title: The decision
# description: |
#   Joins the rules of `docker.rules`: a request is allowed exactly where none of them refuses it. The
#   members of `deny` are what the user is told. A package `docker.rules.NAME` of your own with a set
#   `deny` counts like the others.
package docker.authz

# METADATA
# description: Whether the request is allowed.
# entrypoint: true
default allow := false

allow if count(deny) == 0

# METADATA
# description: Why it is not.
# entrypoint: true
deny contains msg if some msg in data.docker.rules[_].deny
