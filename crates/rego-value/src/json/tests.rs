//! Edge tables of the reader and the writer.

use super::*;
use crate::{Number, Value};

#[track_caller]
fn read(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What is read is written `expected`.
#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(read(text).to_json(), expected);
}

#[track_caller]
fn check_error(bytes: &[u8], expected: &str) {
    match Value::from_json(bytes) {
        Ok(value) => panic!("read as {value:?}"),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

#[test]
fn values() {
    check(" null ", "null");
    check("[true,false , null]", "[true,false,null]");
    check("{}", "{}");
    check("[ ]", "[]");
    check(r#"{"b":{"c":[]},"a":1}"#, r#"{"a":1,"b":{"c":[]}}"#);
    check("[[],[[]],{}]", "[[],[[]],{}]");
    check("\t\r\n 1 \n", "1");
}

#[test]
fn numbers_keep_their_text() {
    for text in ["0", "-0", "1.0", "1e2", "1E+2", "-1.5e-7", "123456789012345678901234567890"] {
        check(text, text);
    }
    check("[1.0,1e400]", "[1.0,1e400]");
    assert_eq!(read("9223372036854775807").as_number(), Some(Number::Int(i64::MAX)));
}

#[test]
fn the_last_of_equal_keys_counts() {
    check(r#"{"a":1,"a":2}"#, r#"{"a":2}"#);
    check(r#"{"b":0,"a":1,"c":3,"a":2,"b":4}"#, r#"{"a":2,"b":4,"c":3}"#);
    check(r#"[{"a":1,"a":2},{"a":3,"a":4},{"a":5}]"#, r#"[{"a":2},{"a":4},{"a":5}]"#);
    check(r#"{"a":1,"\u0061":2}"#, r#"{"a":2}"#);
}

#[test]
fn objects_alike_share_their_keys() {
    let value = read(r#"[{"b":1,"a":2},{"a":3,"c":4},{"b":5,"a":6},{"a":7,"b":8}]"#);
    assert_eq!(value.to_json(), r#"[{"a":2,"b":1},{"a":3,"c":4},{"a":6,"b":5},{"a":7,"b":8}]"#);
    let items = value.as_array().unwrap();
    let keys = |at: usize| std::ptr::from_ref(items[at].as_object().unwrap().keys());
    assert_eq!(keys(0), keys(2));
    assert_ne!(keys(0), keys(1));
}

#[test]
fn a_reader_used_again_gives_the_same() {
    let mut reader = JsonReader::default();
    let text = br#"{"z":[{"k":1,"j":2}],"y":{"k":3,"j":4}}"#;
    let first = reader.read(text).unwrap();
    assert!(reader.read(b"[{").is_err());
    assert_eq!(first, reader.read(text).unwrap());
}

#[test]
fn strings() {
    check(r#""a\u00e9\n\/""#, "\"aé\\n/\"");
    check(r#""\ud83d\ude00""#, "\"😀\"");
    check(r#""\ud83d""#, "\"\u{fffd}\"");
    check(r#""\ud83d\u0041""#, "\"\u{fffd}A\"");
    check(r#""\ude00\ud83d""#, "\"\u{fffd}\u{fffd}\"");
    check("\"\u{7f}\"", "\"\u{7f}\"");
    check(r#""\u0000\b\f\u001f""#, r#""\u0000\b\f\u001f""#);
    check("\"<a>&\u{2028}\u{2029}\u{2030}é\"", r#""\u003ca\u003e\u0026\u2028\u2029‰é""#);
    for len in 0..40 {
        let text = format!("\"{}\"", "x".repeat(len));
        check(&text, &text);
        check(&format!("\"{}\\n\"", "x".repeat(len)), &format!("\"{}\\n\"", "x".repeat(len)));
    }
}

#[test]
fn what_must_be_escaped_is_found_anywhere() {
    let escapes = [
        ('"', "\\\""),
        ('\\', "\\\\"),
        ('\u{1f}', "\\u001f"),
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
    ];
    let plain = (' '..='~').chain(['\u{7f}', 'é', '\u{2027}', '\u{10ffff}']);
    let plain: Vec<char> =
        plain.filter(|c| escapes.iter().all(|(escaped, _)| escaped != c)).collect();
    for before in 0..20 {
        for after in [0, 1, 2, 3, 4, 7, 8, 9, 17] {
            let around =
                |middle: &str| format!("{}{middle}{}", "x".repeat(before), "~".repeat(after));
            for (escaped, expected) in escapes {
                let text = around(escaped.encode_utf8(&mut [0; 4]));
                assert_eq!(Value::from(text).to_json(), format!("\"{}\"", around(expected)));
            }
            for c in &plain {
                let text = around(c.encode_utf8(&mut [0; 4]));
                assert_eq!(Value::from(text.as_str()).to_json(), format!("\"{text}\""));
            }
        }
    }
}

#[test]
fn the_layout_is_that_of_the_text() {
    let mut reader = JsonReader::default();
    for _ in 0..2 {
        for (text, depth, repeats_key) in [
            ("1", 0, false),
            ("{}", 1, false),
            (r#"[{"a":[],"b":{"a":1}},{"a":1}]"#, 3, false),
            (r#"[{"a":1},{"a":1,"a":2}]"#, 2, true),
            (r#"{"b":[[[]]],"a":0,"b":1}"#, 4, true),
            (r#"{"a":0,"\u0061":1}"#, 1, true),
        ] {
            let (_, layout) = reader.read_with_layout(text.as_bytes()).unwrap();
            assert_eq!(layout, JsonLayout { depth, repeats_key }, "{text}");
        }
    }
    let many: Vec<_> = (0..200).map(|key| format!("\"{}\":0", key % 199)).collect();
    let text = format!("{{{}}}", many.join(","));
    assert!(reader.read_with_layout(text.as_bytes()).unwrap().1.repeats_key);
}

#[test]
fn errors_say_where() {
    check_error(b"", "1:1: unexpected end of JSON input");
    check_error(b" [1,\n2", "2:2: unexpected end of JSON input");
    check_error(b"[1 2]", "1:4: invalid character '2' after array element");
    check_error(b"[1,]", "1:4: invalid character ']' looking for beginning of value");
    check_error(
        b"{\"a\":1,}",
        "1:8: invalid character '}' looking for beginning of object key string",
    );
    check_error(b"{\"a\" 1}", "1:6: invalid character '1' after object key");
    check_error(b"{\"a\":1 \"b\"}", "1:8: invalid character '\"' after object key:value pair");
    check_error(b"{a:1}", "1:2: invalid character 'a' looking for beginning of object key string");
    check_error(b"nul", "1:4: unexpected end of JSON input");
    check_error(b"nulx", "1:4: invalid character 'x' in literal null (expecting 'l')");
    check_error(b"1 2", "1:3: invalid character '2' after top-level value");
    check_error(b"01", "1:1: invalid number \"01\"");
    check_error(b"-", "1:1: invalid number \"-\"");
    check_error(b"1e99999999999", "1:1: invalid number \"1e99999999999\"");
    check_error(b"\"a\nb\"", "1:3: invalid character '\\n' in string literal");
    check_error(b"\"a", "1:3: unexpected end of JSON input");
    check_error(b"\"\\x\"", "1:3: invalid character 'x' in string escape code");
    check_error(b"\"\\u12g4\"", "1:6: invalid character 'g' in \\u hexadecimal character escape");
    check_error(b"\"\xff\"", "1:2: invalid UTF-8");
    check_error(b"\"\xed\xa0\x80\"", "1:2: invalid UTF-8");
    check_error(
        b"\xef\xbb\xbf1",
        "1:1: invalid character '\\u{feff}' looking for beginning of value",
    );
    check_error(b"'a'", "1:1: invalid character '\\'' looking for beginning of value");
    check_error(b"]", "1:1: invalid character ']' looking for beginning of value");
    check_error(b"[1}", "1:3: invalid character '}' after array element");
}

#[test]
fn pretty_is_as_go_lays_it_out() {
    let value = read(r#"{"b":[1,{}],"a":{"c":[],"d":{"e":null}}}"#);
    let expected = r#"{
  "a": {
    "c": [],
    "d": {
      "e": null
    }
  },
  "b": [
    1,
    {}
  ]
}"#;
    assert_eq!(value.to_json_pretty("  "), expected);
    let style = JsonStyle { indent: Some(" "), prefix: ">", escape: JsonEscape::Plain };
    assert_eq!(read(r#"["<"]"#).to_json_with(style), "[\n> \"<\"\n>]");
}

#[test]
fn what_json_lacks() {
    let key = |value: i64| Value::array(vec![Value::from(value), Value::from("<")]);
    let object = Value::object(vec![
        (key(1), Value::set(vec![Value::from(2), Value::from(1), Value::from("a")])),
        (Value::from("[0]"), Value::TRUE),
        (Value::from(1), Value::from("number")),
        (Value::from("1"), Value::from("string")),
        (Value::NULL, Value::set(vec![])),
    ]);
    assert_eq!(
        object.to_json(),
        r#"{"1":"string","[0]":true,"[1,\"\\u003c\"]":[1,2,"a"],"null":[]}"#
    );
    assert_eq!(
        object.to_rego(),
        r#"{null: set(), 1: "number", "1": "string", "[0]": true, [1, "<"]: {1, 2, "a"}}"#
    );
}

#[test]
fn of_equal_elements_the_first_stays() {
    let set = Value::set(read("[2,1.0,1,1e0]").as_array().unwrap().to_vec());
    assert_eq!(set.to_rego(), "{1.0, 2}");
}

#[test]
fn rego_text_quotes_as_go_does() {
    assert_eq!(
        Value::from("\u{1}\u{7f}\n\"é\u{301}\u{200b}\u{e000}\u{10ffff}").to_rego(),
        r#""\x01\x7f\n\"é́\u200b\ue000\U0010ffff""#
    );
    assert_eq!(read("[1.50,[],{},\"a\",null]").to_rego(), "[1.50, [], {}, \"a\", null]");
}

/// Runs on a thread with the stack that the limit is made for.
fn on_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap();
    thread.join().unwrap();
}

#[test]
fn depth_at_the_limit_and_beyond() {
    on_small_stack(|| {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
            let deepest = nested(JSON_DEPTH_MAX).replace("\"a\":}", "\"a\":1}");
            let (a, b) = (read(&deepest), read(&deepest));
            assert!(a == b && a.cmp(&b).is_eq());
            assert_eq!(a.to_json(), deepest);
            assert!(a.to_json_pretty(" ").len() > deepest.len());
            assert!(!a.to_rego().is_empty() && !format!("{a:?}").is_empty());
            assert_eq!(Value::from_yaml(a.to_yaml().as_bytes()).as_ref(), Ok(&b));
            use std::hash::BuildHasher;
            std::hash::RandomState::new().hash_one(&a);
            drop((a, b));
            let error = Value::from_json(nested(JSON_DEPTH_MAX + 1).as_bytes()).unwrap_err();
            assert_eq!(error.message(), "nested deeper than 1000 levels");
        }
    });
}

#[test]
fn hostile_documents_end_quickly() {
    let start = std::time::Instant::now();
    assert!(Value::from_json("[".repeat(10 << 20).as_bytes()).is_err());
    assert!(Value::from_json("{\"a\":".repeat(2 << 20).as_bytes()).is_err());
    assert!(Value::from_json(format!("[{}", "1,".repeat(1 << 20)).as_bytes()).is_err());
    let shapes: String = (0..100_000).map(|i| format!("{{\"k{i}\":1}},")).collect();
    assert!(Value::from_json(format!("[{shapes}1]").as_bytes()).is_ok());
    let digits = "7".repeat(1 << 20);
    assert_eq!(Value::from_json(digits.as_bytes()).unwrap().to_json(), digits);
    assert!(start.elapsed().as_secs() < 20);
}
