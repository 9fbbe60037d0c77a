# A module of v1 among those of v0.
package modern
import rego.v1
p contains x if some x in input.xs
q := 1 if { true }
