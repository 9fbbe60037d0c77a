use rego_value::Value;

use crate::testing::{call, check, check_error, check_type_error};

#[test]
fn strings_give_what_opa_gives() {
    check("concat", r#"["/", ["", "foo", "bar"]]"#, r#""/foo/bar""#);
    check("contains", r#"["abc", ""]"#, "true");
    check("indexof", r#"["skön var våren", "vår"]"#, "9");
    check("indexof", r#"["μ", "μμ"]"#, "-1");
    check("indexof_n", r#"["aaa", "aa"]"#, "[0, 1]");
    check("indexof_n", r#"["😇😀😇😀", "😀"]"#, "[1, 3]");
    check("lower", r#"["ÀİΣ"]"#, r#""àiσ""#);
    check("upper", r#"["straße ᾳ"]"#, r#""STRAßE ᾼ""#);
    check("split", r#"["", ""]"#, "[]");
    check("split", r#"["", "."]"#, r#"[""]"#);
    check("split", r#"["åb", ""]"#, r#"["å", "b"]"#);
    check("strings.split_n", r#"["a.b.c", ".", 2]"#, r#"["a", "b"]"#);
    check("strings.split_n", r#"["a.b.c", ".", -2]"#, r#"["b", "c"]"#);
    check("strings.split_n", r#"["a.b.c", ".", 0]"#, "[]");
    check("strings.reverse", r#"["1😀𝛾"]"#, r#""𝛾😀1""#);
    check("strings.count", r#"["11111", "11"]"#, "2");
    check("strings.count", r#"["", ""]"#, "1");
    check("substring", r#"["aåäö", 2, -1]"#, r#""äö""#);
    check("substring", r#"["aåäö", 1, 2]"#, r#""åä""#);
    check("substring", r#"["aaa", 4, -1]"#, r#""""#);
    check("trim", r#"["...foo.bar...", ".fr"]"#, r#""oo.ba""#);
    check("trim_left", r#"["¡¡a!", "!¡"]"#, r#""a!""#);
    check("trim_suffix", r#"["a.b.b", ".b"]"#, r#""a.b""#);
    check("trim_space", r#"[" \t\n a \r\n"]"#, r#""a""#);
    check("strings.any_prefix_match", r#"[["a/b", "e"], ["d", "a/"]]"#, "true");
    check("strings.any_prefix_match", r#"[["aa/b"], ["a/b"]]"#, "false");
    check("strings.any_suffix_match", r#"["a.b", ["x", ".b"]]"#, "true");
    check("strings.any_suffix_match", r#"[[], [""]]"#, "false");
}

#[test]
fn replacing_is_as_in_go() {
    check("replace", r#"["foo...bar", "..", ",,"]"#, r#""foo,,.bar""#);
    check("replace", r#"["abc", "", "-"]"#, r#""-a-b-c-""#);
    check("strings.replace_n", r#"[{"f": "x", "foo": "xxx"}, "foobar"]"#, r#""xoobar""#);
    check("strings.replace_n", r#"[{"": "X", "a": "b"}, "aa"]"#, r#""XbXbX""#);
    check_type_error(
        "strings.replace_n",
        r#"[{"a": 1}, "aa"]"#,
        "operand 1 non-string value found in pattern object",
    );
}

#[test]
fn integers_are_formatted_in_four_bases() {
    check("format_int", "[255, 16]", r#""ff""#);
    check("format_int", "[-10.9, 2]", r#""-1010""#);
    check("format_int", "[10.7, 8]", r#""12""#);
    check("format_int", "[36893488147419103232, 16]", r#""20000000000000000""#);
    check("format_int", "[1e3, 10]", r#""1000""#);
    check("format_int", "[0.5, 2]", r#""0""#);
    check("format_int", "[-0.5, 2]", r#""0""#);
    // Numbers are calculated with 64 significant bits.
    check(
        "format_int",
        "[123456789012345678901234567890, 10]",
        "\"123456789012345678899921813504\"",
    );
    check("format_int", "[18446744073709551617, 16]", r#""10000000000000000""#);
    check_type_error("format_int", "[1, 10.0]", "operand 2 must be one of {2, 8, 10, 16}");
    check_type_error("format_int", r#"["1", 3]"#, "operand 1 must be number but got string");
    check_type_error("format_int", "[1, 3]", "operand 2 must be one of {2, 8, 10, 16}");
}

#[test]
fn errors_are_worded_as_in_opa() {
    check_error("substring", r#"["a", -1, 2]"#, "negative offset");
    let float = "operand 2 must be integer number but got floating-point number";
    check_type_error("substring", r#"["abc", 1.0, 1]"#, float);
    check_error("indexof", r#"["a", ""]"#, "empty search character");
    check_type_error(
        "concat",
        r#"["", 1]"#,
        "operand 2 must be one of {set, array} but got number",
    );
    check_type_error(
        "strings.any_prefix_match",
        r#"[[1], "a"]"#,
        "operand 1 must be array of strings but got array containing number",
    );
}

#[test]
fn growth_is_paid_for() {
    let long = Value::from("a".repeat(100_000));
    let operands = [&long, &Value::from("a"), &long];
    assert!(call("replace", &operands).is_err());
}
