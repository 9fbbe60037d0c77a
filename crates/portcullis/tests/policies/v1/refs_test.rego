# Heads with references, else, comprehensions, unification, arithmetic, text.
package refs_test

# METADATA
# description: a default
default reply["body"] := null

# METADATA
# entrypoint: true
reply["body"] := r if {
	r := input.r
	count(r) > 0
}

test_res if reply == {"body": null}
test_res2 if { x := reply with input as {"r": [1]}; x == {"body": [1]} }
test_res3 if reply.body == [1] with input as {"r": [1]}

default a.b.c := 5
a.b.d := 6
a.e[k] := v if some k, v in {"x": 1}
a.f contains 3
a.f contains 4
a.g[x].h contains y if { some x in ["p", "q"]; some y in [1, 2] }
a.fn(x) := x + 1
a.fn2(x, y) if x > y
a["b-c"]["d e"] := 7
a.n[1] := "one"
a.n[2] := "two"
a.n[true] := "t"
a.n[null] := "nul"
a.n[[1, 2]] := "arr"
test_a if a.b == {"c": 5, "d": 6}
test_a1 if a.e.x == 1
test_a2 if a.f == {3, 4}
test_a3 if a.g == {"p": {"h": {1, 2}}, "q": {"h": {1, 2}}}
test_a4 if a.g.p.h[1]
test_a5 if a.fn(1) == 2
test_a6 if { a.fn2(2, 1); not a.fn2(1, 2) }
test_a7 if a["b-c"]["d e"] == 7
test_a8 if { a.n[1] == "one"; a.n[[1, 2]] == "arr"; a.n[null] == "nul"; a.n[true] == "t" }
test_a9 if { x := {k | some k, _ in a.n}; x == {1, 2, true, null, [1, 2]} }
test_a10 if { x := a; object.keys(x) == {"b", "e", "f", "g", "b-c", "n"} }

# else chains & bodies
p := 1 if input.x == 1

else := 2 if input.x == 2

else := 3

test_else if { p == 3; p == 1 with input.x as 1; p == 2 with input.x as 2 }

q if {
	input.y
} else := false if {
	input.z
}
test_q if { q with input as {"y": 1}; q == false with input as {"z": 1}; not q with input as {}; r := q with input as {"z": 1}; r == false }

# multi bodies
m if { input.a } else if { input.b }
test_m if { m with input.a as 1; m with input.b as 1; not m with input.c as 1 }

# comprehension nesting
test_comp if {
	x := {k: [e | some e in v; e > 1] | some k, v in {"a": [1, 2, 3], "b": [0]}; count(v) > 0}
	x == {"a": [2, 3], "b": []}
}
test_comp2 if { [y | y := [z | z := [1, 2, 3][_]; z > 1][_]] == [2, 3] }
test_comp3 if { {s | s := {[a, b] | some a in [1, 2]; some b in [3]}[_]} == {[1, 3], [2, 3]} }
test_objcomp if { {v: k | some k, v in ["a", "b"]} == {"a": 0, "b": 1} }
test_arr_lit if { x := [1, [2, {3}], {"a": {"b"}}]; x[1][1][3] == 3; x[2].a.b == "b" }
test_set_ref if { s := {{"a": 1}, {"a": 2}}; some x in s; x.a == 2 }
test_every if { every k, v in {"a": 1, "b": 2} { is_string(k); v > 0 } }
test_every_empty if { every x in [] { x == 1 } }
test_every_undef if { not every_undef }
every_undef if { every x in input.nothing { x == 1 } }
test_every_nested if { every x in [[1], [2]] { every y in x { y > 0 } } }
test_in if { 1 in [1, 2]; not 3 in [1, 2]; "a", 1 in {"a": 1}; 0, "z" in ["z"]; "k" in {"x": "k"} }
test_in_false if { x := 3 in [1]; x == false }
test_in_args if { f := [1 in [1], 2 in {3}]; f == [true, false] }
test_in_paren if { count([x | some x in [1, 2, 3]; (x in {1, 2}) == true]) == 2 }
test_some_destr if { some [a, {"b": b}] in [[1, {"b": 2}], [3, {"c": 4}]]; a == 1; b == 2 }
test_some_destr2 if { some {"k": k, "v": [_, v]} in [{"k": 1, "v": [2, 3]}]; k + v == 4 }
test_some_key if { some "x", v in {"x": 5, "y": 6}; v == 5 }
test_unify if { [x, 2, [y]] = [1, 2, [3]]; x == 1; y == 3 }
test_unify_obj if { {"a": x, "b": {"c": y}} = {"a": 1, "b": {"c": 2}}; x + y == 3 }
test_unify_var_both if { [x, y] = [y, 1]; x == 1 }
test_assign_destr if { [a, {"z": [b, _]}] := [1, {"z": [2, 3]}]; a + b == 3 }
test_ref_iter if { some i; [10, 20, 30][i] == 20; i == 1 }
test_wild if { {"a": [{"b": 1}, {"b": 2}]}.a[_].b == 2 }
test_float_idx if { x := [1, 2]; x[1.0] == 2 }
test_num_keys if { o := {1: "a", 1.5: "b"}; o[1] == "a"; o[1.5] == "b" }
test_neq_types if { 1 != "1"; null != false; [] != {}; {} != set() }
test_order if { 1 < "a"; null < true; "z" < [1]; [1] < {"a": 1}; {"a": 1} < {1} }
test_minus_sets if { {1, 2, 3} - {2} == {1, 3}; ({1} | {2}) & {2, 3} == {2} }
test_arith if { 7 / 2 == 3.5; 7 % 4 == 3; 2 * 3 + 4 == 10; 2 + 3 * 4 == 14; (2 + 3) * 4 == 20; -5 + 3 == -2 }
test_arith2 if { 0.1 + 0.2 == 0.3 }
test_big if { 9007199254740993 + 1 == 9007199254740994; 18446744073709551615 + 1 == 18446744073709551616 }
test_div0 if { not div0 }
div0 if 1 / input.zero == 0
test_raw if { `a\n"b"` == "a\\n\"b\"" }
test_raw_ml if { split(`x
y`, "\n") == ["x", "y"] }
test_unicode if { "\u00e9" == "é"; count("héllo") == 5; upper("é") == "É" }
test_surr if { "\ud83d\ude00" == "😀" }
test_template if { n := 3; $"v={n} {[1, "a"]} {input.none} {{1}}" == "v=3 [1, \"a\"] <undefined> {1}" }
test_template2 if { $`raw {1 + 2} \n` == `raw 3 \n` }
test_template3 if { $"\{x}" == "{x}" }
test_keyword_ref if { o := {"if": 1, "in": 2, "default": 3, "not": 4, "every": 5, "some": 6, "with": 7}; o["if"] + o["in"] == 3 }
test_kwref2 if { o := {"in": 1, "package": 2, "import": 3, "contains": 4, "else": 5}; o.contains == 4; o.in == 1; o.package == 2; o.else == 5; o.import == 3 }
test_shadow if { contains := 3; contains == 3 }
test_call_ref if { split("a.b", ".")[1] == "b"; object.get({"a": {"b": 1}}, "a", {}).b == 1 }
test_call_wild if { some i; split("a.b", ".")[i] == "b"; i == 1 }
test_infix if { {"x": 1 + 1, "y": [2 * 2]}.y[0] == 4 }
test_gt_chain if { (1 < 2) == true; (1 > 2) == false; x := 2 >= 2; x }
test_pipe_amp_prec if { {1} | {2} & {3} == {1} }
test_not_exp if { not 1 == 2; not input.foo.bar; not false }
test_not_comp if { not [x | some x in [1]] == [] }
test_null_val if { x := {"a": null}; x.a == null }
test_false_val if { x := {"a": false}; not x.a; x.a == false; _ = x.a }
test_num_fmt if { json.marshal([1.0, 1e3, 10.50, 1e30, -0.0, 1e-7]) == "[1.0,1e3,10.50,1e30,-0.0,1e-7]" }
test_print if { print("x", [1], {2}, input.zz); true }
