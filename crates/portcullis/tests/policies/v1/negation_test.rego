# `not` where part of the expression is undefined: operands of calls are looked up before the
# negation, sides of an equality within it.
package negation_test

doc := {"flag": false, "list": [1], "m": {"k": 1}}

twice(x) := x * 2 if x > 10

rule := 1 if input.never

test_plain if { not input.none with input as doc; not input.none.deeper with input as doc; not input.flag with input as doc }
test_equality if { not input.none == 1 with input as doc; not rule == 1; not input.m.k == 2 with input as doc }
test_call_undefined_result if not twice(1)
test_call_undefined_operand if not call
call if not startswith(input.none, "a")
test_member if not member
member if not input.none in [1]
test_member_of_undefined if not member_of
member_of if not 1 in input.none
test_count if not counted
counted if not count(input.none) > 0
test_nested if not nested
nested if not twice(1) == 1
test_defined if { not startswith("b", "a"); not 2 in [1]; not count([1]) > 1; not twice(11) == 1 }
test_every if every x in [1, 2] { not x == 3; not twice(x) }
test_comprehension if [x | some x in [1, 20]; not twice(x)] == [1]
