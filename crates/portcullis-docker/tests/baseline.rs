//! The tests of the embedded policy, which are written in Rego.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

use portcullis_docker::baseline;
use rego::{Compiler, EvalOptions, Value};

const TESTS: &str = include_str!("../../../policies/docker/baseline_test.rego");

#[test]
fn every_rego_test_of_the_baseline_passes() {
    let policy = Compiler::new()
        .module(baseline::NAME, baseline::TEXT)
        .module("policies/docker/baseline_test.rego", TESTS)
        .compile()
        .unwrap_or_else(|errors| panic!("{errors}"));
    let names = TESTS.lines().filter_map(|line| line.split(' ').next());
    let names: Vec<_> = names.filter(|name| name.starts_with("test_")).collect();
    assert!(names.len() > 20);
    let failed: Vec<_> = names
        .iter()
        .filter(|name| {
            let query = policy.prepare(&format!("data.docker.authz_test.{name}")).unwrap();
            let value = query.value(None, &EvalOptions::default());
            value != Ok(Some(Value::TRUE))
        })
        .collect();
    assert!(failed.is_empty(), "failed: {failed:?}");
}

#[test]
fn the_baseline_is_free_of_likely_mistakes() {
    let found = rego::Compiler::new()
        .module(baseline::NAME, baseline::TEXT)
        .module("baseline_test.rego", include_str!("../../../policies/docker/baseline_test.rego"))
        .lint(&[])
        .unwrap();
    assert_eq!(found.diagnostics, []);
}
