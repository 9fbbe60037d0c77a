//! HTTP clients: whom they trust, who they are, through which proxy they go.
//!
//! Must not know: requests.

use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Identity, redirect};

use crate::config::{ServiceConfig, invalid};
use crate::files::read_bytes;
use crate::{ClientOptions, ProxyChoice, RemoteError};

/// Longest wait for a connection.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection may be silent before the system asks whether the peer is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Most idle connections to one host.
const IDLE_MAX: usize = 4;

/// How a client trusts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    authorities: Vec<Certificate>,
    with_system: bool,
    is_blind: bool,
}

impl Trust {
    /// Reads what the service's configuration says: `tls`, or else what `client_tls` says.
    ///
    /// Errors: the file of certificates cannot be read or holds none.
    pub(crate) fn read(key: &str, config: &ServiceConfig) -> Result<Self, RemoteError> {
        let older = config.credentials.client_tls.as_ref();
        let (key, path, with_system) = match (&config.tls, older) {
            (Some(tls), _) => (format!("{key}.tls.ca_cert"), &tls.ca_cert, tls.system_ca_required),
            (None, Some(tls)) => {
                let key = format!("{key}.credentials.client_tls.ca_cert");
                (key, &tls.ca_cert, tls.system_ca_required)
            }
            (None, None) => (String::new(), &None, true),
        };
        let path = path.as_ref().filter(|path| !path.is_empty());
        let authorities = path.map_or(Ok(Vec::new()), |path| read_authorities(&key, path))?;
        let with_system = with_system || authorities.is_empty();
        Ok(Self { authorities, with_system, is_blind: config.allow_insecure_tls })
    }

    /// For those who give out tokens: they are often not those who are given them, so the system's
    /// authorities count too.
    pub(crate) fn widened(&self) -> Self {
        Self { with_system: true, ..self.clone() }
    }
}

fn read_authorities(key: &str, path: &str) -> Result<Vec<Certificate>, RemoteError> {
    let found = Certificate::from_pem_bundle(&read_bytes(key, path)?).unwrap_or_default();
    if found.is_empty() {
        return Err(invalid(key, format_args!("`{path}` holds no certificate in PEM")));
    }
    Ok(found)
}

/// Builds a client.
///
/// Errors: a certificate, or the private key, is of no use.
pub(crate) fn client(
    options: &ClientOptions,
    trust: &Trust,
    identity: Option<Identity>,
) -> Result<Client, RemoteError> {
    // Whoever was first may stay: any provider serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let builder = base(options);
        match &identity {
            Some(identity) => builder.identity(identity.clone()),
            None => builder,
        }
    };
    let authorities = trust.authorities.clone();
    let trusting = match (trust.is_blind, trust.with_system) {
        (true, _) => builder().tls_danger_accept_invalid_certs(true),
        (false, false) => builder().tls_certs_only(authorities),
        (false, true) if authorities.is_empty() => builder(),
        (false, true) => builder().tls_certs_merge(authorities),
    };
    trusting.build().or_else(|error| {
        if trust.is_blind || !trust.authorities.is_empty() || identity.is_some() {
            return Err(unusable(&error));
        }
        // A system without authorities, such as an empty container, can still speak plain HTTP.
        tracing::warn!("the system has no certificate authorities: no TLS peer is trusted");
        builder().tls_certs_only([]).build().map_err(|error| unusable(&error))
    })
}

/// Builds a client for a metadata service: no proxy is between us and our own machine.
pub(crate) fn local_client(options: &ClientOptions) -> Result<Client, RemoteError> {
    let options = ClientOptions { proxy: ProxyChoice::Off, ..options.clone() };
    client(&options, &Trust { with_system: true, ..Trust::default() }, None)
}

fn base(options: &ClientOptions) -> ClientBuilder {
    let builder = Client::builder()
        .user_agent(&options.user_agent)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_keepalive(KEEPALIVE)
        .pool_max_idle_per_host(IDLE_MAX);
    match options.proxy {
        ProxyChoice::Environment => builder,
        ProxyChoice::Off => builder.no_proxy(),
    }
}

fn unusable(error: &reqwest::Error) -> RemoteError {
    let cause =
        std::error::Error::source(error).map_or_else(|| error.to_string(), |e| e.to_string());
    RemoteError::Credentials(format!("a certificate or key is of no use: {cause}"))
}
