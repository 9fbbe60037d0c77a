package a

import future.keywords.in

p[x] { x = input.xs[_]; not q[x] } { x = "y" }

q = y { y := [1 | input] } else = {"k": {k: v | v = input[k]}} { true }

f(x) = -x
