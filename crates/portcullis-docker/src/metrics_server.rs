//! `/metrics` and `/health` on an address of their own, so that whoever reads them cannot ask the
//! gate anything.
//!
//! Everything has a bound: connections, their time, the bytes of a head. Must not know: what is
//! counted.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rego::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::listen::Listener;
use crate::metrics::{GateMetrics, PolicyState};

/// Most connections at a time.
const CONNECTIONS_MAX: usize = 16;

/// Longest life of a connection: it carries one request.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// Most bytes of a head.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// How long accepting pauses after the system refused a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The type of Prometheus' text.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Where metrics are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricsAddress {
    /// A Unix socket, made with mode 0660.
    Unix(PathBuf),
    /// An address and a port.
    Tcp(SocketAddr),
}

/// An address that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError(String);

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.0;
        write!(f, "`{text}` is no address: `unix:///run/metrics.sock` or `127.0.0.1:9323`")
    }
}

impl std::error::Error for AddressError {}

impl FromStr for MetricsAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix://").filter(|path| path.starts_with('/')) {
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        text.parse().map(Self::Tcp).map_err(|_| AddressError(text.to_string()))
    }
}

impl fmt::Display for MetricsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

/// An address that is listened on.
#[derive(Debug)]
pub enum MetricsListener {
    /// A Unix socket, removed when dropped.
    Unix(Listener),
    /// A port.
    Tcp(std::net::TcpListener),
}

impl MetricsListener {
    /// Listens on an address.
    ///
    /// Errors: the system refuses, or somebody else is there.
    pub fn bind(address: &MetricsAddress) -> io::Result<Self> {
        match address {
            MetricsAddress::Unix(path) => Listener::bind(path).map(Self::Unix),
            MetricsAddress::Tcp(address) => {
                let socket = std::net::TcpListener::bind(address)?;
                socket.set_nonblocking(true)?;
                Ok(Self::Tcp(socket))
            }
        }
    }

    /// Returns the address and port, of a listener that has one: the port is the system's choice
    /// where 0 was asked for.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Unix(_) => None,
            Self::Tcp(socket) => socket.local_addr().ok(),
        }
    }
}

/// What is shown, and where.
pub struct Shown {
    /// Where.
    pub listener: MetricsListener,
    /// What is counted.
    pub metrics: Arc<GateMetrics>,
    /// Tells what is in force.
    pub state: Box<dyn Fn() -> PolicyState + Send + Sync>,
}

/// Serves until it is dropped.
///
/// Errors: the socket is not usable by the runtime.
pub async fn serve_metrics(shown: Shown) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let shown = Arc::new(shown);
    match &shown.listener {
        MetricsListener::Unix(listener) => {
            let listener = UnixListener::from_std(listener.socket()?)?;
            loop {
                let slot = Arc::clone(&slots).acquire_owned().await;
                match listener.accept().await {
                    Ok((stream, _)) => spawn(stream, &shown, slot),
                    Err(error) => pause(&error).await,
                }
            }
        }
        MetricsListener::Tcp(socket) => {
            let listener = TcpListener::from_std(socket.try_clone()?)?;
            loop {
                let slot = Arc::clone(&slots).acquire_owned().await;
                match listener.accept().await {
                    Ok((stream, _)) => spawn(stream, &shown, slot),
                    Err(error) => pause(&error).await,
                }
            }
        }
    }
}

async fn pause(error: &io::Error) {
    tracing::warn!(%error, "cannot accept a connection for metrics");
    sleep(ACCEPT_PAUSE).await;
}

/// Serves a connection on a task of its own; `slot` is given back at its end.
fn spawn<S, T>(stream: S, shown: &Arc<Shown>, slot: T)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: Send + 'static,
{
    let shown = Arc::clone(shown);
    let service = service_fn(move |request| {
        let response = respond(&request, &shown);
        async move { Ok::<_, Infallible>(response) }
    });
    tokio::spawn(async move {
        let mut http = http1::Builder::new();
        let http = http.keep_alive(false).max_buf_size(HEAD_BYTES_MAX);
        // Whoever is too slow, or goes away, is cut off; there is nobody to tell.
        drop(
            timeout(CONNECTION_TIMEOUT, http.serve_connection(TokioIo::new(stream), service)).await,
        );
        drop(slot);
    });
}

fn respond(request: &Request<Incoming>, shown: &Shown) -> Response<Full<Bytes>> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    if !matches!(path, "/metrics" | "/health") {
        return reply(
            StatusCode::NOT_FOUND,
            "text/plain; charset=utf-8",
            "not found\n".to_string(),
        );
    }
    if !is_read {
        let text = "method not allowed\n".to_string();
        let mut response = reply(StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", text);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let state = (shown.state)();
    if path == "/metrics" {
        return reply(StatusCode::OK, METRICS_TYPE, shown.metrics.gather_text(&state));
    }
    match state.unavailable {
        None => reply(StatusCode::OK, "application/json", "{}\n".to_string()),
        Some(reason) => {
            let error = Value::object_from_strs([("error", Value::from(reason))]).to_json();
            reply(StatusCode::SERVICE_UNAVAILABLE, "application/json", error + "\n")
        }
    }
}

fn reply(status: StatusCode, media_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        for (text, shown) in [
            ("unix:///run/m.sock", "unix:///run/m.sock"),
            ("127.0.0.1:9323", "127.0.0.1:9323"),
            ("[::1]:0", "[::1]:0"),
        ] {
            assert_eq!(text.parse::<MetricsAddress>().unwrap().to_string(), shown);
        }
        for text in ["", ":9323", "localhost", "unix://", "unix://run/x", "9323", "/run/x"] {
            let error = text.parse::<MetricsAddress>().unwrap_err().to_string();
            assert!(error.contains("is no address"), "{error}");
        }
    }
}
