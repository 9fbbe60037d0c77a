//! Docker's authorization plugin: protocol, input, verdict, socket.
//!
//! Second wing. Knows: what dockerd sends, and how to ask the running policy. Must not know: other
//! surfaces, how a policy is compiled.
//!
//! Read first: `gate.rs` (one request), then `server.rs`, then `run.rs`; `managed.rs` for bundles.
#![forbid(unsafe_code)]

pub mod api;
mod backing;
pub mod baseline;
pub mod body;
pub mod canonical;
mod check;
pub mod cli;
pub mod completeness;
pub mod engine;
pub mod event;
pub mod explain;
pub mod facts;
mod fields;
pub mod gate;
pub mod host_tree;
pub mod input;
mod lint;
pub mod listen;
pub mod log_output;
pub mod managed;
pub mod mask;
pub mod metrics;
pub mod metrics_server;
pub mod plugin;
pub mod policy_tests;
pub mod privileges;
pub mod profile;
pub mod protection;
pub mod question;
pub mod recording;
pub mod records;
mod redact;
pub mod replay;
pub mod response;
pub mod rotate;
pub mod run;
pub mod server;
pub mod settings;
pub mod uri;
pub mod verdict;
pub mod waiting;
pub mod wire;
