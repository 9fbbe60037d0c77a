//! The house rules that a compiler does not check: which crate may depend on which, how large a
//! file and a function may be, how a crate's root begins, what no file is called.
//!
//! Each rule has a list of exceptions with a reason; an exception that is no longer needed fails.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::visit::Visit;

/// Which of our crates each crate may depend on. A crate that is not here has no place in
/// ARCHITECTURE.md yet.
const EDGES: &[(&str, &[&str])] = &[
    ("rego-source", &[]),
    ("rego-value", &[]),
    ("rego-syntax", &["rego-source"]),
    ("rego-analysis", &["rego-source", "rego-syntax", "rego-value"]),
    ("rego-program", &["rego-source", "rego-value", "rego-analysis"]),
    ("rego-vm", &["rego-source", "rego-value", "rego-analysis", "rego-program"]),
    ("rego-builtins", &["rego-value", "rego-vm"]),
    (
        "rego",
        &[
            "rego-source",
            "rego-value",
            "rego-syntax",
            "rego-analysis",
            "rego-program",
            "rego-vm",
            "rego-builtins",
        ],
    ),
    ("portcullis-bundle", &["rego"]),
    ("portcullis-remote", &[]),
    ("portcullis-service", &["rego", "portcullis-bundle", "portcullis-remote"]),
    ("portcullis-server", &["rego", "portcullis-service"]),
    ("portcullis-memory", &[]),
    ("portcullis-docker", &["rego", "portcullis-service", "portcullis-memory"]),
    (
        "portcullis",
        &[
            "rego",
            "portcullis-bundle",
            "portcullis-service",
            "portcullis-server",
            "portcullis-docker",
        ],
    ),
    // For development only: nothing depends on these.
    ("conformance", &["rego"]),
    ("rest-conformance", &[]),
    ("bench", &["rego", "portcullis-service", "portcullis-docker"]),
    ("e2e", &[]),
];

/// Longest file, in lines outside of inline test modules.
const FILE_LINES_MAX: usize = 800;

/// Longest function, in lines from signature to closing brace.
const FUNCTION_LINES_MAX: usize = 80;

/// Files that may be longer, each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Crates whose root does not forbid unsafe code, each with the reason.
const UNSAFE_CRATES: &[(&str, &str)] = &[
    ("portcullis-memory", "`release.rs` tells the system to forget pages by their addresses"),
    ("rego-value", "`text.rs` keeps strings of up to 14 bytes inside a value of 16"),
];

/// Files that set a lint for all of themselves, each with the reason.
const MODULE_LINTS: &[(&str, &str)] = &[
    ("crates/portcullis-memory/src/release.rs", "the file with unsafe code, for the reason above"),
    ("crates/rego-value/src/text.rs", "the file with unsafe code, for the reason above"),
];

/// Names that say nothing about what a file is for.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every Rust file that is part of a crate, with its path from the root. Tests, benches and what
/// they read are not.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for krate in fs::read_dir(root().join("crates")).unwrap() {
        let src = krate.unwrap().path().join("src");
        if src.is_dir() {
            collect(&src, &mut found);
        }
    }
    found.sort();
    let text = |path: &PathBuf| fs::read_to_string(path).unwrap();
    found.iter().map(|path| (from_root(path), text(path))).collect()
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            collect(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
}

fn from_root(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_str().unwrap().to_string()
}

/// Fails with all complaints, and with each exception that excuses nothing.
fn check(complaints: BTreeMap<String, String>, exceptions: &[(&str, &str)]) {
    let excused = |place: &str| exceptions.iter().any(|(excepted, _)| *excepted == place);
    let mut lines: Vec<String> = complaints
        .iter()
        .filter(|(place, _)| !excused(place))
        .map(|(place, what)| format!("{place}: {what}"))
        .collect();
    let stale = exceptions.iter().filter(|(place, _)| !complaints.contains_key(*place));
    lines.extend(stale.map(|(place, _)| format!("{place}: needs its exception no longer")));
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}

#[test]
fn crates_depend_only_on_what_they_may_know() {
    let allowed: BTreeMap<_, _> = EDGES.iter().copied().collect();
    let mut complaints = BTreeMap::new();
    for krate in fs::read_dir(root().join("crates")).unwrap() {
        let directory = krate.unwrap().path();
        let name = directory.file_name().unwrap().to_str().unwrap().to_string();
        let manifest = fs::read_to_string(directory.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some(name.as_str()), "folder = package");
        let Some(may) = allowed.get(name.as_str()) else {
            complaints.insert(name, "has no place in the list of edges".to_string());
            continue;
        };
        for section in ["dependencies", "build-dependencies"] {
            let Some(dependencies) = manifest.get(section).and_then(toml::Value::as_table) else {
                continue;
            };
            let ours = dependencies.keys().filter(|key| allowed.contains_key(key.as_str()));
            for other in ours.filter(|other| !may.contains(&other.as_str())) {
                complaints.insert(name.clone(), format!("must not depend on {other}"));
            }
        }
    }
    check(complaints, &[]);
}

#[test]
fn files_and_functions_are_short() {
    let mut complaints = BTreeMap::new();
    for (path, text) in sources() {
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut measure = Measure { path: &path, test_lines: 0, complaints: &mut complaints };
        measure.visit_file(&file);
        let lines = text.lines().count() - measure.test_lines;
        if lines > FILE_LINES_MAX {
            complaints.insert(path, format!("{lines} lines, more than {FILE_LINES_MAX}"));
        }
    }
    check(complaints, LONG_FILES);
}

/// Walks a file: measures functions, counts the lines of test modules without entering them.
struct Measure<'a> {
    path: &'a str,
    test_lines: usize,
    complaints: &'a mut BTreeMap<String, String>,
}

impl Measure<'_> {
    fn function(&mut self, attributes: &[syn::Attribute], name: &syn::Ident, lines: usize) {
        // A flat exhaustive `match` may go on, where it says so to the compiler.
        let expected = attributes.iter().any(|attribute| {
            let is_lint_level = attribute.path().is_ident("expect");
            let list = attribute.meta.require_list().map(|list| list.tokens.to_string());
            is_lint_level && list.is_ok_and(|list| list.contains("too_many_lines"))
        });
        if lines > FUNCTION_LINES_MAX && !expected {
            let place = format!("{}: {name}", self.path);
            let complaint = format!("{lines} lines, more than {FUNCTION_LINES_MAX}");
            self.complaints.insert(place, complaint);
        }
    }
}

fn lines_of(item: &impl Spanned) -> usize {
    let span = item.span();
    span.end().line - span.start().line + 1
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list().map(|list| list.tokens.to_string());
        attribute.path().is_ident("cfg") && list.is_ok_and(|list| list == "test")
    })
}

impl<'ast> Visit<'ast> for Measure<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if is_test(&module.attrs) {
            self.test_lines += lines_of(module);
        } else {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        let lines = lines_of(&function.sig).max(1) + lines_of(&*function.block) - 1;
        self.function(&function.attrs, &function.sig.ident, lines);
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        let lines = lines_of(&function.sig) + lines_of(&function.block) - 1;
        self.function(&function.attrs, &function.sig.ident, lines);
        syn::visit::visit_impl_item_fn(self, function);
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = sources().into_iter().filter(|(_, text)| !text.starts_with("//! "));
    let complaint = "does not begin with what it is for (`//! …`)".to_string();
    check(silent.map(|(path, _)| (path, complaint.clone())).collect(), &[]);
}

#[test]
fn crates_forbid_unsafe_code() {
    let mut complaints = BTreeMap::new();
    for (path, text) in sources() {
        let parts: Vec<&str> = path.split('/').collect();
        let [_, krate, _, "lib.rs" | "main.rs"] = parts.as_slice() else { continue };
        if !text.contains("\n#![forbid(unsafe_code)]\n") {
            complaints.insert(krate.to_string(), format!("{path} does not forbid it"));
        }
    }
    check(complaints, UNSAFE_CRATES);
}

#[test]
fn no_file_is_called_nothing() {
    let mut complaints = BTreeMap::new();
    for (path, _) in sources() {
        let parts = path.trim_end_matches(".rs").split('/');
        if let Some(name) = parts.into_iter().find(|part| EMPTY_NAMES.contains(part)) {
            complaints.insert(path.clone(), format!("`{name}` does not say what it is for"));
        }
    }
    check(complaints, &[]);
}

#[test]
fn no_test_is_ignored_and_no_lint_is_allowed_module_wide() {
    let mut complaints = BTreeMap::new();
    for (path, text) in sources() {
        for banned in ["#[ignore", "#![allow(", "#![expect(", "todo!(", "unimplemented!("] {
            if text.contains(banned) {
                complaints.insert(path.clone(), format!("holds `{banned}`"));
            }
        }
    }
    check(complaints, MODULE_LINTS);
}
