//! Where the server listens: addresses, and the sockets made for them.
//!
//! Must not know: HTTP, routes.
//!
//! Read first: `listen/address.rs`, then `serve.rs`.

mod address;
mod error;
mod socket;

use std::sync::Arc;
use std::time::Duration;

pub use address::{Address, Encryption, unix_socket_mode};
pub use error::ListenError;
pub(crate) use socket::{Socket, SocketFile};

use crate::server::Scope;
use crate::tls::{Tls, TlsOptions};

/// What a server grants those who connect. The defaults are ours where OPA has none.
#[derive(Clone, Copy, Debug)]
pub struct ListenLimits {
    /// Longest time for the head of a request, or up to twice that. OPA: 32 s.
    pub head_timeout: Duration,
    /// Longest time without a request, a byte read of an answer, or both, on a connection.
    pub idle_timeout: Duration,
    /// Longest time for a TLS handshake.
    pub handshake_timeout: Duration,
    /// Most connections at a time, of each listener; further clients wait to be accepted.
    pub connections_max: usize,
    /// How long it goes on as before once it was told to stop (`--shutdown-wait-period`).
    pub shutdown_wait: Duration,
    /// How long requests have to end after that (`--shutdown-grace-period`).
    pub shutdown_grace: Duration,
}

impl Default for ListenLimits {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(32),
            idle_timeout: Duration::from_secs(300),
            handshake_timeout: Duration::from_secs(10),
            connections_max: 10_000,
            shutdown_wait: Duration::ZERO,
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

/// Where to listen, and how.
#[derive(Clone, Debug)]
pub struct BindOptions {
    /// Addresses of the whole API (`--addr`).
    pub addresses: Vec<Address>,
    /// Addresses of health and metrics alone (`--diagnostic-addr`).
    pub diagnostic_addresses: Vec<Address>,
    /// The mode of Unix sockets that have a file (`--unix-socket-perm`).
    pub unix_socket_mode: u32,
    /// Certificates, where TCP is encrypted unless an address says `http://`.
    pub tls: Option<TlsOptions>,
    /// Whether unencrypted connections may speak HTTP/2 from the first byte on (`--h2c`).
    pub h2c: bool,
    /// What those who connect are granted.
    pub limits: ListenLimits,
}

/// The mode of Unix sockets, where none is given: OPA's.
pub const UNIX_SOCKET_MODE: u32 = 0o755;

impl Default for BindOptions {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            diagnostic_addresses: Vec::new(),
            unix_socket_mode: UNIX_SOCKET_MODE,
            tls: None,
            h2c: false,
            limits: ListenLimits::default(),
        }
    }
}

/// An address that is listened on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAddress {
    /// What is served on it.
    pub scope: Scope,
    /// Where it is, with the port that the system chose for `:0`: `http://127.0.0.1:8181`,
    /// `https://…`, `unix:///run/opa.sock`, `unix://@name`.
    pub url: String,
}

/// Sockets that listen. Those that have a file remove it when they are dropped.
#[derive(Debug)]
pub struct Listeners {
    pub(crate) bound: Vec<Bound>,
    pub(crate) h2c: bool,
    pub(crate) limits: ListenLimits,
    pub(crate) tls: Option<Arc<Tls>>,
}

/// One socket that listens.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) socket: Socket,
    pub(crate) address: LocalAddress,
    pub(crate) is_encrypted: bool,
}

impl Listeners {
    /// Returns sockets for all addresses. Clients that connect wait until they are served.
    ///
    /// Errors: an address is taken or not ours to take; the certificates cannot be used; an
    /// address says `https://` and there are none. Then nothing is left behind.
    pub fn bind(options: &BindOptions) -> Result<Self, ListenError> {
        let tls = options.tls.as_ref().map(Tls::load).transpose()?.map(Arc::new);
        let scoped = |scope| move |address| (scope, address);
        let all = options.addresses.iter().map(scoped(Scope::All));
        let all = all.chain(options.diagnostic_addresses.iter().map(scoped(Scope::Diagnostics)));
        let mut bound = Vec::new();
        for (scope, address) in all {
            let is_encrypted = match address.encryption() {
                Encryption::Never => false,
                Encryption::WhereConfigured => tls.is_some(),
                Encryption::Always if tls.is_some() => true,
                Encryption::Always => return Err(ListenError::NoCertificate(address.to_string())),
            };
            let socket = Socket::bind(address, options.unix_socket_mode)?;
            let url = socket.url(is_encrypted);
            bound.push(Bound { socket, address: LocalAddress { scope, url }, is_encrypted });
        }
        Ok(Self { bound, h2c: options.h2c, limits: options.limits, tls })
    }

    /// Returns where it listens, in the order of the options.
    pub fn local_addresses(&self) -> Vec<LocalAddress> {
        self.bound.iter().map(|bound| bound.address.clone()).collect()
    }
}
