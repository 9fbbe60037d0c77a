# Built-in functions as policies combine them.
package builtins_test

test_yaml1 if yaml.unmarshal(`
apiVersion: v1
kind: List
items:
- a: 1
  b: [x, y]
- {c: "d", e: null}
text: |
  line
    indented
folded: >
  a
  b

  c
anchors:
  base: &b {k: v}
  d:
    <<: *b
    z: 1
date: 2001-01-01
ver: "1.10"
num: 1.10
oct: 010
sci: 1e2
bool: True
str: 'it''s'
empty:
tilde: ~
`) == {
	"apiVersion": "v1", "kind": "List",
	"items": [{"a": 1, "b": ["x", true]}, {"c": "d", "e": null}],
	"text": "line\n  indented\n", "folded": "a b\nc\n",
	"anchors": {"base": {"k": "v"}, "d": {"k": "v", "z": 1}},
	"date": "2001-01-01", "ver": "1.10", "num": 1.1, "oct": 8, "sci": 100, "bool": true, "str": "it's", "empty": null, "tilde": null,
}
test_yaml_m if yaml.marshal({"a": [1, "2", null, true, {"b": []}], "c": "x: y", "d": {}, "e": "multi\nline", "f": 1.5, "g": "true", "h": "1"}) == `a:
- 1
- "2"
- null
- true
- b: []
c: 'x: y'
d: {}
e: |-
  multi
  line
f: 1.5
g: "true"
h: "1"
`
test_json_m if json.marshal({"b": {1, 2}, "a": "<>&\u2028é\"\\\n\t\u0001"}) == `{"a":"\u003c\u003e\u0026\u2028é\"\\\n\t\u0001","b":[1,2]}`
test_json_o if json.marshal_with_options({"a": [1, {}], "b": []}, {"indent": "  ", "prefix": ">"}) == ">{\n>  \"a\": [\n>    1,\n>    {}\n>  ],\n>  \"b\": []\n>}"
test_json_o2 if json.marshal_with_options([1], {"pretty": true}) == "[\n\t1\n]"
test_json_u if json.unmarshal(`{"a": 1.0, "b": [1e2]}`) == {"a": 1, "b": [100]}
test_isvalid if { json.is_valid("{}"); not json.is_valid("{"); yaml.is_valid("a: b"); not yaml.is_valid("a: b: c") }
test_b64 if { base64.encode("hi?>") == "aGk/Pg=="; base64url.encode("hi?>") == "aGk_Pg=="; base64url.encode_no_pad("hi?>") == "aGk_Pg"; base64url.decode("aGk_Pg") == "hi?>"; base64url.decode("aGk_Pg==") == "hi?>"; base64.is_valid("aGk/Pg=="); not base64.is_valid("a") }
test_hex if { hex.encode("hi") == "6869"; hex.decode("6869") == "hi" }
test_url if { urlquery.encode("a b&c=d/e") == "a+b%26c%3Dd%2Fe"; urlquery.decode("a+b%26") == "a b&"; urlquery.encode_object({"a": ["x", "y"], "b": "c d", "s": {"q"}}) == "a=x&a=y&b=c+d&s=q"; urlquery.decode_object("a=1&a=2&b=") == {"a": ["1", "2"], "b": [""]} }
test_time1 if { time.parse_ns("2006-01-02", "2020-02-29") == 1582934400000000000; time.parse_ns("RFC1123", "Mon, 02 Jan 2006 15:04:05 MST") == 1136214245000000000 }
test_time2 if { time.format([1582934400000000000, "America/New_York", "Mon Jan _2 15:04:05 MST 2006"]) == "Fri Feb 28 19:00:00 EST 2020"; time.format(1582934400000000000) == "2020-02-29T00:00:00Z" }
test_time3 if { time.date([1582934400000000000, "Asia/Tokyo"]) == [2020, 2, 29]; time.clock([1582934400000000000, "Asia/Kolkata"]) == [5, 30, 0]; time.weekday(1582934400000000000) == "Saturday" }
test_time4 if { time.add_date(1582934400000000000, 1, 0, 0) == 1614556800000000000; time.diff(1582934400000000000, 1614556800000000000) == [1, 0, 1, 0, 0, 0] }
test_time5 if { time.parse_duration_ns("1h15m30.5s") == 4530500000000; time.parse_duration_ns("-1.5h") == -5400000000000 }
test_time6 if { time.parse_rfc3339_ns("2020-01-01T00:00:00.123+02:00") == 1577829600123000000; not time.parse_rfc3339_ns("2020-01-01") }
test_time7 if { time.format([0, "UTC", "RFC822Z"]) == "01 Jan 70 00:00 +0000"; time.format([0, "", "2006-002 3:04PM .000"]) == "1970-001 12:00AM .000" }
test_units if { units.parse("10K") == 10000; units.parse("1Ki") == 1024; units.parse("100m") == 0.1; units.parse_bytes("1.5GiB") == 1610612736; units.parse_bytes("10kb") == 10000; units.parse("1E") == 1000000000000000000 }
test_units2 if { units.parse_bytes("1024") == 1024; units.parse("0.5Mi") == 524288; units.parse_bytes("1Mi") == 1048576 }
test_semver if { semver.compare("1.2.3-alpha.1", "1.2.3-alpha.beta") == -1; semver.compare("1.10.0", "1.9.9") == 1; semver.compare("1.0.0+a", "1.0.0+b") == 0; semver.is_valid("1.0.0-rc1"); semver.is_valid("v1.0.0"); not semver.is_valid("1.0") }
test_glob if { glob.match("*.github.com", [], "api.github.com"); not glob.match("*.github.com", ["."], "a.b.github.com"); glob.match("{a,b}*", null, "bxx"); glob.match("**/x", ["/"], "a/b/x"); glob.match("[!a]bc", [], "xbc"); glob.match("[a-c]?", [], "bz"); glob.match("\\*", [], "*"); glob.quote_meta("*.x") == "\\*.x" }
test_glob2 if { glob.match("*:prod", [], "a:b:prod") == true; glob.match("*:prod", [":"], "a:b:prod") == false; glob.match("a.*", null, "a.b.c"); glob.match("*", null, "a.b") }
test_regex if { regex.match(`^\d{3}-\w+\s*$`, "123-ab_c "); regex.match(`(?i)HELLO`, "hello"); regex.split(`,\s*`, "a, b,c") == ["a", "b", "c"]; regex.find_n(`[a-z]+`, "ab1cd2", -1) == ["ab", "cd"]; regex.replace("abc", `(b)(c)`, "$2$1") == "acb"; regex.replace("x", `x`, "${0}y") == "xy" }
test_regex2 if { regex.find_all_string_submatch_n(`(\w)(\d)?`, "a1b", -1) == [["a1", "a", "1"], ["b", "b", ""]]; regex.is_valid(`[`) == false; regex.match(`\p{Greek}`, "α"); regex.match(`[[:alpha:]]+`, "abc"); regex.match(`\Aab\z`, "ab"); regex.match(`a.c`, "a\nc") == false; regex.match(`(?s)a.c`, "a\nc"); regex.match(`(?m)^b$`, "a\nb\nc"); regex.match(`\Qa.b\E`, "a.b") }
test_regex3 if { not regex.match(`(?=a)`, "a"); regex.is_valid(`(?=a)`) == false; regex.is_valid(`(?P<x>a)`) ; regex.is_valid(`(?<x>a)`); regex.replace("aXb", "(?P<n>X)", "<$n>") == "a<X>b"; regex.replace("ab", "(a)(b)", "$1x") == ""; regex.replace("ab", "(a)(b)", "${1}x") == "ax" }
test_strs if { substring("héllo", 1, 3) == "éll"; substring("abc", 1, -1) == "bc"; indexof("abcabc", "c") == 2; indexof_n("abcabc", "c") == [2, 5]; trim("  a ", " ") == "a"; trim_left("xxa", "x") == "a"; replace("aaa", "a", "b") == "bbb"; strings.replace_n({"a": "1", "b": "2"}, "ab") == "12"; strings.reverse("abc") == "cba"; strings.count("cheese", "e") == 3; upper("ß") == "ß"; split("", ",") == [""]; split("abc", "") == ["a", "b", "c"]; concat(",", {"b", "a"}) == "a,b"; sprintf("%v %d %s", ["a", 1, "b"]) == "a 1 b" }
test_strs2 if { startswith("abc", ""); contains("", ""); indexof("", "x") == -1; format_int(255, 16) == "ff"; format_int(-5.7, 2) == "-101"; lower("ÀÉ") == "àé"; trim_space("\t a\n") == "a"; strings.any_prefix_match(["ab", "cd"], {"c"}); strings.any_suffix_match("ab", ["x", "b"]) }
test_sprintf if { sprintf("%5.2f|%-5s|%05d|%x|%X|%o|%b|%c|%U|%q|%%|%v", [3.14159, "ab", 42, 255, "hi", 8, 5, 65, 65, "a\"b", [1]]) == ` 3.14|ab   |00042|ff|6869|10|101|A|U+0041|"a\"b"|%|[1]` }
test_sprintf2 if { sprintf("%d", ["x"]) == "%!d(string=x)"; sprintf("%s", [1]) == "%!s(int=1)"; sprintf("%d", [1.5]) == "%!d(float64=1.5)"; sprintf("%v", [1.0]) == "1"; sprintf("%v %v", [1]) == "1 %!v(MISSING)"; sprintf("a", [1]) == "a%!(EXTRA int=1)"; sprintf("%v", [1e3]) == "1000"; sprintf("%v", [0.1]) == "0.1"; sprintf("%v", [1e21]) == "1e+21" }
test_sprintf3 if { sprintf("%s and %v", [{"a", "b"}, {"x": null}]) == `{"a", "b"} and {"x": null}`; sprintf("%10v|%-10v|", ["a", "b"]) == "         a|b         |"; sprintf("%[2]v %[1]v", ["a", "b"]) == "b a"; sprintf("%*d", [5, 42]) == "   42"; sprintf("%+v", [{"a": 1}]) == `{"a": 1}`; sprintf("%#v", ["a"]) == `"a"`; sprintf("%t", [true]) == "%!t(string=true)" }
test_num if { round(2.5) == 3; round(-2.5) == -3; ceil(1.1) == 2; floor(-1.1) == -2; abs(-3) == 3; numbers.range(3, 1) == [3, 2, 1]; numbers.range_step(0, 10, 5) == [0, 5, 10]; not to_number("0x10") }
test_num2 if { to_number(true) == 1; to_number(null) == 0; to_number("1e3") == 1000; sum([1, 2.5]) == 3.5; product({2, 3}) == 6; max([1, "a"]) == "a"; min({3, 1}) == 1; sort({3, 1, "a"}) == [1, 3, "a"]; sum([]) == 0; not max([]) }
test_num3 if { 5 % 3 == 2; -5 % 3 == -2; not 5 % 0; not 5.5 % 2; bits.and(6, 3) == 2; bits.negate(0) == -1; bits.lsh(1, 70) == 1180591620717411303424; bits.rsh(-8, 1) == -4; bits.xor(5, 1) == 4 }
test_obj if { object.get({"a": {"b": 1}}, ["a", "b"], 0) == 1; object.get({"a": 1}, ["a", "b"], "d") == "d"; object.union({"a": {"x": 1}}, {"a": {"y": 2}}) == {"a": {"x": 1, "y": 2}}; object.remove({"a": 1, "b": 2}, {"a"}) == {"b": 2}; object.filter({"a": 1, "b": 2}, ["a"]) == {"a": 1}; object.subset({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 2}}); object.subset([1, 2, 3], [2, 3]); object.subset({1, 2}, {1}); object.subset([1, 2], {2}) }
test_obj2 if { json.filter({"a": {"b": 1, "c": 2}}, ["a/b"]) == {"a": {"b": 1}}; json.remove({"a": [1, 2]}, ["a/0"]) == {"a": [2]}; json.patch({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}, {"op": "move", "from": "/a/0", "path": "/b"}, {"op": "test", "path": "/b", "value": 1}, {"op": "copy", "from": "/b", "path": "/c"}]) == {"a": [2], "b": 1, "c": 1}; not json.patch({}, [{"op": "remove", "path": "/x"}]) }
test_obj3 if { json.patch({"a/b": 1, "m~n": 2}, [{"op": "replace", "path": "/a~1b", "value": 5}, {"op": "remove", "path": "/m~0n"}]) == {"a/b": 5}; not json.patch({1, 2}, [{"op": "add", "path": "3", "value": 3}]); json.patch({"a": 1}, [{"op": "add", "path": ["b"], "value": 2}]) == {"a": 1, "b": 2} }
test_arr if { array.slice([1, 2, 3], 1, 10) == [2, 3]; array.slice([1], -1, 1) == [1]; array.reverse([1, 2]) == [2, 1]; array.concat([], [1]) == [1]; array.flatten([1, [2, [3]]]) == [1, 2, [3]] }
test_sets if { union({{1}, {2}}) == {1, 2}; intersection({{1, 2}, {2}}) == {2}; intersection(set()) == set(); {1} - {2} == {1} }
test_net if { net.cidr_contains("10.0.0.0/8", "10.1.1.1"); net.cidr_intersects("10.0.0.0/8", "10.1.0.0/16"); net.cidr_expand("192.168.1.0/30") == {"192.168.1.0", "192.168.1.1", "192.168.1.2", "192.168.1.3"}; net.cidr_merge(["10.0.0.0/9", "10.128.0.0/9"]) == {"10.0.0.0/8"}; net.cidr_contains("::/0", "::1"); net.cidr_is_valid("10.0.0.0/33") == false; not net.cidr_contains("0.0.0.0/0", "::1") }
test_crypto if { crypto.sha256("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"; crypto.md5("a") == "0cc175b9c0f1b6a831c399e269772661"; crypto.hmac.sha1("what do ya want for nothing?", "Jefe") == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" } 
test_types if { type_name(set()) == "set"; type_name(null) == "null"; is_object({}); is_set({1}); not is_array({}); is_boolean(false); is_null(null); is_number(1) }
test_walk if { [p | walk({"a": [1, {"b": 2}]}, [p, 2])] == [["a", 1, "b"]]; count([x | walk({1, [2]}, x)]) == 4 }
test_uuid if { uuid.parse("00000000-0000-4000-8000-000000000000").version == 4; x := uuid.rfc4122("k"); x == uuid.rfc4122("k"); regex.match("^[0-9a-f-]{36}$", x) }
test_opa if { x := opa.runtime(); is_object(x) }
test_tmpl if strings.render_template(`{{range $i, $e := .xs}}{{if $i}}, {{end}}{{$e | printf "%3s"}}{{end}} {{.n | len}} {{with .z}}z{{else}}no{{end}} {{index .m "k"}} {{eq .a "x"}}`, {"xs": [1, 2], "n": "abc", "m": {"k": "v"}, "a": "x"}) == "  1,   2 3 no v true"
