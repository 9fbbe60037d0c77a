//! Collections of policies with tests of their own, as authors write them: all of them pass.

use std::path::Path;

use crate::place::Place;

/// Runs the tests of `tests/policies/<name>`.
fn run(name: &str, arguments: &[&str]) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies").join(name);
    let directory = directory.to_str().unwrap();
    Place::with(&[]).run(&[&["test"], arguments, &[directory]].concat())
}

/// The number of tests that passed, where no other one ended otherwise.
fn passed(shown: &str) -> usize {
    assert!(shown.starts_with("exit 0"), "{shown}");
    let (passed, all) =
        shown.trim_end().rsplit_once("PASS: ").and_then(|(_, n)| n.split_once('/')).unwrap();
    assert_eq!(passed, all, "{shown}");
    all.parse().unwrap()
}

#[test]
fn collections_of_rego_v1_pass() {
    assert!(passed(&run("v1", &[])) > 200);
}

#[test]
fn collections_of_rego_v0_pass() {
    assert!(passed(&run("v0", &["--v0-compatible"])) >= 11);
}
