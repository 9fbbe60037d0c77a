# What mocks_test asks.
package mocks

import data.cfg
import data.mocks.sub

user := input.request.user
deep := input.a.b.c
echo := input
base := cfg.x.y
base2 := base + 1
src contains "q"
names contains n if some n in src
sizes[k] := v + 10 if some k, v in {"a": 1, "b": 2}
total := sum([v | some v in sizes])
usesub := sub.v
now := time.now_ns()
f(x) := x
callf(x) := f(x)
callcount(x) := count(x)
env := opa.runtime().env.STAGE
claims := c if [_, c, _] := io.jwt.decode("x")
verified if { [v, _, _] := io.jwt.decode_verify("t", {"secret": "s"}); v }
addin := input.n + 10
allowed if input.n > 50
default deff(_) := "none"
deff(1) := "one"
walks contains p[0] if walk({"x": 1}, [p, _])
lvl := "high" if input.n > 10 else := "mid" if input.n > 5 else := "low"
outer := addin + inner if true
inner := x if x := addin with input.n as 90
outer2 := [addin, addin2]
addin2 := y if y := addin with input.n as 91
fetch := r.body if { r := http.send({"method": "get", "url": "https://a.example/b"}); r.status_code == 200 } else := "fail"
