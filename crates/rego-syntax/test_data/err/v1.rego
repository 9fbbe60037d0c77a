package v1

p { true }
q[x] { x := 1 }
r
s.a
t.a.b
in := 1
f(x) { x }
g if { true } else { false }
h := 1; i := 2
not j
k with input as 1
some l
1
default m := n
default o(1) := 2
default q(x, x) := 2
[1][0] = 2
package again
