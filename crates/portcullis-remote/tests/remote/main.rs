//! Services against servers on loopback that say exactly what a test wants them to say.
//!
//! Must not know: the inside of the crate.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod aws;
mod clouds;
mod config;
mod http;
mod oauth2;
mod oci;
mod server;
mod tls;
