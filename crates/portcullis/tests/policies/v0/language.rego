# Rego v0 beside a module of v1, and with the keywords of the future.
package language
import data.modern as a
import future.keywords
p contains x { x := a.p[_] }
q[x] = y { y := input.xs[x] }
r[x] { some x in a.p }
s if { every x in a.p { x > 0 } }
t = x { x := 1 } else = 2
u.v.w = 1
u.v.z[x] = x { x := input.xs[_] }
u.k[x] { x := input.xs[_] }
contains_x(a) { contains(a, "x") }
import_ := 1
default z = {"a": [1, {2}]}
y = true
f(x) = x
f2(x) { not x }
g := h { h := input.xs }
any_ = any([false, true])
all_ = all([true, true])
ca = cast_array({1})
sd = set_diff({1, 2}, {2})
rm = re_match("a", "cat")
