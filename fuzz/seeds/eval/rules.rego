package p

default allow := false

allow if { some r in input.roles; data.o[r]; not deny[_] }

deny contains m if { m := sprintf("%v of %d", [input.user, count(data.xs)]); input.n > 2 }

f(x) := y if { y := x * 2; y in {2, 4} } else := 0

all[k] := v if { some k, v in data.o; walk(v, [_, w]); w != f(1) }

t := $"{input.user} {all.a}" with input.user as "x"
