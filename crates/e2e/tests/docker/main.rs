//! The gate in front of a real dockerd: every test starts daemons and gates of its own, with names
//! of their own, so that tests run side by side.
//!
//! Needs root, `docker`, `dockerd`, a static `busybox`, and `nginx` for bundles; without them a test says so and passes,
//! unless PORTCULLIS_REQUIRE_ALL is 1.
#![cfg(test)]

mod attacks;
mod baseline;
mod bench;
mod bundles;
mod http;
mod life;
mod load;
mod nginx;
mod place;
mod plugin;
mod raw;
mod read_only;
mod seeds;
#[path = "../support/place.rs"]
mod shared_place;
mod systemd;
#[path = "../support/wait.rs"]
mod wait;
