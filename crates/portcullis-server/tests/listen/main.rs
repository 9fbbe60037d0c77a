//! How connections come in, over real sockets.
//!
//! Must not know: the inside of the crate.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod client;
mod limits;
mod mutual;
mod responder;
mod shutdown;
mod sockets;
mod tls;
