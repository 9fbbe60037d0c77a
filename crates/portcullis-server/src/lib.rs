//! OPA's REST API over a running policy.
//!
//! Second wing. Knows: HTTP, the running policy. Must not know: other surfaces, files, the command
//! line.
//!
//! Read first: `route.rs`, then `server.rs`, then one file of `handler/`.
#![forbid(unsafe_code)]

mod answer;
mod authorize;
mod body;
mod error;
mod gzip;
mod handler;
mod listen;
mod page;
mod params;
mod reply;
mod request;
mod route;
mod serve;
mod server;
mod tls;

pub use listen::{
    Address, BindOptions, Encryption, ListenError, ListenLimits, Listeners, LocalAddress,
    UNIX_SOCKET_MODE, unix_socket_mode,
};
pub use serve::Respond;
pub use server::{Authentication, Peer, Scope, Server, ServerOptions};
pub use tls::{ClientCertificates, TlsOptions, TlsVersion};
