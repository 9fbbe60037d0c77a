//! Laws that hold for every policy: whichever way it is written down, laid out, lowered or
//! evaluated, it means the same.
//!
//! `PROPTEST_CASES` says how many policies are tried. Read first: `generate.rs`.
#![cfg(test)]

mod answer;
mod evaluation;
mod format;
mod generate;
mod writing;

use proptest::prelude::*;

/// How many policies each law is tried with, where `PROPTEST_CASES` does not say it.
const CASES: u32 = 150;

/// The longest string of decisions.
const BYTES_MAX: usize = 400;

fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(CASES),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

/// Decisions for one policy.
fn decisions() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..BYTES_MAX)
}

/// A seed that changes something.
fn seed() -> impl Strategy<Value = u64> {
    1..u64::MAX
}
