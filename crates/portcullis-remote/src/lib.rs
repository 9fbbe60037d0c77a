//! The services of a configuration: HTTP with credentials.
//!
//! Second wing. Knows: sockets, credentials. Must not know: policies, bundles, what is fetched or
//! sent.
#![forbid(unsafe_code)]

mod cached;
pub mod config;
mod credentials;
mod error;
mod files;
mod hex;
mod oci;
mod oci_auth;
mod oci_reference;
mod options;
mod outgoing;
mod private_key;
mod response;
mod secret;
mod service;
mod tls;
mod transport;

pub use config::{CredentialsConfig, KeyConfig, ServiceConfig, ServiceKind};
pub use error::RemoteError;
pub use oci::{OciOutcome, OciRequest};
pub use options::{ClientOptions, Environment, ProxyChoice};
pub use response::{BODY_SILENCE_MAX, Response};
pub use secret::Secret;
pub use service::{LONG_POLL_MAX, REDIRECTS_MAX, Request, Service};
