//! Which files of a directory or an archive make up the bundle, and what is refused.

use std::collections::BTreeMap;

use portcullis_bundle::{
    BundleFiles, SignatureAlgorithm, SigningKey, VerificationConfig, VerificationKey, sign, write,
    write_entries,
};
use rego::{RegoVersion, Value};

use super::*;
use crate::load::{LoadOptions, load};

/// Writes files below a new directory, which goes away at the end of the test.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    root
}

fn bundle_of(root: &tempfile::TempDir, options: &BundleLoadOptions) -> Result<Bundle, String> {
    let path = root.path().to_str().unwrap();
    load_bundle(path, options).map_err(|error| error.to_string().replace(path, "ROOT"))
}

fn paths(bundle: &Bundle) -> Vec<&str> {
    bundle.modules.iter().map(|module| module.path.as_str()).collect()
}

const FILES: &[(&str, &str)] = &[
    (".manifest", r#"{"revision": "r1"}"#),
    ("a/data.json", r#"{"x": 1}"#),
    ("a/b/data.yml", "two: 2\n"),
    ("a/other.json", "{"),
    ("p.rego", "package p"),
    ("p_test.rego", "package p"),
    (".hidden/q.rego", "package q"),
    ("..2026/r.rego", "package r"),
];

#[test]
fn a_directory_is_read_by_names() {
    let root = tree(FILES);
    let bundle = bundle_of(&root, &BundleLoadOptions::default()).unwrap();
    assert_eq!(bundle.manifest.revision, "r1");
    assert_eq!(bundle.data, Value::from_json(br#"{"a": {"x": 1, "b": {"two": 2}}}"#).unwrap());
    assert_eq!(paths(&bundle), ["/.hidden/q.rego", "/p.rego", "/p_test.rego"]);
    assert_eq!(bundle.modules[1].id, root.path().join("p.rego").to_str().unwrap());
    let ignore = vec![".*".to_string(), "*_test.rego".to_string()];
    let bundle = bundle_of(&root, &BundleLoadOptions { ignore, ..Default::default() }).unwrap();
    assert_eq!(paths(&bundle), ["/p.rego"]);
    assert_eq!(bundle.manifest.revision, "", "`.*` is the manifest too");
}

#[test]
fn an_archive_is_read_as_its_directory_is() {
    let root = tree(&[]);
    let entry =
        |(path, text): &(&str, &str)| Entry { path: path.to_string(), bytes: (*text).into() };
    let archive = write_entries(&FILES.iter().map(entry).collect::<Vec<_>>()).unwrap();
    let path = root.path().join("b.tar.gz");
    fs::write(&path, archive).unwrap();
    let ignore = vec![".hidden".to_string(), "..*".to_string()];
    let options = BundleLoadOptions { ignore, ..Default::default() };
    let bundle = load_bundle(&format!("file://{}", path.display()), &options).unwrap();
    assert_eq!(paths(&bundle), ["/p.rego", "/p_test.rego"]);
    assert_eq!(bundle.modules[0].id, path.join("p.rego").to_str().unwrap());
    let named = ReadOptions { module_prefix: "name".to_string(), ..ReadOptions::default() };
    let options = BundleLoadOptions { read: named, ..options };
    let bundle = load_bundle(path.to_str().unwrap(), &options).unwrap();
    assert_eq!(bundle.modules[0].id, "name/p.rego");
}

#[test]
fn what_is_wrong_is_said_with_the_path() {
    let none = load_bundle("none.tar.gz", &BundleLoadOptions::default()).unwrap_err();
    assert_eq!(none.to_string(), "open none.tar.gz: no such file or directory");
    let remote = load_bundle("https://h/b.tar.gz", &BundleLoadOptions::default()).unwrap_err();
    assert!(remote.to_string().contains("only files and `file://` URLs"), "{remote}");
    let said = |files, options: &BundleLoadOptions| bundle_of(&tree(files), options).unwrap_err();
    let options = BundleLoadOptions::default();
    let outside = [(".manifest", r#"{"roots": ["a"]}"#), ("b/data.json", "1")];
    assert_eq!(
        said(&outside, &options),
        "bundle ROOT: manifest roots [a] do not permit data at path '/b' (hint: check bundle \
         directory structure)"
    );
    let limits = Limits { file_bytes_max: 3, ..Limits::default() };
    let read = ReadOptions { limits, ..ReadOptions::default() };
    let small = BundleLoadOptions { read, ..options };
    let large = said(&[("p.rego", "package p")], &small);
    assert!(large.ends_with("exceeds the maximum size (3 bytes)"), "{large}");
}

#[test]
fn limits_are_kept_before_reading() {
    let root = tree(&[("a.rego", "package a"), ("b.rego", "package b")]);
    for (limits, want) in [
        (Limits { total_bytes_max: 10, ..Limits::default() }, "more than 10 bytes"),
        (Limits { entries_max: 1, ..Limits::default() }, "more than 1 entries"),
    ] {
        let read = ReadOptions { limits, ..ReadOptions::default() };
        let said = bundle_of(&root, &BundleLoadOptions { read, ..Default::default() }).unwrap_err();
        assert!(said.ends_with(want), "{said}");
    }
}

#[test]
fn links_are_followed_only_where_asked_for() {
    let root = tree(&[("real/p.rego", "package p"), ("elsewhere", "package q")]);
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, root.path().join(name));
    link("elsewhere", "q.rego").unwrap();
    link("real", "linked").unwrap();
    let bundle = bundle_of(&root, &BundleLoadOptions::default()).unwrap();
    assert_eq!(paths(&bundle), ["/real/p.rego"]);
    let follow = BundleLoadOptions { follow_symlinks: true, ..Default::default() };
    let bundle = bundle_of(&root, &follow).unwrap();
    assert_eq!(paths(&bundle), ["/linked/p.rego", "/q.rego", "/real/p.rego"]);
    link("..", "real/loop").unwrap();
    assert!(bundle_of(&root, &follow).unwrap_err().contains("levels of symbolic"));
}

#[test]
fn a_signature_names_every_file_of_a_directory() {
    let root = tree(&[("p.rego", "package p"), ("README.md", "read me")]);
    let path = root.path().to_str().unwrap();
    let files = load_bundle_files(path, &BundleLoadOptions::default(), WhichFiles::All).unwrap();
    let algorithm = SignatureAlgorithm::Hs256;
    let key = SigningKey { id: "k".to_string(), algorithm, key: "secret".to_string() };
    let signatures = sign(&files, &key, &Value::object(Vec::new())).unwrap();
    fs::write(root.path().join(SIGNATURES_FILE), signatures).unwrap();
    let key = VerificationKey { key: "secret".to_string(), algorithm, scope: String::new() };
    let keys = BTreeMap::from([("k".to_string(), key)]);
    let verification = Verification::Verify(VerificationConfig { keys, ..Default::default() });
    let read = ReadOptions { verification, ..ReadOptions::default() };
    let options = BundleLoadOptions { read, ..Default::default() };
    assert_eq!(paths(&bundle_of(&root, &options).unwrap()), ["/p.rego"]);
    let said = bundle_of(&root, &BundleLoadOptions::default()).unwrap_err();
    assert_eq!(said, "bundle ROOT: verification key not provided");
    fs::write(root.path().join("new.txt"), "").unwrap();
    let said = bundle_of(&root, &options).unwrap_err();
    assert_eq!(said, "bundle ROOT: file /new.txt not included in bundle signature");
}

#[test]
fn an_archive_that_is_named_among_files_stands_for_what_it_holds() {
    let root = tree(&[("a.json", r#"{"b": 1}"#)]);
    let manifest = portcullis_bundle::Manifest {
        rego_version: Some(RegoVersion::V0),
        ..portcullis_bundle::Manifest::default()
    };
    let files = BundleFiles {
        manifest,
        data: Value::object_from_strs([("c", Value::from(2))]),
        modules: vec![("/p.rego".to_string(), "package p".to_string())],
        ..BundleFiles::default()
    };
    let archive = root.path().join("b.tar.gz");
    fs::write(&archive, write(&files).unwrap()).unwrap();
    let paths = [root.path().join("a.json"), archive.clone()].map(|p| p.display().to_string());
    let loaded = load(&paths, &LoadOptions::default()).unwrap();
    assert_eq!(loaded.data, Value::from_json(br#"{"b": 1, "c": 2}"#).unwrap());
    let id = archive.join("p.rego").display().to_string();
    assert_eq!(loaded.modules, [(id.clone(), "package p".to_string())]);
    assert_eq!(loaded.versions, BTreeMap::from([(id, RegoVersion::V0)]));
    assert_eq!(loaded.files.len(), 2);
    // In a directory it is what somebody built there, not another source.
    let loaded = load(&[root.path().to_str().unwrap()], &LoadOptions::default()).unwrap();
    assert_eq!(loaded.modules.len(), 0);
}
