# What language is.
package language_test
import data.language as b
test_p { b.p == {1, 2} with input.xs as [1, 2] }
test_q { b.q == {0: 1, 1: 2} with input.xs as [1, 2] }
test_r { b.r[1] with input.xs as [1, 2] }
test_s { b.s with input.xs as [1, 2]; not b.s with input.xs as [0] }
test_u { b.u == {"v": {"w": 1, "z": {5: 5}}, "k": {5: true}} with input.xs as [5] }
test_u2 { x := b.u.v with input.xs as [5]; x == {"w": 1, "z": {5: 5}} }
test_z { b.z.a[1] == {2} }
test_dep { b.any_; b.all_; b.ca == [1]; b.sd == {1}; b.rm }
test_f2 { b.f2(false) }
test_in_v0 { x := [1, 2]; y := x[_]; y == 2 }
test_if_name { if := 3; if == 3; in := 4; in == 4; every := 1; contains := 2; contains + every == 3 }
