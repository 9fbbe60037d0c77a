//! The running policy: files, snapshots, reload, decisions, decision log.
//!
//! Must not know: any surface's wire format.
#![forbid(unsafe_code)]

pub mod host;
pub mod load;
