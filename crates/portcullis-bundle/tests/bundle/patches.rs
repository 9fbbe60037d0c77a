//! Delta bundles.

use portcullis_bundle::{PATCH_OPERATIONS_MAX, Patch};
use rego::Value;

use super::{json, read_files, refusal};

fn patch(operations: &str) -> Result<Patch, String> {
    let text = format!(r#"{{"data": [{operations}]}}"#);
    Patch::from_json(text.as_bytes()).map_err(|e| e.to_string())
}

#[test]
fn operations_change_data() {
    let data = r#"{"a": {"b": 1}, "l": [1, 2, 3], "x~/y": 5, "n": null}"#;
    for (operations, want) in [
        (r#"{"op": "upsert", "path": "/a/c", "value": 2}"#, r#"{"a": {"b": 1, "c": 2}}"#),
        (r#"{"op": "upsert", "path": "a/b/", "value": 2}"#, r#"{"a": {"b": 2}}"#),
        (r#"{"op": "upsert", "path": "/p/q/r", "value": []}"#, r#"{"p": {"q": {"r": []}}}"#),
        (r#"{"op": "replace", "path": "/a", "value": 2}"#, r#"{"a": 2}"#),
        (r#"{"op": "replace", "path": "/n", "value": 2}"#, r#"{"n": 2}"#),
        (r#"{"op": "upsert", "path": "/l/-", "value": 4}"#, r#"{"l": [1, 2, 3, 4]}"#),
        (r#"{"op": "upsert", "path": "/l/0", "value": 4}"#, r#"{"l": [4, 1, 2, 3]}"#),
        (r#"{"op": "replace", "path": "/l/2", "value": 4}"#, r#"{"l": [1, 2, 4]}"#),
        (r#"{"op": "remove", "path": "/l/1"}"#, r#"{"l": [1, 3]}"#),
        (r#"{"op": "replace", "path": "/x~0~1y", "value": 6}"#, r#"{"x~/y": 6}"#),
        (
            r#"{"op": "upsert", "path": "/l/0", "value": {}},
               {"op": "upsert", "path": "/l/0/k/j", "value": 1}"#,
            r#"{"l": [{"k": {"j": 1}}, 1, 2, 3]}"#,
        ),
    ] {
        let got = patch(operations).unwrap().apply(json(data)).unwrap();
        let entries = |value: Value| {
            let object = value.as_object().unwrap();
            object.iter().map(|(k, v)| (k.clone(), v.clone())).collect::<Vec<_>>()
        };
        let want = Value::object([entries(json(data)), entries(json(want))].concat());
        assert_eq!(got, want, "{operations}");
    }
    let gone = patch(r#"{"op": "remove", "path": "/a/b"}, {"op": "remove", "path": "/l"}"#);
    let left = gone.unwrap().apply(json(r#"{"a": {"b": 1}, "l": []}"#)).unwrap();
    assert_eq!(left, json(r#"{"a": {}}"#));
    let all = patch(r#"{"op": "replace", "path": "/", "value": {"z": 1}}"#).unwrap();
    assert_eq!(all.apply(json(data)).unwrap(), json(r#"{"z": 1}"#));
}

#[test]
fn what_is_not_there_is_an_error_and_nothing_changes() {
    let data = r#"{"a": {"b": 1}, "l": [1, 2]}"#;
    for (op, path) in [
        ("remove", "/a/c"),
        ("replace", "/a/c"),
        ("remove", "/c/d"),
        ("replace", "/a/b/c"),
        ("upsert", "/a/b/c"),
        ("upsert", "/l/2"),
        ("upsert", "/l/01"),
        ("upsert", "/l/+1"),
        ("upsert", "/l/x"),
        ("upsert", "/l/5/x"),
        ("remove", "/l/-"),
        ("replace", "/l/99999999999999999999"),
    ] {
        let fine = r#"{"op": "upsert", "path": "/z", "value": 0}"#;
        let patch = patch(&format!(r#"{fine}, {{"op": "{op}", "path": "{path}", "value": 0}}"#));
        let got = patch.unwrap().apply(json(data)).unwrap_err().to_string();
        assert_eq!(got, format!("patch operation 1: cannot {op} `{path}`: there is no such place"));
    }
}

#[test]
fn a_patch_is_judged_before_it_is_applied() {
    for (operations, want) in [
        ("", "patch: `data` must have an operation"),
        (r#"{"op": "add", "path": "/a", "value": 1}"#, "or `replace`, not `add`"),
        (r#"{"path": "/a", "value": 1}"#, "patch operation 0: `op` must be a string"),
        (r#"{"op": "remove", "path": 1}"#, "patch operation 0: `path` must be a string"),
        (r#"{"op": "upsert", "path": "/a"}"#, "patch operation 0: `upsert` needs a `value`"),
        (r#"{"op": "remove", "path": ""}"#, "the root of data can only become another object"),
        (r#"{"op": "upsert", "path": "/", "value": 1}"#, "can only become another object"),
        (r#"{"op": "remove", "path": "/a~2"}"#, "`path` has a `~` that neither"),
        ("1", "patch operation 0: must be an object"),
    ] {
        let got = patch(operations).unwrap_err();
        assert!(got.contains(want), "{operations}: {got}");
    }
    for text in ["", "[]", "{}", r#"{"data": {}}"#, "null"] {
        assert!(Patch::from_json(text.as_bytes()).is_err(), "{text}");
    }
    let deep = format!(r#"{{"op": "remove", "path": "{}"}}"#, "/a".repeat(100_000));
    assert!(patch(&deep).unwrap_err().contains("segments"));
    let many = vec!["1"; PATCH_OPERATIONS_MAX + 1].join(",");
    assert!(patch(&many).unwrap_err().contains("more than"));
}

#[test]
fn a_delta_bundle_holds_a_manifest_and_a_patch() {
    let patch = ("patch.json", r#"{"data": [{"op": "upsert", "path": "/a", "value": 1}]}"#);
    let bundle = read_files(&[(".manifest", r#"{"roots": ["a"]}"#), patch]).unwrap();
    assert!(bundle.is_delta());
    for (file, what) in [
        (("data.json", "{}"), "data"),
        (("p.rego", "package p"), "policy"),
        (("policy.wasm", ""), "wasm"),
        (("plan.json", "{}"), "plan"),
    ] {
        let want =
            format!("delta bundle expected to contain only patch file but {what} files found");
        assert_eq!(refusal(&[patch, file]), want);
    }
}

#[test]
fn many_operations_take_little_time() {
    let operations: Vec<_> = (0..PATCH_OPERATIONS_MAX)
        .map(|n| format!(r#"{{"op": "upsert", "path": "/wide/k{n}", "value": {n}}}"#))
        .collect();
    let wide: Vec<_> = (0..100_000).map(|n| (Value::from(format!("k{n}")), Value::TRUE)).collect();
    let data = Value::object_from_strs([("wide", Value::object(wide))]);
    let got = patch(&operations.join(",")).unwrap().apply(data).unwrap();
    assert_eq!(got.get_path(&["wide", "k7"]), Some(&Value::from(7)));
    // Moving a long array aside again and again is bounded.
    let insert = r#"{"op": "upsert", "path": "/l/0", "value": 1}"#;
    let inserts = patch(&vec![insert; 20_000].join(",")).unwrap();
    let data = Value::object_from_strs([("l", Value::array(vec![Value::NULL; 100_000]))]);
    let got = inserts.apply(data).unwrap_err().to_string();
    assert!(got.contains("moves too many array elements"), "{got}");
}
