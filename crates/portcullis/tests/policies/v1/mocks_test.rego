# `with`: input, data, rules and functions, by value and by function.
package mocks_test

import data.mocks as w
import data.mocks.sub as s
import input.request as req
import input.request.user

test_alias if { w.user == "bob" with input.request.user as "bob" }
test_alias2 if { req.user == "bob" with input as {"request": {"user": "bob"}} }
test_alias3 if { user == "bob" with input.request as {"user": "bob"} }
test_nested_input if { w.deep == 3 with input.a.b.c as 3 with input.a.b.d as 4 }
test_nested_override if { not w.deep with input.a.b.c as 3 with input.a.b as {} }
test_order if { w.deep == 3 with input.a as {"b": {}} with input.a.b.c as 3 }
test_array_with if { x := w.echo with input as [1, 2]; x == [1, 2] }
test_null_input if { x := w.echo with input as null; x == null }
test_scalar_input if { x := w.echo with input as "s"; x == "s" }
test_data_deep if { w.base == 7 with data.cfg.x.y as 7 }
test_data_root if { w.base == 8 with data.cfg as {"x": {"y": 8}} }
test_rule_mock if { w.base2 == 10 with data.mocks.base as 9 }
test_rule_mock_partial if { w.names == {"z"} with data.mocks.src as {"z"} }
test_rule_mock_obj if { w.total == 3 with data.mocks.sizes as {"a": 1, "b": 2} }
test_pkg_mock if { w.usesub == 5 with data.mocks.sub as {"v": 5} }
test_pkg_mock2 if { w.usesub == 6 with s.v as 6 }
test_fn_value if { w.now == 5 with time.now_ns as 5 }
test_fn_fn if { w.now == 7 with time.now_ns as seven }
seven := 7
test_fn_fn0 if { w.now == 8 with time.now_ns as eight }
eight() := 8
test_fn2 if { w.callf(1) == "m1" with data.mocks.f as mockf }
mockf(x) := sprintf("m%v", [x])
test_fn3 if { w.callf(1) == "1" with data.mocks.f as format_int_10 }
format_int_10(x) := format_int(x, 10)
test_fn4 if { w.callcount([1, 2]) == 3 with count as sum }
test_fn5 if { w.callf(2) == 42 with data.mocks.f as 42 }
test_fn_undefined if { not w.callf(2) with data.mocks.f as undef }
undef(x) := x if x == 99
mock_http(r) := {"status_code": 200, "body": sprintf("got %s", [r.url])} if startswith(r.url, "https")
mock_http(r) := {"status_code": 404} if not startswith(r.url, "https")
test_runtime if { w.env == "prod" with opa.runtime as {"env": {"STAGE": "prod"}} }
test_jwt if { w.claims == {"sub": "x"} with io.jwt.decode as [{}, {"sub": "x"}, ""] }
test_jwt2 if { w.verified with io.jwt.decode_verify as [true, {}, {}] }
test_jwt3 if { w.verified with io.jwt.decode_verify as dv }
dv(token, c) := [true, {}, {"t": token, "c": c}]
test_cmp if { ["a", "b"] == [x | some x in w.names] with data.mocks.src as {"a", "b"} }
test_cmp2 if { xs := [y | some v in [1, 2]; y := w.addin with input.n as v]; xs == [11, 12] }
test_every if { every v in [1, 2, 3] { w.addin == v + 10 with input.n as v } }
test_not if { not w.allowed with input as {"n": 1}; w.allowed with input as {"n": 100} }
test_local if { inp := {"n": 5}; w.addin == 15 with input as inp; object.union(inp, {"n": 7}) = z; w.addin == 17 with input as z }
test_json_patch if { i := json.patch({"n": 1}, [{"op": "replace", "path": "/n", "value": 3}]); w.addin == 13 with input as i }
test_inline_call if { w.addin == 11 with input as json.remove({"n": 1, "m": 2}, ["m"]) }
test_multi_line if {
	w.addin == 11 with input as {"n": 1}
		with data.mocks.sub as {
			"v": 1,
		}
		with time.now_ns as 1
}
test_default_fn if { w.deff(3) == "none" }
test_default_fn2 if { w.deff(1) == "one" }
test_default_fn3 if { w.deff(3) == "x" with data.mocks.deff as "x" }
test_with_neg_data if { not w.base with data.cfg as {} }
test_set_member if { "a" in w.names with data.mocks.src as {"a"}; not "b" in w.names with data.mocks.src as {"a"} }
test_with_expr_ref if { x := data.mocks.names["a"] with data.mocks.src as {"a"}; x == "a" }
wmock(_) := [["p"], 1]
test_else if { w.lvl == "high" with input.n as 20; w.lvl == "mid" with input.n as 7; w.lvl == "low" with input.n as 1 }
test_var_key if { k := "n"; w.addin == 12 with input as {k: 2} }
test_in_head := x if x := w.addin == 12 with input as {"n": 2}
test_cache if { w.addin == 11 with input as {"n": 1}; w.addin == 12 with input as {"n": 2}; w.addin == 11 with input as {"n": 1} }
test_nested_with if { w.outer == 111 with input.n as 1 }
test_nested_with2 if { w.outer2 == [11, 101] with input.n as 1 }

test_http_value if { w.fetch == "ok" with http.send as {"status_code": 200, "body": "ok"} }
test_http_other if { w.fetch == "fail" with http.send as {"status_code": 500} }
test_http_function if { w.fetch == "from https://a.example/b" with http.send as answer }
answer(request) := {"status_code": 200, "body": sprintf("from %s", [request.url])} if startswith(request.url, "https")
answer(request) := {"status_code": 404} if not startswith(request.url, "https")
