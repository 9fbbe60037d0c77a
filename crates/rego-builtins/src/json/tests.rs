use rego_value::Value;
use rego_vm::BuiltinError;
use rego_vm::builtin::Halt;

use crate::testing::{call, check, check_type_error};

const DOCUMENT: &str = r#"{"a": {"b": {"c": 7, "d": 8}}, "e": [{"f": 1}, 2, 3]}"#;

fn check_paths(name: &str, paths: &str, want: &str) {
    check(name, &format!("[{DOCUMENT}, {paths}]"), want);
}

#[test]
fn filter_keeps_what_paths_lead_to() {
    for (paths, want) in [
        (r#"[]"#, "{}"),
        (r#"[""]"#, "{}"),
        (r#"["a/b/c"]"#, r#"{"a": {"b": {"c": 7}}}"#),
        (r#"["/a/b/c", ["a", "b", "d"]]"#, r#"{"a": {"b": {"c": 7, "d": 8}}}"#),
        (r#"["a/b/c", "a", "a/x"]"#, r#"{"a": {"b": {"c": 7, "d": 8}}}"#),
        (r#"["e/2", "e/0/f", "e/9", "e/01"]"#, r#"{"e": [{"f": 1}, 3]}"#),
        (r#"["a/b/c/deeper"]"#, r#"{"a": {"b": {"c": 7}}}"#),
        (r#"["a/x"]"#, r#"{"a": {}}"#),
        (r#"[["e", 0]]"#, r#"{"e": []}"#),
    ] {
        check_paths("json.filter", paths, want);
    }
}

#[test]
fn remove_drops_what_paths_lead_to() {
    for (paths, want) in [
        (r#"[]"#, DOCUMENT),
        (r#"["a/b/c", "e/0"]"#, r#"{"a": {"b": {"d": 8}}, "e": [2, 3]}"#),
        (r#"["a", "a/b", "e/0/f", "e/2"]"#, r#"{"e": [{}, 2]}"#),
        (r#"["a/b/c/deeper", "x/y", "e/7", "e/00"]"#, DOCUMENT),
    ] {
        check_paths("json.remove", paths, want);
    }
    let wrong = "operand 2 must be one of {set, array} containing string paths or array of path \
                 segments but got number";
    check_type_error("json.remove", "[{}, [1]]", wrong);
    check_type_error("json.filter", "[[], []]", "operand 1 must be object but got array");
    let wrong = "operand 2 must be one of {set, array} but got string";
    check_type_error("json.filter", r#"[{}, "a"]"#, wrong);
}

#[test]
fn escapes_in_paths_are_undone() {
    let document = r#"{"a/b": 1, "m~n": 2, "~1": 3, "": 4}"#;
    for (path, want) in [
        ("a~1b", r#"{"a/b": 1}"#),
        ("m~0n", r#"{"m~n": 2}"#),
        ("~01", r#"{"~1": 3}"#),
        ("/", r#"{"": 4}"#),
    ] {
        check("json.filter", &format!(r#"[{document}, ["{path}"]]"#), want);
    }
}

#[test]
fn patches_apply_in_order() {
    for (document, patch, want) in [
        ("{}", r#"[{"op": "add", "path": "a", "value": 1}]"#, r#"{"a": 1}"#),
        ("[1, 3]", r#"[{"op": "add", "path": "/1", "value": 2}]"#, "[1, 2, 3]"),
        ("[1]", r#"[{"op": "add", "path": "-", "value": 2}]"#, "[1, 2]"),
        ("[[1]]", r#"[{"op": "add", "path": [0, 1], "value": 2}]"#, "[[1, 2]]"),
        ("[1, 2]", r#"[{"op": "remove", "path": "0"}]"#, "[2]"),
        (r#"{"a": 1}"#, r#"[{"op": "replace", "path": "a", "value": 2}]"#, r#"{"a": 2}"#),
        ("1", r#"[{"op": "replace", "path": "", "value": 2}]"#, "2"),
        (
            r#"{"a": [1, 2]}"#,
            r#"[{"op": "move", "from": "a/0", "path": "b"}, {"op": "copy", "from": "a", "path": "c"}]"#,
            r#"{"a": [2], "b": 1, "c": [2]}"#,
        ),
        (
            r#"{"a": 1}"#,
            r#"[{"op": "test", "path": "a", "value": 1.0}, {"op": "remove", "path": "a"}]"#,
            "{}",
        ),
    ] {
        check("json.patch", &format!("[{document}, {patch}]"), want);
    }
}

#[test]
fn patches_that_do_not_apply_are_undefined() {
    let document = Value::from_json(br#"{"a": [1]}"#).unwrap();
    for patch in [
        r#"[{"op": "add", "path": "a/2", "value": 1}]"#,
        r#"[{"op": "add", "path": "a/00", "value": 1}]"#,
        r#"[{"op": "add", "path": "a/0/b", "value": 1}]"#,
        r#"[{"op": "add", "path": "b"}]"#,
        r#"[{"op": "add", "value": 1}]"#,
        r#"[{"op": "remove", "path": "b"}]"#,
        r#"[{"op": "remove", "path": ""}]"#,
        r#"[{"op": "remove", "path": "a/-"}]"#,
        r#"[{"op": "replace", "path": "b", "value": 1}]"#,
        r#"[{"op": "test", "path": "a/0", "value": 2}]"#,
        r#"[{"op": "unknown", "path": "a"}]"#,
        r#"[{"path": "a"}]"#,
        "[7]",
    ] {
        let patch_value = Value::from_json(patch.as_bytes()).unwrap();
        let outcome = call("json.patch", &[&document, &patch_value]);
        assert_eq!(outcome, Err(BuiltinError::Undefined), "{patch}");
    }
}

#[test]
fn elements_of_sets_are_their_own_keys() {
    let set = Value::set(vec![Value::array(vec![Value::from(1)]), Value::from("a")]);
    let patch = br#"[{"op": "add", "path": [[1], 1], "value": 2}, {"op": "remove", "path": "a"}]"#;
    let patch = Value::from_json(patch).unwrap();
    let want = Value::set(vec![Value::array(vec![Value::from(1), Value::from(2)])]);
    assert_eq!(call("json.patch", &[&set, &patch]), Ok(want));
}

/// Each call copies the document into itself twice.
#[test]
fn a_document_copied_into_itself_is_paid_for() {
    let doubling = br#"[{"op": "copy", "from": "", "path": "/a"},
                        {"op": "copy", "from": "/a", "path": "/b"}]"#;
    let doubling = Value::from_json(doubling).unwrap();
    let mut document = Value::from_json(b"{}").unwrap();
    let outcome = (0..40).try_for_each(|_| {
        document = call("json.patch", &[&document, &doubling])?;
        Ok(())
    });
    assert_eq!(outcome, Err(BuiltinError::Halt(Halt::Steps)));
}

#[test]
fn a_document_does_not_grow_deeper_than_json() {
    let deeper = br#"[{"op": "copy", "from": "", "path": "/a"}]"#;
    let deeper = Value::from_json(deeper).unwrap();
    let mut document = Value::from_json(b"{}").unwrap();
    let outcome = (0..2000).try_for_each(|_| {
        document = call("json.patch", &[&document, &deeper])?;
        Ok(())
    });
    assert_eq!(outcome, Err(BuiltinError::Halt(Halt::Depth)));
}
