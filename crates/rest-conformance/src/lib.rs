//! Judges a running server against transcripts of OPA's REST server, and holds the list of the steps
//! that fail.
//!
//! Dev-only. Knows: the form of the transcripts, HTTP/1.1 as bytes, how a server is started and
//! stopped. Must not know: any crate of ours. Requests, answers and values are read by code of its
//! own, so that a mistake of the server cannot hide itself.
//!
//! Read first: `scenario.rs`, then `run.rs`, then `judge.rs` and `compare.rs`.
#![forbid(unsafe_code)]

pub mod compare;
pub mod compiled;
pub mod console;
pub mod error;
pub mod errors;
pub mod exchange;
pub mod finer;
pub mod judge;
pub mod known;
pub mod number;
pub mod placeholder;
pub mod renaming;
pub mod report;
pub mod run;
pub mod scenario;
pub mod server;
