package new

import rego.v1

p contains x if some x in input.xs
q if every x in [1] { x }
