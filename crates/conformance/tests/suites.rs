//! The three suites: at least 85 % of each pass, and those that fail are those on the list.
#![cfg(test)]

use std::path::{Path, PathBuf};

use conformance::case;
use conformance::known::Known;
use conformance::report::{percent, totals};
use conformance::run::run_file;

const SHARE_MIN_PERCENT: f64 = 85.0;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn check_suite(name: &str) {
    let dir = root().join("../shared/conformance").join(name);
    if !dir.is_dir() {
        let required = std::env::var("PORTCULLIS_REQUIRE_ALL").is_ok_and(|all| all == "1");
        assert!(!required, "{} is missing and all tests are required", dir.display());
        println!("skipped: {} is missing", dir.display());
        return;
    }
    let files = case::read_dir(&dir).unwrap();
    let results: Vec<_> = files.iter().map(|file| run_file(file, "")).collect();
    let (passed, failed) = totals(&results);
    let share = percent(passed, passed + failed);
    println!("{name}: {passed} passed, {failed} failed ({share:.1} %)");
    assert!(share >= SHARE_MIN_PERCENT, "{name}: {share:.1} % of the cases pass");
    let known = Known::read(&root().join("conformance/known_failures.toml")).unwrap();
    let deviations = known.deviations(&results);
    assert!(deviations.is_empty(), "{name} differs from known_failures.toml: {deviations:#?}");
}

#[test]
fn rego_v1() {
    check_suite("rego-v1");
}

#[test]
fn rego_v0() {
    check_suite("rego-v0");
}

#[test]
fn surface() {
    check_suite("surface");
}
