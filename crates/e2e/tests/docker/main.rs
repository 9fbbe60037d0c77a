//! The gate in front of a real dockerd: every test starts daemons and gates of its own, with names
//! of their own, so that tests run side by side.
//!
//! Needs root, `docker`, `dockerd` and a static `busybox`; without them a test says so and passes,
//! unless PORTCULLIS_REQUIRE_ALL is 1.
#![cfg(test)]

mod baseline;
mod bench;
mod http;
mod life;
mod load;
mod place;
mod seeds;
mod wait;
