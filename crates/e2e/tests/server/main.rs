//! The server as people use it: the built binary called as `opa`, asked over loopback.
//!
//! A test that needs more than the binary (curl, the shared folder) says so and passes where it is
//! missing, unless PORTCULLIS_REQUIRE_ALL is 1.
#![cfg(test)]

mod admission;
mod collector;
mod durable;
mod http;
mod process;
mod seed;
mod spill;

#[path = "../support/place.rs"]
mod place;
#[path = "../support/wait.rs"]
mod wait;
