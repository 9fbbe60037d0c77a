//! The gate under a configuration, with a server of bundles on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "functions that tests share"
)]

mod check;
mod house;
mod log;
mod policy;
mod server;
