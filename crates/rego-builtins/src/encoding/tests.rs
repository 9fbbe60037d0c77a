use crate::testing::{check, check_error, check_type_error};

#[test]
fn texts_are_encoded_and_decoded() {
    for (name, operand, want) in [
        ("base64.encode", "subjects?_d", "c3ViamVjdHM/X2Q="),
        ("base64url.encode", "subjects?_d", "c3ViamVjdHM_X2Q="),
        ("base64url.encode_no_pad", "hello", "aGVsbG8"),
        ("base64.decode", "aGVs\\nbG8=", "hello"),
        ("base64.decode", "", ""),
        ("base64.decode", "//8=", "\u{fffd}\u{fffd}"),
        ("base64url.decode", "aGVsbG8", "hello"),
        ("base64url.decode", "aGVsbG8=", "hello"),
        ("hex.encode", "hi\u{e9}", "6869c3a9"),
        ("hex.decode", "68C3A9", "h\u{e9}"),
        ("urlquery.encode", "a=b c/\u{e9}~", "a%3Db+c%2F%C3%A9~"),
        ("urlquery.decode", "a%3Db+c%C3%A9", "a=b c\u{e9}"),
    ] {
        check(
            name,
            &format!("[\"{operand}\"]"),
            &format!("{want:?}").replace("\\u{fffd}", "\u{fffd}"),
        );
    }
}

#[test]
fn what_cannot_be_decoded_is_refused() {
    for (name, operand, want) in [
        ("base64.decode", "a", "illegal base64 data at input byte 0"),
        ("base64.decode", "aGVsbG8", "illegal base64 data at input byte 4"),
        ("base64.decode", "a===", "illegal base64 data at input byte 1"),
        ("base64.decode", "aGk=x", "illegal base64 data at input byte 4"),
        ("base64.decode", "aG-_", "illegal base64 data at input byte 2"),
        ("base64url.decode", "aGVsb", "illegal base64url string: aGVsb"),
        ("hex.decode", "fghijkl", "encoding/hex: invalid byte: U+0067 'g'"),
        ("hex.decode", "abc", "encoding/hex: odd length hex string"),
        ("urlquery.decode", "a%3", "invalid URL escape \"%3\""),
        ("urlquery.decode", "%zz1", "invalid URL escape \"%zz\""),
        ("urlquery.decode_object", "a;b", "invalid semicolon separator in query"),
    ] {
        check_error(name, &format!("[\"{operand}\"]"), want);
    }
    check("base64.is_valid", r#"["aGk="]"#, "true");
    check("base64.is_valid", r#"["{}"]"#, "false");
}

#[test]
fn queries_are_objects_of_parameters() {
    check(
        "urlquery.decode_object",
        r#"["a=1&b&a=2&&c=%26"]"#,
        r#"{"a": ["1", "2"], "b": [""], "c": ["&"]}"#,
    );
    check(
        "urlquery.encode_object",
        r#"[{"b": ["x y", "z"], "a": "&", "c": []}]"#,
        r#""a=%26&b=x+y&b=z""#,
    );
    let wrong = "operand 1 values must be string, array[string], or set[string]";
    check_type_error("urlquery.encode_object", r#"[{"a": 1}]"#, wrong);
}

#[test]
fn values_are_json_and_yaml() {
    for (name, operands, want) in [
        ("json.marshal", r#"[{"b": "<", "a": [1.0]}]"#, r#""{\"a\":[1.0],\"b\":\"\\u003c\"}""#),
        ("json.marshal_with_options", r#"[[1], {}]"#, r#""[1]""#),
        ("json.marshal_with_options", r#"[[1], {"pretty": true}]"#, r#""[\n\t1\n]""#),
        (
            "json.marshal_with_options",
            r#"[[1], {"indent": " ", "prefix": "-"}]"#,
            r#""-[\n- 1\n-]""#,
        ),
        ("json.marshal_with_options", r#"[[1], {"indent": " ", "pretty": false}]"#, r#""[1]""#),
        ("json.unmarshal", r#"["[1, {\"a\": null}]"]"#, r#"[1, {"a": null}]"#),
        ("json.is_valid", r#"["{"]"#, "false"),
        ("json.is_valid", r#"[1]"#, "false"),
        ("yaml.marshal", r#"[{"a": [1]}]"#, r#""a:\n- 1\n""#),
        ("yaml.unmarshal", r#"["a: [1]"]"#, r#"{"a": [1]}"#),
        ("yaml.is_valid", r#"["a: {"]"#, "false"),
    ] {
        check(name, operands, want);
    }
    let unknown = "operand 2 object contained unknown key x";
    check_type_error("json.marshal_with_options", r#"[1, {"x": 1}]"#, unknown);
}
