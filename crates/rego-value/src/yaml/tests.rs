//! Tables of documents read and written.

use crate::Value;

/// What is read is, as JSON, `expected`; or the message is.
#[track_caller]
fn check(text: &str, expected: &str) {
    match Value::from_yaml(text.as_bytes()) {
        Ok(value) => assert_eq!(value.to_json(), expected, "{text}"),
        Err(error) => assert_eq!(error.message(), expected, "{text}"),
    }
}

/// The JSON is written as this YAML, which reads back the same.
#[track_caller]
fn check_write(json: &str, expected: &str) {
    let value = Value::from_json(json.as_bytes()).unwrap();
    let text = value.to_yaml();
    assert_eq!(text, expected);
    assert_eq!(Value::from_yaml(text.as_bytes()), Ok(value), "{text}");
}

/// An integer may be longer in base ten, in which it is written, than where it was read.
#[test]
fn large_integers_are_read_as_they_were_written() {
    for digits in [3000, 3401, 3402, 3553, 4096, 4097] {
        let value = Value::from_yaml(format!("0x{}", "f".repeat(digits)).as_bytes()).unwrap();
        assert_eq!(Value::from_yaml(value.to_yaml().as_bytes()), Ok(value), "{digits}");
    }
    let number = "9".repeat(4000);
    check(&number, &number);
}

#[test]
fn scalars() {
    check("", "null");
    check("~", "null");
    check(
        "[yes, No, on, OFF, y, N, true, False, tRue]",
        r#"[true,false,true,false,true,false,true,false,"tRue"]"#,
    );
    check("[0777, 0x1F, 0b101, 0o17, 1_000, 08, +5, -0x10]", "[511,31,5,15,1000,8,5,-16]");
    check("[1.0, 1e2, .5, 1., 0.1, 1e21, 1e-7, -1.50]", "[1,100,0.5,1,0.1,1e+21,1e-7,-1.5]");
    check(
        "[18446744073709551615, 9223372036854775808]",
        "[18446744073709551615,9223372036854775808]",
    );
    check("123456789012345678901", "123456789012345680000");
    check("0xffffffffffffffffff", "4722366482869645213695");
    check(
        "[2001-01-01, 2001-01-01T00:00:00Z, 1:30, 1e400, 1.2.3]",
        r#"["2001-01-01","2001-01-01T00:00:00Z","1:30","1e400","1.2.3"]"#,
    );
    check("[\"yes\", 'no', \"1\"]", r#"["yes","no","1"]"#);
    check("a: |\n  x\n  y\nb: >\n  x\n  y\n", r#"{"a":"x\ny\n","b":"x y\n"}"#);
    check(".inf", "unsupported value: `.inf`");
    check(".nan", "unsupported value: `.nan`");
}

#[test]
fn tags() {
    check(
        "[!!str 1, !!float 1, !!int \"3\", !x 5, !!null ~, !!binary aGk=]",
        r#"["1",1,3,"5",null,"hi"]"#,
    );
    check("!!int 3.5", "cannot decode !!float `3.5` as a !!int");
}

#[test]
fn keys() {
    check(
        "1: a\ntrue: b\n1.5: c\nyes: d\n2001-01-01: e",
        r#"{"1":"a","1.5":"c","2001-01-01":"e","true":"d"}"#,
    );
    check("~: a", "unsupported map key of type null");
    check("? [a]\n: b", "invalid map key: a key must be a scalar");
    check("a: 1\na: 2", r#"{"a":2}"#);
}

#[test]
fn anchors_and_merges() {
    check("a: &x {b: 1}\nc: *x", r#"{"a":{"b":1},"c":{"b":1}}"#);
    check("a: &x {b: 1, d: 0}\nc:\n  <<: *x\n  d: 2", r#"{"a":{"b":1,"d":0},"c":{"b":1,"d":2}}"#);
    check(
        "a: &x {b: 1}\nd: &y {b: 2, c: 3}\ne: {<<: [*x, *y]}",
        r#"{"a":{"b":1},"d":{"b":2,"c":3},"e":{"b":1,"c":3}}"#,
    );
    check("{<<: 1}", "map merge requires map or sequence of maps as the value");
    check("a: &x [*x]", "anchor contains itself");
    check("\"<<\": 1", r#"{"\u003c\u003c":1}"#);
    check("&k a: *k", r#"{"a":"a"}"#);
}

#[test]
fn documents() {
    check("a: 1\n---\nb: 2", r#"{"a":1}"#);
    check("---\n", "null");
    check("# only a comment\n", "null");
    check("{\"json\": [1, \"\\u00e9\"]}", "{\"json\":[1,\"é\"]}");
    check("\u{feff}a: 1", r#"{"a":1}"#);
}

#[test]
fn errors() {
    for text in ["[1,2,3", "a: {", "a: b: c", "\t- x\n\ty", "*nope", "- a\nb: c", "\"x"] {
        assert!(Value::from_yaml(text.as_bytes()).is_err(), "{text}");
    }
    assert!(Value::from_yaml(b"a: \xff").is_err());
}

#[test]
fn written() {
    check_write("null", "null\n");
    check_write("{}", "{}\n");
    check_write(r#"[{"foo":[1,2,3]}]"#, "- foo:\n  - 1\n  - 2\n  - 3\n");
    check_write(
        r#"{"b":{"c":[[1,[]],{"d":{}}]},"a":null}"#,
        "a: null\nb:\n  c:\n  - - 1\n    - []\n  - d: {}\n",
    );
    check_write(
        r##"["yes","true","1","","~","a: b","a:b"," a","#a","a #b","- a","-a","1:30","2001-01-01"]"##,
        "- \"yes\"\n- \"true\"\n- \"1\"\n- \"\"\n- \"~\"\n- 'a: b'\n- a:b\n- ' a'\n- '#a'\n- 'a #b'\n- '- a'\n- -a\n- \"1:30\"\n- \"2001-01-01\"\n",
    );
    check_write(
        r#"{"a":"x\ny","b":"x\n","c":"x\n\n","d":"\nx"," e":"\t"}"#,
        "' e': \"\\t\"\na: |-\n  x\n  y\nb: |\n  x\nc: |+\n  x\n\nd: |2-\n\n  x\n",
    );
    check_write(r#"{"a10":1,"a9":2,"A":3,"1":4}"#, "\"1\": 4\nA: 3\na9: 2\na10: 1\n");
    check_write("\"😀é\\u0001\"", "\"\\U0001F600é\\x01\"\n");
    check_write("[\"it's\",\"'x'\"]", "- it's\n- '''x'''\n");
}

#[test]
fn numbers_are_written_as_floats() {
    let value = Value::from_json(b"[1.0,1e2,1e21,1234567.5,123456789012345678901,0.1]").unwrap();
    assert_eq!(
        value.to_yaml(),
        "- 1\n- 100\n- 1e+21\n- 1.2345675e+06\n- 1.2345678901234568e+20\n- 0.1\n"
    );
}

#[test]
fn long_lines_are_broken_at_spaces() {
    let words = vec!["word"; 40].join(" ");
    check_write(
        &format!("{{\"a\":\"{words}\"}}"),
        &format!(
            "a: {}\n  {}\n  {}\n",
            vec!["word"; 16].join(" "),
            vec!["word"; 16].join(" "),
            ["word"; 8].join(" ")
        ),
    );
}

#[test]
fn hostile_documents_end_quickly() {
    let start = std::time::Instant::now();
    let bomb: String = (0..40)
        .map(|i| {
            format!(
                "a{i}: &a{i} [{}]\n",
                vec![format!("*a{}", i - 1); if i == 0 { 0 } else { 9 }].join(",")
            )
        })
        .collect::<String>()
        .replace("*a-1", "");
    check(&bomb, "document contains excessive aliasing");
    for text in ["[", "{a: ", "- ", "? ", "&a ", "!!x ", "a: \n ", "\"", "'\n", "#\n", "---\n"] {
        let _ = Value::from_yaml(text.repeat(100_000).as_bytes());
    }
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn errors_are_worded_as_go_does() {
    let cases = [
        ("[1,2,3", "yaml: line 1: did not find expected ',' or ']'"),
        ("a: b: c", "yaml: mapping values are not allowed in this context"),
        ("x: 1\na: b: c", "yaml: line 2: mapping values are not allowed in this context"),
        ("a: @x", "yaml: found character that cannot start any token"),
        ("a: *nope", "yaml: unknown anchor 'nope' referenced"),
        ("a: {b: 1", "yaml: line 1: did not find expected ',' or '}'"),
        ("a: \"x", "yaml: found unexpected end of stream"),
    ];
    for (text, expected) in cases {
        let error = Value::from_yaml(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
    }
}

#[test]
fn nodes_follow_the_newer_library() {
    let shown = |text: &str| match super::YamlNode::parse(text) {
        Ok(Some(node)) => match node.content {
            super::YamlContent::Scalar { tag, value, .. } => format!("{tag} {}", value.to_json()),
            super::YamlContent::Sequence(items) => format!("{} items", items.len()),
            super::YamlContent::Mapping(entries) => {
                let keys =
                    entries.iter().map(|(key, _)| format!("{}@{}", key.tag().unwrap(), key.line));
                keys.collect::<Vec<_>>().join(" ")
            }
        },
        Ok(None) => "nothing".to_owned(),
        Err(error) => error.to_string(),
    };
    let cases = [
        ("", "nothing"),
        ("yes", "str \"yes\""),
        ("true", "bool true"),
        ("0o17", "int 15"),
        ("'1'", "str \"1\""),
        ("2024-2-3", "timestamp \"2024-02-03T00:00:00Z\""),
        ("2024-02-03T04:05:06.70+01:00", "timestamp \"2024-02-03T04:05:06.7+01:00\""),
        ("2024-02-30", "str \"2024-02-30\""),
        ("[a, b]", "2 items"),
        ("a: 1\n2: &x {c: d}\n\ne: *x", "str@1 int@2 str@4"),
        ("a: &x {c: d}\n<<: *x\nc: 1", "str@1 str@3"),
        ("a: &x [*x]", "yaml: line 1: anchor contains itself"),
        ("x: 1\n\"", "yaml: line 2: found unexpected end of stream"),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text), expected, "{text}");
    }
}
