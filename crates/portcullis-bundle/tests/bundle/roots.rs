//! What a bundle owns.

use portcullis_bundle::{Manifest, overlaps, roots_overlap};

use super::{read_files, refusal};

fn manifest(roots: &[&str]) -> Manifest {
    let roots = roots.iter().map(|root| (*root).to_string()).collect();
    Manifest { roots, ..Manifest::default() }
}

fn path(text: &str) -> Vec<String> {
    text.split('/').filter(|s| !s.is_empty()).map(str::to_string).collect()
}

#[test]
fn roots_hold_whole_segments() {
    for (root, at, want) in [
        ("", "", true),
        ("", "a/b", true),
        ("a", "a", true),
        ("a", "a/b", true),
        ("a", "ab", false),
        ("a/b", "a", false),
        ("a/b", "a/bc", false),
        ("a/b", "a/b/c", true),
        ("a%20b", "a b/c", true),
        ("a%zz", "a%zz", true),
    ] {
        assert_eq!(manifest(&[root]).permits(&path(at)), want, "{root} holds {at}");
    }
    assert!(!manifest(&[]).permits(&[]));
    assert!(manifest(&["a%2Fb"]).permits(&["a/b".to_string()]));
    for (one, other, want) in [
        ("", "a", true),
        ("a", "a", true),
        ("a", "/a/b/", true),
        ("a/b", "a/c", false),
        ("a", "ab", false),
    ] {
        assert_eq!(roots_overlap(one, other), want, "{one} and {other}");
        assert_eq!(roots_overlap(other, one), want, "{other} and {one}");
    }
}

#[test]
fn data_lies_under_the_roots() {
    let roots = r#"{"roots": ["a", "b/c"]}"#;
    for (file, text, want) in [
        ("data.json", r#"{"a": 1}"#, None),
        ("data.json", r#"{"b": {}}"#, None),
        ("data.json", r#"{"b": {"c": 1}}"#, None),
        ("data.json", "{}", None),
        ("data.json", r#"{"b": {"d": 1}}"#, Some("b/d")),
        ("data.json", r#"{"b": 1}"#, Some("b")),
        ("data.json", r#"{"b": [1]}"#, Some("b")),
        ("data.json", r#"{"ab": {}}"#, Some("ab")),
        ("x/data.json", "{}", Some("x")),
        ("b/data.json", r#"{"c": {"e": 1}}"#, None),
    ] {
        let files = [(".manifest", roots), (file, text)];
        match want {
            None => assert!(read_files(&files).is_ok(), "{file} {text}"),
            Some(at) => assert_eq!(
                refusal(&files),
                format!(
                    "manifest roots [a b/c] do not permit data at path '/{at}' (hint: check bundle \
                     directory structure)"
                )
            ),
        }
    }
    assert!(read_files(&[(".manifest", r#"{"roots": []}"#), ("data.json", "{}")]).is_ok());
    assert!(read_files(&[(".manifest", r#"{"roots": []}"#), ("data.json", r#"{"a":1}"#)]).is_err());
}

#[test]
fn modules_patches_and_entrypoints_lie_under_the_roots() {
    let owned = manifest(&["a", "b", "c/d"]);
    assert!(owned.check_module_root(&path("c/d/e"), "/x.rego").is_ok());
    for (package, want) in [
        (&["c", "e"][..], "'package c.e'"),
        (&["c", "d e"], "'package c[\"d e\"]'"),
        (&["1", "x"], "'package [\"1\"].x'"),
    ] {
        let package: Vec<_> = package.iter().map(|s| (*s).to_string()).collect();
        let got = owned.check_module_root(&package, "/x.rego").unwrap_err().to_string();
        let want = format!("manifest roots [a b c/d] do not permit {want} in module '/x.rego'");
        assert_eq!(got, want);
    }
    let roots = r#"{"roots": ["a", "b", "c/d"]}"#;
    assert_eq!(
        refusal(&[
            (".manifest", roots),
            ("patch.json", r#"{"data": [{"op": "remove", "path": "/c/e"}]}"#)
        ]),
        "manifest roots [a b c/d] do not permit data patch at path 'c/e'"
    );
    for (wasm, want) in [
        (r#"[{"entrypoint": "a/p", "module": "/policy.wasm"}]"#, ""),
        (
            r#"[{"entrypoint": "x/p", "module": "/policy.wasm"}]"#,
            "manifest roots [a] do not permit 'x/p' entrypoint for wasm module '/policy.wasm'",
        ),
        (
            r#"[{"entrypoint": "a/p", "module": "/a/policy.wasm"}]"#,
            "manifest references wasm module '/a/policy.wasm' but the module file does not exist",
        ),
        (
            r#"[{"entrypoint": "a/p", "module": "/policy.wasm"},
                {"entrypoint": "a/p", "module": "/policy.wasm"}]"#,
            "entrypoint 'a/p' cannot be used by more than one wasm module",
        ),
    ] {
        let text = format!(r#"{{"roots": ["a"], "wasm": {wasm}}}"#);
        let got = read_files(&[(".manifest", &text), ("policy.wasm", "x")]);
        assert_eq!(got.err().map(|e| e.to_string()).unwrap_or_default(), want);
    }
}

#[test]
fn bundles_that_own_the_same_data_are_named() {
    for (bundles, want) in [
        (&[("a", &["foo"][..])][..], None),
        (&[("a", &["foo"]), ("b", &["bar"])], None),
        (&[("a", &["a/b"]), ("b", &["a/bc"])], None),
        (&[("a", &[]), ("b", &["x"])], None),
        (
            &[("a", &["foo"]), ("b", &["foo"]), ("c", &["foo"])],
            Some(
                "detected overlapping roots in manifests for these bundles: [a, b, c] (root foo is \
                 in multiple bundles)",
            ),
        ),
        (
            &[("b", &["a/b"]), ("a", &["a"]), ("c", &["a/b/c", "z"]), ("d", &["y"])],
            Some(
                "detected overlapping roots in manifests for these bundles: [a, b, c] (a overlaps \
                 a/b, a overlaps a/b/c, a/b overlaps a/b/c)",
            ),
        ),
        (
            &[("all", &[""]), ("b", &["x"])],
            Some(
                "bundles [all, b] have overlapping roots and cannot be activated simultaneously \
                 because bundle(s) [all] specify empty root paths ('') which overlap with any \
                 other bundle root",
            ),
        ),
    ] {
        let manifests: Vec<_> = bundles.iter().map(|(name, r)| (*name, manifest(r))).collect();
        let named: Vec<_> = manifests.iter().map(|(name, manifest)| (*name, manifest)).collect();
        assert_eq!(overlaps(&named).map(|found| found.to_string()).as_deref(), want);
    }
}
