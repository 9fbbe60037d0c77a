//! What is read, where it is placed, and what is refused.

use std::fs;
use std::path::Path;

use super::*;

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

fn at(root: &Path, name: &str) -> String {
    root.join(name).to_str().unwrap().to_string()
}

fn load_all(paths: &[String]) -> Loaded {
    load(paths, &LoadOptions::default()).unwrap()
}

/// The errors, with the test's own directory taken out.
fn refusal(root: &Path, paths: &[String]) -> String {
    let errors = load(paths, &LoadOptions::default()).unwrap_err();
    errors.to_string().replace(root.to_str().unwrap(), "ROOT")
}

fn number(data: &Value, path: &[&str]) -> Option<i64> {
    data.get_path(path).and_then(Value::as_i64)
}

#[test]
fn documents_are_placed_by_the_directories_below_the_path() {
    let root = tree(&[
        ("d/a.json", r#"{"x": 1}"#),
        ("d/sub/b.yaml", "two: 2\n"),
        ("d/sub/deep/c.yml", "three: 3\n"),
        ("d/p.rego", "package p"),
        ("d/notes.txt", "not read"),
    ]);
    let loaded = load_all(&[at(root.path(), "d")]);
    assert_eq!(number(&loaded.data, &["x"]), Some(1));
    assert_eq!(number(&loaded.data, &["sub", "two"]), Some(2));
    assert_eq!(number(&loaded.data, &["sub", "deep", "three"]), Some(3));
    assert_eq!(loaded.modules, [(at(root.path(), "d/p.rego"), "package p".to_string())]);
    assert_eq!(loaded.files.len(), 4);
}

#[test]
fn a_prefix_places_a_file_or_a_directory() {
    let root = tree(&[("a.json", "[1]"), ("d/b.json", r#"{"y": 2}"#)]);
    let loaded = load_all(&[
        format!("k.l:{}", at(root.path(), "a.json")),
        format!("m:file://{}", at(root.path(), "d")),
    ]);
    assert!(loaded.data.get_path(&["k", "l"]).is_some_and(|v| v.as_array().is_some()));
    assert_eq!(number(&loaded.data, &["m", "y"]), Some(2));
}

#[test]
fn objects_merge_and_scalars_conflict() {
    let root = tree(&[
        ("a.json", r#"{"k": {"x": 1}}"#),
        ("b.json", r#"{"k": {"y": 2}}"#),
        ("c.json", r#"{"k": {"x": 1}}"#),
    ]);
    let path = |name| at(root.path(), name);
    let loaded = load_all(&[path("a.json"), path("b.json")]);
    assert_eq!(number(&loaded.data, &["k", "x"]), Some(1));
    assert_eq!(number(&loaded.data, &["k", "y"]), Some(2));
    assert_eq!(
        refusal(root.path(), &[path("a.json"), path("c.json")]),
        "1 error occurred during loading: ROOT/c.json: merge error: `data.k.x` has another value \
         already"
    );
}

#[test]
fn every_file_that_cannot_be_loaded_is_named() {
    let root = tree(&[("list.json", "[1]"), ("p.rego", "package p"), ("blob", "\u{1}")]);
    let path = |name| at(root.path(), name);
    let said = refusal(root.path(), &[path("none"), path("list.json"), path("blob")]);
    assert_eq!(
        said,
        "3 errors occurred during loading:\n\
         open ROOT/none: no such file or directory\n\
         ROOT/list.json: document must be of type object\n\
         ROOT/blob: can't recognize file type"
    );
    let remote = refusal(root.path(), &["https://example.com/b.tar.gz".to_string()]);
    assert!(remote.ends_with("only files and `file://` URLs can be loaded"), "{remote}");
}

#[test]
fn a_named_file_is_read_whatever_its_name() {
    let root = tree(&[("policy", "# why\npackage p\n"), ("data", r#"{"a": 1}"#)]);
    let loaded = load_all(&[at(root.path(), "policy"), at(root.path(), "data")]);
    assert_eq!(loaded.modules.len(), 1);
    assert_eq!(number(&loaded.data, &["a"]), Some(1));
}

#[test]
fn ignored_names_and_other_kinds_are_passed_over() {
    let root = tree(&[
        ("d/.hidden/a.rego", "package a"),
        ("d/b_test.rego", "package b"),
        ("d/c.rego", "package c"),
        ("d/..2026/c.rego", "package c"),
        ("d/d.json", "{"),
    ]);
    let options = LoadOptions {
        ignore: vec![".*".to_string(), "*_test.rego".to_string()],
        modules_only: true,
    };
    let loaded = load(&[at(root.path(), "d")], &options).unwrap();
    let names: Vec<_> = loaded.modules.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [at(root.path(), "d/c.rego")]);
}

#[test]
fn a_file_reached_twice_counts_once() {
    let root = tree(&[("p.rego", "package p")]);
    let path = at(root.path(), "p.rego");
    assert_eq!(load_all(&[path.clone(), path]).modules.len(), 1);
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_end() {
    let root = tree(&[("d/p.rego", "package p")]);
    std::os::unix::fs::symlink(root.path().join("d"), root.path().join("d/loop")).unwrap();
    let said = refusal(root.path(), &[at(root.path(), "d")]);
    assert!(said.contains("directories deep") || said.contains("levels of symbolic"), "{said}");
}
