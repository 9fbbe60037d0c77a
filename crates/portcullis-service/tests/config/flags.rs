//! `--set`, `--set-file` and variables.

use serde_json::{Value, json};

use super::{load, load_with};

#[test]
fn set_makes_values() {
    let cases: &[(&[&str], Value)] = &[
        (&["labels.a=b"], json!({"labels": {"a": "b"}})),
        (&["labels.a=b,labels.c=d"], json!({"labels": {"a": "b", "c": "d"}})),
        (&["labels.a=b", "labels.a=c"], json!({"labels": {"a": "c"}})),
        (&[r"labels.a=b\,c"], json!({"labels": {"a": "b,c"}})),
        (&[r"labels.a\.b=c"], json!({"labels": {"a.b": "c"}})),
        (&["labels.a="], json!({"labels": {"a": ""}})),
        (&["labels.a=07"], json!({"labels": {"a": "07"}})),
        (&["nd_builtin_cache=true"], json!({"nd_builtin_cache": true})),
        (&["nd_builtin_cache=null"], json!({"nd_builtin_cache": null})),
        (
            &["services[0].name=a,services[0].url=http://a,services[1].name=b,services[1].url=u"],
            json!({"services": [{"name": "a", "url": "http://a"}, {"name": "b", "url": "u"}]}),
        ),
        (
            &["decision_logs.request_context.http.headers={a,b}"],
            json!({"decision_logs": {"request_context": {"http": {"headers": ["a", "b"]}}}}),
        ),
        (
            &["storage.disk.partitions={},storage.disk.directory=/x"],
            json!({"storage": {"disk": {"partitions": [], "directory": "/x"}}}),
        ),
        (&["server.decoding.max_length=5"], json!({"server": {"decoding": {"max_length": 5}}})),
    ];
    for (set, document) in cases {
        let loaded = load_with("", set, &[]).map(|loaded| loaded.document);
        assert_eq!(loaded.map_err(|error| error.to_string()), Ok(document.clone()), "{set:?}");
    }
}

#[test]
fn flags_that_are_none_say_why() {
    let cases = [
        ("a", "--set `a`: the key `a` has no value"),
        ("a.b,c=d", "--set `a.b,c`: the key `b` has no value"),
        ("=b", "--set ``: a key without a name"),
        ("a..b=c", "--set `a..b`: a key without a name"),
        ("a[x]=c", "--set `a[x]`: `x` is no index"),
        ("a[1024]=c", "--set `a[1024]`: the index `1024` is greater than 1023"),
        ("a[1=c", "--set `a[1`: an index without its `]`"),
        ("a[0]b=c", "--set `a[0]b`: `b` follows an index without a `.`"),
        ("a={b", "--set `a`: a list without its `}`"),
        ("a={b}c", "--set `a`: `c` follows a list without a `,`"),
        ("a=b,a.c=d", "--set `a`: `c` is set below a scalar or a list"),
        ("a.b=c,a[0]=d", "--set `a.b`: `[0]` is set in what is no list"),
        ("a=b\\", "--set `a`: nothing follows the last `\\`"),
    ];
    for (set, message) in cases {
        let error = load_with("", &[set], &[]).unwrap_err();
        assert_eq!(error.to_string(), message, "{set}");
    }
    let deep = format!("{}=x", ["a"; 65].join("."));
    let error = load_with("", &[&deep], &[]).unwrap_err().to_string();
    assert!(error.ends_with("a key goes deeper than 64 levels"), "{error}");
}

#[test]
fn later_sources_override_earlier_ones() {
    let text = "labels: {a: text, b: text, c: text}\n";
    let set = ["labels.b=set,labels.c=set"];
    let loaded = load_with(text, &set, &["labels.c=secret.txt"]).unwrap();
    assert_eq!(loaded.document, json!({"labels": {"a": "text", "b": "set", "c": "of a file"}}));
    let error = load_with(text, &[], &["labels.c=missing.txt"]).unwrap_err();
    assert_eq!(error.to_string(), "--set-file: cannot read `missing.txt`: entity not found");
}

#[test]
fn wrong_values_of_flags_are_told_as_theirs() {
    let error = load_with("labels: {a: b}\n", &["labels.a=1"], &[]).unwrap_err();
    let expected = "invalid configuration\n\
        --set: `labels.a`: expected a string, found the number `1`";
    assert_eq!(error.to_string(), expected);
    let loaded = load_with("labels: {a: b}\n", &["bundels.a=1"], &[]).unwrap();
    let expected = "unknown configuration option \"bundels\" encountered; did you mean `bundles`? \
        (--set)";
    assert_eq!(loaded.warnings, [expected]);
}

#[test]
fn variables_are_put_in() {
    let cases = [
        ("labels: {a: '${TOKEN}'}", "s3cr3t"),
        ("labels: {a: '${EMPTY}'}", ""),
        ("labels: {a: '${UNSET}'}", "${UNSET}"),
        ("labels: {a: '$TOKEN ${} ${TOKEN'}", "$TOKEN ${} ${TOKEN"),
        ("labels: {a: 'x${TOKEN}${TOKEN}y'}", "xs3cr3ts3cr3ty"),
    ];
    for (text, label) in cases {
        assert_eq!(load(text).unwrap().config.labels["a"], label, "{text}");
    }
}

#[test]
fn variables_move_no_line() {
    let text = "labels:\n  ${LINES}\n  c: 5\n";
    let expected = "invalid configuration\n\
        opa.yaml:3:3: `labels.c`: expected a string, found the number `5`\n    3 |   c: 5";
    assert_eq!(load(text).unwrap_err().to_string(), expected);
}

#[test]
fn too_much_is_refused() {
    let big = "x".repeat((16 << 20) + 1);
    let error = load(&big).unwrap_err().to_string();
    assert_eq!(error, "configuration too large: `opa.yaml` goes beyond 16777216 bytes");
    // One long string that many aliases stand for.
    let aliases = format!("a: &a {}\nb: [{}]", "x".repeat(1 << 16), "*a,".repeat(1000));
    let error = load(&aliases).unwrap_err().to_string();
    assert_eq!(error, "configuration too large: `opa.yaml` goes beyond 16777216 bytes");
    let deep = format!("a: {}{}", "[".repeat(70), "]".repeat(70));
    assert_eq!(load(&deep).unwrap_err().to_string(), "opa.yaml:1:1: nested deeper than 64 levels");
}
