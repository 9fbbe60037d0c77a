package new

import future.keywords

p contains x if some x in input.xs
q { every x in [1] { x } }
r[x] if x := 1
