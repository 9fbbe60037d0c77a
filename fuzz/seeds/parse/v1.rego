# METADATA
# title: everything once
package a.b["c-d"]

import data.x as y
import input.z

default p := false

p if {
	some i, e in z.list
	not e.off with input as {"k": [1, -2.5e3, null]}
	every k, v in y { k != $"{v} \{" }
	x := {1, 2} | {n | n := z.list[_]} & set()
}

q contains [a, b] if { [a, {"k": b}] = z.pair; a + b * 2 >= 3 % 2 }

r.s[t] := `raw\` if t := object.get(z, "t", "\u00e9") else := 1

f(1, _) := true

f(x, [y1, _]) := x - y1 if "a", x in {"a": y1}
