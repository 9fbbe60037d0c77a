//! Runs suites of Rego cases against the engine and judges the answers.
//!
//! Dev-only. Knows: the face of the engine, the form of the cases. Must not know: how the engine
//! works inside. Values are compared by code of its own ([`canonical`]), so that a mistake in the
//! engine's JSON or in its order of values cannot hide itself.
//!
//! Read first: `case.rs`, then `judge.rs`, then `known.rs`.
#![forbid(unsafe_code)]

pub mod canonical;
pub mod case;
pub mod fmt;
pub mod host;
pub mod judge;
pub mod known;
pub mod report;
pub mod run;
mod sleep;
