package a.b["c d"].package

import data.users
import data.x.y as z
import rego.v1
import input.if as cond


q := x if x := 1
r contains "a"
r contains y if { some y in [1, 2] }
s[k] := v if some k, v in input.xs
t.u[k].v contains w if { k := "a"; w := 1 }
obj.a.b := 1
arr["a b"] = 2
default ok := false
default f(_, x) := [1, {"a": {2}}]
f(a, [b, {"c": c}]) := a + b if c
g(x) = y if { y := x } else := 2 if { x > 1 } else := 3
h if true else = 1 if false
ok if not input.bad
ok if { {"a": 1}.a == 1 }
obj2 if {"a": 1}
if.x := 1
