//! The suite of the formatter: every case passes.
#![cfg(test)]

use std::path::Path;

use conformance::fmt::run_dir;
use conformance::report::totals;

#[test]
fn every_text_is_formatted_as_by_opa() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/fmt");
    if !dir.is_dir() {
        let required = std::env::var("PORTCULLIS_REQUIRE_ALL").is_ok_and(|all| all == "1");
        assert!(!required, "{} is missing and all tests are required", dir.display());
        println!("skipped: {} is missing", dir.display());
        return;
    }
    let results = run_dir(&dir, "").unwrap();
    let failed: Vec<_> = results.iter().flat_map(|result| &result.failed).collect();
    let (passed, _) = totals(&results);
    println!("{passed} passed, {} failed", failed.len());
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(passed > 0, "the suite has cases");
}
