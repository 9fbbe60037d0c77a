//! Files, manifests, grammars.

use portcullis_bundle::{
    Manifest, ReadOptions, Verification, VerificationConfig, from_entries, read, write_entries,
};
use rego::{RegoVersion, Value};

use super::{entries, json, read_files, refusal};

#[test]
fn each_file_is_what_its_name_says() {
    let bundle = read_files(&[
        ("/.manifest", r#"{"revision": "r1", "unknown": {"is": "fine"}}"#),
        ("data.json", r#"{"a": {"x": 1}}"#),
        ("./a/data.yaml", "why: 2\n"),
        ("a/b/data.yml", "[3]"),
        ("a//b/p.rego", "package a.b.p"),
        ("p.rego", "package p"),
        ("policy.wasm", "\0asm"),
        ("plan.json", "{}"),
        ("README.md", "not read"),
        ("x/notdata.json", "not read"),
    ])
    .unwrap();
    assert_eq!(bundle.manifest.revision, "r1");
    assert_eq!(bundle.manifest.roots, [""]);
    assert_eq!(bundle.data, json(r#"{"a": {"x": 1, "why": 2, "b": [3]}}"#));
    let modules: Vec<_> = bundle.modules.iter().map(|m| (&*m.path, &*m.text)).collect();
    assert_eq!(modules, [("/a/b/p.rego", "package a.b.p"), ("/p.rego", "package p")]);
    assert_eq!(bundle.wasm, [("/policy.wasm".to_string(), b"\0asm".to_vec())]);
    assert_eq!(bundle.plans, [("/plan.json".to_string(), b"{}".to_vec())]);
    assert!(!bundle.is_delta());
}

#[test]
fn ids_of_modules_have_the_prefix() {
    let options = ReadOptions { module_prefix: "authz".to_string(), ..ReadOptions::default() };
    let bundle = from_entries(entries(&[("p.rego", "package p")]), &options).unwrap();
    assert_eq!(bundle.modules[0].id, "authz/p.rego");
    assert_eq!(bundle.modules[0].path, "/p.rego");
}

#[test]
fn an_empty_archive_is_an_empty_bundle() {
    let archive = write_entries(&[]).unwrap();
    let bundle = read(&archive, &ReadOptions::default()).unwrap();
    assert_eq!(bundle, portcullis_bundle::Bundle::default());
}

#[test]
fn what_does_not_fit_together_is_refused() {
    for (files, want) in [
        (
            &[("data.json", "[1]")][..],
            "bundle load failed on `/data.json`: root value must be object",
        ),
        (
            &[("a/data.json", "1"), ("a/data.yaml", "1")],
            "bundle load failed on `/a/data.yaml`: merge error: `/a` has another value already",
        ),
        (
            &[("data.json", r#"{"a": {"b": 1}}"#), ("a/b/data.json", r#"{"c": 1}"#)],
            "bundle load failed on `/a/b/data.json`: merge error: `/a/b` has another value already",
        ),
        (
            &[("a/b/data.json", "1"), ("a/data.json", r#"{"x": 1, "b": {"y": 1}}"#)],
            "bundle load failed on `/a/data.json`: merge error: `/a/b` has another value already",
        ),
        (&[("a.rego", "x"), ("/a.rego", "y")], "bundle has more than one entry `/a.rego`"),
        (&[(".manifest", "{}"), ("a/.manifest", "{}")], "more than one file `.manifest`"),
        (&[("../data.json", "{}")], "bundle entry `../data.json`: the name leads out of"),
        (&[(".manifest", "{")], "bundle load failed on `/.manifest`: "),
        (
            &[(".manifest", "[]")],
            "bundle load failed on manifest decode: `.manifest` must be an object",
        ),
        (&[("data.json", "{")], "bundle load failed on `/data.json`: "),
        (&[("data.yaml", "a: [")], "bundle load failed on `/data.yaml`: "),
        (&[(".signatures.json", "{}")], "verification key not provided"),
    ] {
        let got = match files[0].0 {
            // Cannot be written to begin with.
            "../data.json" => {
                from_entries(entries(files), &ReadOptions::default()).unwrap_err().to_string()
            }
            "a.rego" => {
                from_entries(entries(files), &ReadOptions::default()).unwrap_err().to_string()
            }
            _ => refusal(files),
        };
        assert!(got.contains(want), "{files:?}: {got}");
    }
}

#[test]
fn a_module_that_is_not_text_is_refused() {
    let mut files = entries(&[("p.rego", "")]);
    files[0].bytes = vec![0xff, 0xfe];
    let got = from_entries(files, &ReadOptions::default()).unwrap_err().to_string();
    assert_eq!(got, "bundle load failed on `/p.rego`: not UTF-8 text");
}

#[test]
fn every_key_of_a_manifest_is_judged() {
    for (text, want) in [
        (r#"{"revision": 1}"#, "`revision` must be a string"),
        (r#"{"roots": "a"}"#, "`roots` must be an array of strings"),
        (r#"{"roots": ["a", 1]}"#, "`roots[1]` must be a string"),
        (r#"{"rego_version": 2}"#, "`rego_version` must be 0 or 1, not 2"),
        (r#"{"rego_version": "1"}"#, "`rego_version` must be 0 or 1, not \"1\""),
        (r#"{"file_rego_versions": []}"#, "`file_rego_versions` must be an object"),
        (r#"{"file_rego_versions": {"/a": 1.5}}"#, "`file_rego_versions[\"/a\"]` must be 0 or 1"),
        (r#"{"file_rego_versions": {"[a": 1}}"#, "`file_rego_versions[\"[a\"]` is not a pattern"),
        (r#"{"metadata": 1}"#, "`metadata` must be an object"),
        (r#"{"wasm": {}}"#, "`wasm` must be an array"),
        (r#"{"wasm": [1]}"#, "`wasm[0]` must be an object"),
        (r#"{"wasm": [{"module": 1}]}"#, "`wasm[0].module` must be a string"),
        (r#"{"wasm": [{"annotations": {}}]}"#, "`wasm[0].annotations` must be an array"),
        (r#"{"roots": ["a/b", "a"]}"#, "manifest has overlapped roots: 'a/b' and 'a'"),
        (r#"{"roots": ["a", "b", "/a/"]}"#, "manifest has overlapped roots: 'a' and 'a'"),
        (r#"{"roots": ["", "b"]}"#, "manifest has overlapped roots: '' and 'b'"),
    ] {
        let got = Manifest::from_json(text.as_bytes()).unwrap_err().to_string();
        assert!(got.contains(want), "{text}: {got}");
    }
    for text in ["{}", r#"{"revision": null, "roots": null, "metadata": null, "wasm": null}"#] {
        assert_eq!(Manifest::from_json(text.as_bytes()).unwrap(), Manifest::default());
    }
}

#[test]
fn a_manifest_is_written_as_it_was_read() {
    for (text, want) in [
        ("{}", r#"{"revision":"","roots":[""]}"#),
        (
            r#"{"metadata": {"b": 1}, "rego_version": 1.0, "roots": ["/a/", "b"],
                "file_rego_versions": {"/x.rego": 0}, "revision": "r",
                "wasm": [{"module": "/policy.wasm", "entrypoint": "a/p"}]}"#,
            concat!(
                r#"{"revision":"r","roots":["a","b"],"#,
                r#""wasm":[{"entrypoint":"a/p","module":"/policy.wasm"}],"#,
                r#""rego_version":1,"file_rego_versions":{"/x.rego":0},"metadata":{"b":1}}"#
            ),
        ),
    ] {
        let manifest = Manifest::from_json(text.as_bytes()).unwrap();
        assert_eq!(manifest.to_json(), want);
        assert_eq!(Manifest::from_value(&manifest.to_value()).unwrap(), manifest);
    }
}

#[test]
fn the_grammar_of_a_file_is_the_patterns_then_the_bundles() {
    let (v0, v1) = (Some(RegoVersion::V0), Some(RegoVersion::V1));
    for (manifest, want) in [
        ("{}", [None, None, None]),
        (r#"{"rego_version": 0}"#, [v0, v0, v0]),
        (r#"{"file_rego_versions": {"/a/p.rego": 0}}"#, [v0, None, None]),
        (r#"{"rego_version": 0, "file_rego_versions": {"/a/*.rego": 1}}"#, [v1, v1, v0]),
        (r#"{"rego_version": 1, "file_rego_versions": {"*/p.rego": 0}}"#, [v0, v1, v0]),
        // The first in the order of their text counts.
        (r#"{"file_rego_versions": {"/a/p.rego": 1, "/a/*": 0}}"#, [v0, v0, None]),
        (r#"{"file_rego_versions": {"/{a,b}/p.rego": 1}}"#, [v1, None, v1]),
    ] {
        let files = [(".manifest", manifest), ("a/p.rego", ""), ("a/q.rego", ""), ("b/p.rego", "")];
        let modules = read_files(&files).unwrap().modules;
        let got: Vec<_> = modules.iter().map(|module| module.rego_version).collect();
        assert_eq!(got, want, "{manifest}");
    }
}

#[test]
fn a_signed_bundle_may_be_read_unverified_on_request() {
    let files = entries(&[(".signatures.json", "{}")]);
    let verification = Verification::Skip;
    let options = ReadOptions { verification, ..ReadOptions::default() };
    assert_eq!(from_entries(files, &options).unwrap().signatures, Some(b"{}".to_vec()));
    let verification = Verification::Verify(VerificationConfig::default());
    let options = ReadOptions { verification, ..ReadOptions::default() };
    let got = from_entries(Vec::new(), &options).unwrap_err().to_string();
    assert_eq!(got, "bundle missing .signatures.json file");
}

#[test]
fn numbers_and_large_documents_keep_their_form() {
    let bundle = read_files(&[("data.json", r#"{"n": 1.50, "big": 12345678901234567890}"#)]);
    let data = bundle.unwrap().data;
    assert_eq!(data.to_json(), r#"{"big":12345678901234567890,"n":1.50}"#);
    let many: Vec<_> = (0..20_000).map(|n| (format!("d{n}/data.json"), n.to_string())).collect();
    let many: Vec<_> = many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let data = read_files(&many).unwrap().data;
    assert_eq!(data.get_path(&["d19999"]), Some(&Value::from(19_999)));
}
