//! The running policy: files, snapshots, reload, decisions, decision log.
//!
//! Second wing. Knows: the face of the engine, files, threads. Must not know: any surface's wire
//! format.
//!
//! Read first: `state.rs`, then `snapshot.rs`, `store.rs`, `decide.rs`.
#![forbid(unsafe_code)]

pub mod config;
pub mod config_file;
pub mod console;
pub mod decide;
pub mod decision_log;
pub mod files;
pub mod host;
pub mod load;
pub mod made;
pub mod network;
pub mod plugin;
pub mod plugin_state;
mod query_cache;
pub mod service;
pub mod snapshot;
pub mod source;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod timestamp;
pub mod value_cache;
pub mod watch;
