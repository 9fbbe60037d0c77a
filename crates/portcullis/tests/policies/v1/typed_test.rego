# Patterns that the type checker has to let through.
package typed_test
import data.nowhere.special
import data.typed.other
test_a if { x := {"a": 1}; object.get(x, "b", 0) == 0 }
test_b if { x := [1, "a"]; some y in x; startswith(y, "a") }
test_b2 if { x := [1, "a"]; y := x[_]; y + 1 == 2 }
r := {"a": 1} if input.q
r := {"b": "2"} if not input.q
test_c if { r.b == "2"; not r.a; r.a == 1 with input.q as 1 }
g(x) := 1 if is_number(x)
g(x) := "s" if is_string(x)
g(x) := {"k": [x]} if is_array(x)
test_d if { g(1) + 1 == 2; concat("", [g("x"), "y"]) == "sy"; g([1]).k[0] == [1] }
test_e if { not special.foo.bar; not data.a.b.c.d }
deny contains {"msg": "m", "n": n} if some n in [1, 2]
test_f if { {m.n | some m in deny} == {1, 2}; deny[{"msg": "m", "n": 1}]; some d in deny; d.msg == "m" }
po[k] := {"v": v} if some k, v in {"x": 1, "y": "z"}
test_g if { po.x.v == 1; po[_].v == "z"; not po.nope }
test_h if { x := json.unmarshal(`{"a": {"b": 1}}`); x.a.b == 1; x["a"].b + 1 == 2 }
test_i if { [v.t | walk({"a": {"t": 1}}, [_, v])] == [1] }
test_j if { arr := ["1", "2"]; some i; to_number(arr[i]) == 2; i == 1 }
test_k if { max([1, 2]) > 1; sort(["b", "a"])[0] == "a"; sum([x | x := [1, 2][_]]) == 3 }
test_l if { k := "a"; {"a": {"b": 1}}[k].b == 1 }
test_m if { x := {k: v | some k, v in {"foo": 1}}; x.foo == 1; not x.bar }
cfg := {"a": 1, "b": {"c": 2}}
test_n if { cfg[input.k] == 1 with input.k as "a"; not cfg[input.k] with input.k as "z"; some k; cfg[k].c == 2 }
test_o if { s := {"a", "b"}; s.a == "a"; not s.c }
f(x) := x.a
test_p if { not f({"b": 1}); f({"a": 1}) == 1 }
default df := {}
df := {"a": input.x} if input.x
test_q if { not df.a; df.a == 1 with input.x as 1 }
test_r if { object.union({"a": 1}, {"b": 2}).b == 2; array.concat([1], ["x"])[1] == "x"; json.patch({"a": 1}, [{"op": "add", "path": "/b", "value": {"c": 1}}]).b.c == 1 }
test_s if { every x in [1, 2] { is_number(x); x > 0 } }
test_t if { x := input.n; x != null; count(x) == 1 } else := true
test_u if { a := [1, 2, 3]; array.slice(a, 0, 2)[1] == 2; [x, y, z] := a; x + y + z == 6 }
test_v if { trim_space(sprintf("%v ", [{"a": 1}])) == `{"a": 1}`; [1, 2][count([1])] == 2 }
test_w if { o := {"x": null}; o.x == null; is_null(o.x) }
test_x if { x := {1, 2} | {"a"}; "a" in x; x - {1} == {2, "a"} }
test_y if { {"a": 1} == {"a": 1.0}; [1, "a"] != ["a", 1] }
h("a") := 1
h("b") := 2
test_z if { h("a") + h("b") == 3; x := "c"; not h2(x) }
h2(x) := 1 if x in {"a", "b"}
test_aa if { m := {"GET": ["r"], "PUT": ["w", "r"]}; "w" in m[upper("put")]; m[lower("X")] == ["q"] } else := true
test_ab if { x := [{"a": 1}, {"b": 2}]; x[_].b == 2; [e.a | some e in x] == [1] }
test_ac if { n := 5; n >= 5; x := {"p": n}.p; x == 5 }
test_ad if { null == null; x := true; x == true }
test_ae if { split("a=b", "=") == ["a", "b"]; [k, v] := split("a=b", "="); k == "a"; v == "b"; not three("a=b") }
three(s) if [_, _, _] = split(s, "=")
test_af if { 1 == 1 with data.typed.other as 5; other == 5 with data.typed.other as 5 }
test_ag if { v := numbers.range(1, 3); v[0] == 1; regex.find_n("a", "aa", 1)[0] == "a" }
test_ah if { t := time.clock(0); t[0] == 0; time.diff(0, 0)[5] == 0; [y, _, _] := time.date(0); y == 1970 }
test_ai if { x := yaml.unmarshal("a: [1]"); x.a[0] == 1; base64.decode(base64.encode("x")) == "x" }
test_aj if { io.jwt.decode("eyJhbGciOiJub25lIn0.eyJhIjoxfQ.")[1].a == 1 }
