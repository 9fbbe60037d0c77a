# Line breaks, comments and commas in odd places.
package layout["x-y"].z

import data.layout["a-b"] as ab
import input.foo["bar-baz"] as bb
import data.layout.lib # trailing
import data.layout.lib as lib2

# c0
f(a, # c1
  b, # c2
) := x if { # c3
	# c4
	x := a + # c5
		b # c6
	# c7
} # c8

g(
	a,
) := [ # x
	a, # y
	1, # z
]

test_f if f(1, 2,) == 3
test_g if g(1) == [1, 1]
test_bb if { bb == 2 with input.foo as {"bar-baz": 2} }
test_ab if ab.v == 1
test_lib if { lib.v == 2; lib2.v == 2 }
test_op_nl if {
	x := 1
		+ 2
	x ==
		3
	y := {1}
		| {2}
	count(y)
		== 2
	z := [
		v |
		some v in [1, 2, 3]; v > 1
		v < 3
	]
	z == [2]
}
test_semi if { true; x := 1; x == 1 }
test_obj if { {"a": 1, # c
	"b": 2,
	# d
}["a"] == 1 }
test_empty_lines if {

	true

}
test_with_nl if {
	input.x == 1 with input.x
		as 1
	input.y == 2 with
		input.y as 2
}
test_not_nl if {
	not
	false
}
test_some_nl if {
	some
	x
	in
	[1]
	x == 1
}
h([x, y]) := x + y
h({"a": x}) := x
h("lit") := "L"
h(null) := "N"
h(true) := "T"
h({1, 2}) := "S"
k(x, x) := "same"
k(_, null) := "second"
test_h if { h([1, 2]) == 3; h({"a": 5}) == 5; h("lit") == "L"; h(null) == "N"; h(true) == "T"; h({2, 1}) == "S" }
test_k if { k(1, 1) == "same"; k(3, null) == "second"; not k(1, 2) }
test_pkg if { data.layout["x-y"].z.f(1, 1) == 2 }
test_every_nl if {
	every
	x
	in
	[1, 2]
	{
		x > 0
	}
}
test_comment_only if {
	# nothing
	true # t
	# end
}
test_if_nl if
	1 == 1
val
	:= 3
test_val if val == 3
r := {
	"a": {
		"b": [1,
			2],
	},
} if { true }
test_r if r.a.b[1] == 2
c contains x if { some x in [1, 2] }
c contains y if some y in {3}
test_c if c == {1, 2, 3}
s1 if { 1 == 1 }
s2 if { 2 == 2 }
test_s if { s1; s2 }
else_nl := 1 if {
	false
}
# comment between
else := 2 if {
	true
}
test_else_nl if else_nl == 2
test_nested_call if count(split(concat("/", ["a", "b"]), "/")) == 2
test_set_trailing if count({1, 2,}) == 2
test_arr_trailing if count([1, 2,]) == 2
test_obj_trailing if count({"a": 1,}) == 1
test_set_empty if set() == {x | some x in []}
test_neg if { x := -1; x == 0 - 1; y := 3 -1; y == 2; [1,-1][1] == -1; z := 5-3; z == 2 }
test_minus_nospace if { a := 5; b := 2; a-b == 3 }
test_exp if { 1e3 == 1000; 1E2 == 100; 1.5e-1 == 0.15 }
test_kw_prefix if { iffy := 1; nota := 2; input_x := 3; iffy + nota + input_x == 6; something := 1; everyone := 2; something + everyone == 3 }
test_us if { _x := 1; _x == 1; __y__ := 2; __y__ == 2 }
test_dup_wild if { [_, _] = [1, 2] }
test_ref_br_str if { {"a b": 1}["a b"] == 1; {"a": {"b": 2}}["a"].b == 2; {"a": {"b": 2}}.a["b"] == 2 }
test_call_on_ref if { object.get({"a": 1}, ["a"], 0) == 1 }
test_cmp_chain if { (1 == 1) != false }
test_complex if { [x | x := [1, 2, 3][_]; not x == 2] == [1, 3] }
