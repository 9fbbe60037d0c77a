package old

import future.keywords.in

p { true }
p { 1 == 1 } { 2 == 2 }
q[x] { x = input.xs[_] }
q["a"]
r[k] = v { v := input[k] }
s.a { true }
s.b.c { true }
t.a.b
f(x) = y { y = x } else = 2 { true }
f(x) { x }
every := 1
contains := 2
if := 3
u { some i; input[i] == 1 in [true] }
default v = 1
w = 1 { true } { false }
x = [1]
y := 1
