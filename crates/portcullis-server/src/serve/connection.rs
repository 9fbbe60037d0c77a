//! One connection: the handshake, the protocol, and the limits of time.
//!
//! Must not know: what requests say.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rego::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::pulse::{Felt, Pulse};
use super::{Respond, Shared, told_to_stop};
use crate::server::{Peer, Scope};
use crate::tls::{Tls, peer_certificates};

/// Most bytes of a head.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Most bytes of a head in HTTP/2, once it is unpacked.
const HEADER_LIST_BYTES_MAX: u32 = 64 << 10;

/// Most requests at a time on a connection of HTTP/2.
const STREAMS_MAX: u32 = 250;

/// The address of clients that have none, as Go writes it.
const UNIX_PEER: &str = "@";

/// What was accepted.
pub(super) enum Stream {
    Tcp(TcpStream, SocketAddr),
    Tls(TcpStream, SocketAddr, Arc<Tls>),
    Unix(UnixStream),
}

/// What a connection may speak.
#[derive(Clone, Copy)]
enum Protocol {
    Http1,
    Http2,
    /// What its first bytes say.
    Either,
}

/// Serves one connection until it ends, is too slow, or the server stops.
pub(super) async fn serve<R: Respond>(
    shared: Arc<Shared<R>>,
    stream: Stream,
    scope: Scope,
    mut stopped: watch::Receiver<bool>,
) {
    let plain = if shared.h2c { Protocol::Either } else { Protocol::Http1 };
    match stream {
        Stream::Unix(stream) => {
            let peer = Peer { address: UNIX_PEER.into(), identity: None, certificates: None };
            drive(shared, (stream, plain), (peer, scope), stopped).await;
        }
        Stream::Tcp(stream, address) => {
            let peer = peer(address, None);
            drive(shared, (stream, plain), (peer, scope), stopped).await;
        }
        Stream::Tls(stream, address, tls) => {
            let handshake = TlsAcceptor::from(tls.config()).accept(stream);
            let shaken = tokio::select! {
                shaken = timeout(shared.limits.handshake_timeout, handshake) => shaken,
                () = told_to_stop(&mut stopped) => return,
            };
            let stream = match shaken {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => {
                    tracing::debug!(%error, client = %address, "the TLS handshake failed");
                    return;
                }
                Err(_) => {
                    tracing::debug!(client = %address, "the TLS handshake took too long");
                    return;
                }
            };
            let (protocol, peer) = (negotiated(&stream), peer(address, Some(&stream)));
            drive(shared, (stream, protocol), (peer, scope), stopped).await;
        }
    }
}

fn negotiated(stream: &TlsStream<TcpStream>) -> Protocol {
    match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Protocol::Http2,
        _ => Protocol::Http1,
    }
}

fn peer(address: SocketAddr, stream: Option<&TlsStream<TcpStream>>) -> Peer {
    // A socket of both families knows clients of the older one by an address of the newer.
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    let chain = stream.and_then(|stream| stream.get_ref().1.peer_certificates());
    let (identity, certificates): (_, Option<Value>) = match chain.map(peer_certificates) {
        Some((identity, certificates)) => (identity, Some(certificates)),
        None => (None, None),
    };
    Peer { address: address.to_string().into(), identity, certificates }
}

async fn drive<R: Respond, S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    shared: Arc<Shared<R>>,
    (stream, protocol): (S, Protocol),
    (peer, scope): (Peer, Scope),
    mut stopped: watch::Receiver<bool>,
) {
    let pulse = Arc::new(Pulse::new());
    let io = TokioIo::new(Felt::new(stream, Arc::clone(&pulse)));
    let limits = shared.limits;
    let service_pulse = Arc::clone(&pulse);
    let service = service_fn(move |request: Request<Incoming>| {
        let open = service_pulse.head_is_read(request.version());
        let waiting = Waiting::new(&shared.responder, &request);
        let answer = Arc::clone(&shared.responder).respond(request, peer.clone(), scope);
        async move {
            let response: Response<Full<Bytes>> = answer.await;
            waiting.end();
            drop(open);
            Ok::<_, Infallible>(response)
        }
    });
    let builder = builder(protocol);
    let http = builder.serve_connection(io, service);
    tokio::pin!(http);
    let overdue = pulse.is_overdue(&limits);
    tokio::pin!(overdue);
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = http.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            () = &mut overdue => {
                tracing::debug!("a client was too slow and is cut off");
                return;
            }
            () = told_to_stop(&mut stopped), if !is_stopping => {
                is_stopping = true;
                http.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder(protocol: Protocol) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Time is kept by the pulse, which tells a head that is late from a connection that is kept.
    builder.http1().header_read_timeout(None).max_buf_size(HEAD_BYTES_MAX);
    builder.http2().max_concurrent_streams(STREAMS_MAX).max_header_list_size(HEADER_LIST_BYTES_MAX);
    match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http2 => builder.http2_only(),
        Protocol::Either => builder,
    }
}

/// A request whose answer somebody waits for; dropped before that is there, it is counted.
struct Waiting<R: Respond> {
    responder: Option<Arc<R>>,
    method: Method,
    uri: Uri,
}

impl<R: Respond> Waiting<R> {
    fn new(responder: &Arc<R>, request: &Request<Incoming>) -> Self {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        Self { responder: Some(Arc::clone(responder)), method, uri }
    }

    fn end(mut self) {
        self.responder = None;
    }
}

impl<R: Respond> Drop for Waiting<R> {
    fn drop(&mut self) {
        if let Some(responder) = &self.responder {
            responder.cancelled(&self.method, &self.uri);
        }
    }
}
