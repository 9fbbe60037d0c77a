//! HTTP clients, one for each way in which requests connect; each keeps its connections.
//!
//! Must not know: what is asked.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rego::world::{HostError, HttpRequest, HttpTls};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url, redirect};

use super::tls;
use super::wait::blocking;

/// Most clients that are kept. The one that was not used for longest goes first.
const CLIENTS_MAX: usize = 32;

/// Longest wait for a connection, within what the request allows.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Most idle connections of a client to one host, and for how long they are kept.
const IDLE_MAX: usize = 8;
const IDLE_TIME_MAX: Duration = Duration::from_secs(90);

/// A way to connect.
#[derive(Clone, PartialEq, Eq)]
struct Way {
    tls: HttpTls,
    socket: Option<String>,
    /// The host whose addresses stand for every name.
    pinned: Option<String>,
    /// HTTP/2 has no name of the host apart from the URL's.
    only_http1: bool,
    /// Past all proxies.
    is_direct: bool,
}

/// A client, and what is asked of it.
pub(super) struct Ready {
    pub(super) client: Client,
    /// The URL to ask for; its host is the name that is checked.
    pub(super) url: Url,
    /// The `Host` that the URL does not say, unless the request does.
    pub(super) host: Option<String>,
}

/// The clients of a network.
#[derive(Default)]
pub(super) struct Clients(Mutex<VecDeque<(Way, Client)>>);

impl Clients {
    /// Returns the client for a request.
    ///
    /// Errors: the URL, a certificate or a key is of no use.
    pub(super) fn client_for(&self, request: &HttpRequest) -> Result<Ready, HostError> {
        let (way, url, host) = way_of(request)?;
        if let Some(client) = self.find(&way) {
            return Ok(Ready { client, url, host });
        }
        // The system's authorities are read from files.
        let client = blocking(|| build(&way))?;
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.truncate(CLIENTS_MAX - 1);
        clients.push_front((way, client.clone()));
        Ok(Ready { client, url, host })
    }

    fn find(&self, way: &Way) -> Option<Client> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = clients.iter().position(|(known, _)| known == way)?;
        let found = clients.remove(at)?;
        let client = found.1.clone();
        clients.push_front(found);
        Some(client)
    }
}

/// Returns how to connect for a request, what to ask for, and the `Host` that is to be said.
///
/// A name that the server is to be asked by takes the place of the URL's host, whose addresses are
/// connected to all the same: so the handshake names it, and the certificate is checked for it.
fn way_of(request: &HttpRequest) -> Result<(Way, Url, Option<String>), HostError> {
    let wrong = |what: &str| HostError::Setting(format!("{what}: `{}`", request.url));
    let mut url = Url::parse(&request.url).map_err(|_| wrong("not a URL"))?;
    let written = url.host_str().ok_or_else(|| wrong("no host in URL"))?.to_string();
    let is_tls = url.scheme() == "https";
    let mut way = Way {
        tls: request.tls.clone(),
        socket: request.socket.clone(),
        pinned: None,
        only_http1: request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")),
        is_direct: request.socket.is_some() || is_loopback(&written),
    };
    if !is_tls {
        // Keys are looked at, since what is wrong with them is told; whom to trust does not matter.
        let identities = std::mem::take(&mut way.tls.identities);
        way.tls = HttpTls { identities, ..HttpTls::default() };
        return Ok((way, url, None));
    }
    let name = way.tls.server_name.take().filter(|name| !name.eq_ignore_ascii_case(&written));
    let Some(name) = name else { return Ok((way, url, None)) };
    if name.parse::<IpAddr>().is_ok() {
        way.tls.server_name = Some(name);
        return Ok((way, url, None));
    }
    let host = url.port().map_or_else(|| written.clone(), |port| format!("{written}:{port}"));
    let invalid = || HostError::Setting(format!("invalid server name `{name}`"));
    url.set_host(Some(&name)).map_err(|_| invalid())?;
    if url.domain().is_none() {
        return Err(invalid());
    }
    (way.pinned, way.only_http1, way.is_direct) = (Some(written), true, true);
    Ok((way, url, Some(host)))
}

/// Go takes no proxy to the machine itself, either.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn build(way: &Way) -> Result<Client, HostError> {
    let mut tls = tls::config(&way.tls)?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    if !way.only_http1 {
        tls.alpn_protocols.insert(0, b"h2".to_vec());
    }
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(IDLE_MAX)
        .pool_idle_timeout(IDLE_TIME_MAX)
        .http1_title_case_headers();
    if way.only_http1 {
        builder = builder.http1_only();
    }
    if way.is_direct {
        builder = builder.no_proxy();
    }
    if let Some(path) = &way.socket {
        builder = builder.unix_socket(path.as_str());
    }
    if let Some(host) = &way.pinned {
        builder = builder.dns_resolver(Pinned(host.clone()));
    }
    builder.build().map_err(|error| HostError::Setting(error.to_string()))
}

/// Says that every name has the addresses of one host.
struct Pinned(String);

impl Resolve for Pinned {
    fn resolve(&self, _: Name) -> Resolving {
        let host = self.0.trim_start_matches('[').trim_end_matches(']').to_string();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            let found: Vec<_> = found.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
