//! The plugin protocol over HTTP/1.1 on a Unix socket.
//!
//! Everything has a bound: connections, the time a head and a body may take, the bytes of a body,
//! and the time that connections get to end. Must not know: policies.
//!
//! Source: Docker documentation, "Docker Plugin API" and "Access authorization plugin".

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::plugin::{Plugin, Unread};
use crate::server::afterwards::Afterwards;
use crate::server::phase::{Phase, Phased};
use crate::server::steady::Steady;
use crate::wire::{self, Answer, Call};

mod afterwards;
mod phase;
mod steady;

/// What the server grants its clients. The defaults are ours.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Most bytes of one message. The newest engines send bodies of 4 MiB, in base64.
    pub message_bytes_max: usize,
    /// Most bytes that are read and thrown away, so that a client whose message is too large gets
    /// an answer.
    pub discarded_bytes_max: usize,
    /// Longest time from the first byte of a head to its end, and from connecting to a first head.
    pub head_timeout: Duration,
    /// Longest time, or up to twice that, that a connection is kept without a request. Also ends
    /// one whose client does not take its answers.
    pub idle_timeout: Duration,
    /// Longest time for a body.
    pub body_timeout: Duration,
    /// Most connections at a time.
    pub connections_max: usize,
    /// Longest wait for connections to end when the server does.
    pub drain_timeout: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            message_bytes_max: 16 << 20,
            discarded_bytes_max: 64 << 20,
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(300),
            body_timeout: Duration::from_secs(30),
            connections_max: 512,
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// Messages above this size are judged on a thread of their own, so that they delay nobody.
const INLINE_BYTES_MAX: usize = 64 << 10;

/// Decisions that take longer than this move to threads of their own, until they are quick again.
const INLINE_TIME_MAX: Duration = Duration::from_millis(1);

/// How long accepting pauses after the system refused a connection (too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The plugin's own media type.
const MEDIA_TYPE: &str = "application/vnd.docker.plugins.v1.2+json";

/// Most bytes of a header block.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// What all connections share.
struct Server {
    plugin: Arc<dyn Plugin>,
    limits: ServerLimits,
    is_slow: AtomicBool,
    afterwards: Afterwards,
}

/// Serves until `stop` completes, then lets connections finish what they are at.
///
/// Errors: the socket is not usable by the runtime.
pub async fn serve(
    listener: std::os::unix::net::UnixListener,
    plugin: Arc<dyn Plugin>,
    limits: ServerLimits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = UnixListener::from_std(listener)?;
    let (is_slow, afterwards) = (AtomicBool::new(false), Afterwards::default());
    let server = Arc::new(Server { plugin, limits, is_slow, afterwards });
    let slots = Arc::new(Semaphore::new(limits.connections_max));
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        let accept = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            (slot, accepted) = accept => match accepted {
                Ok((stream, _)) => {
                    let connection = connection(Arc::clone(&server), stream, stopped.clone());
                    connections.spawn(Steady::new(async move {
                        let _slot = slot;
                        connection.await;
                    }));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let _ = stopping.send(true); // nobody listens where there are no connections
    let all = async { while connections.join_next().await.is_some() {} };
    if timeout(limits.drain_timeout, all).await.is_err() {
        tracing::warn!("connections did not end in time and are cut");
    }
    Ok(())
}

/// Serves one connection until it ends, is too slow, or the server stops.
async fn connection(server: Arc<Server>, stream: UnixStream, mut stopped: watch::Receiver<bool>) {
    let phase = Arc::new(Phase::default());
    let io = TokioIo::new(Phased::new(stream, Arc::clone(&phase)));
    let (head_timeout, idle_timeout) = (server.limits.head_timeout, server.limits.idle_timeout);
    let service_phase = Arc::clone(&phase);
    let service = service_fn(move |request| {
        let (server, phase) = (Arc::clone(&server), Arc::clone(&service_phase));
        async move {
            phase.head_is_read();
            let response = server.respond(request).await;
            phase.is_answered();
            Ok::<_, Infallible>(response)
        }
    });
    let http = http1::Builder::new().max_buf_size(HEAD_BYTES_MAX).serve_connection(io, service);
    tokio::pin!(http);
    let slow = phase.is_overdue(head_timeout, idle_timeout);
    tokio::pin!(slow);
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = http.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended early");
                }
                return;
            }
            () = &mut slow => {
                tracing::debug!("client was too slow and is cut off");
                return;
            }
            _ = stopped.wait_for(|stop| *stop), if !is_stopping => {
                is_stopping = true;
                http.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Why a body was not read.
enum BodyFault {
    TooLarge,
    TooSlow,
    Broken,
}

impl Server {
    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let is_post = request.method() == Method::POST;
        match request.uri().path() {
            "/Plugin.Activate" if is_post => reply(br#"{"Implements":["authz"]}"#.to_vec()),
            "/AuthZPlugin.AuthZReq" if is_post => {
                reply(wire::encode(&self.authorize(Call::Request, request.into_body()).await))
            }
            "/AuthZPlugin.AuthZRes" if is_post && self.plugin.wants_responses() => {
                reply(wire::encode(&self.authorize(Call::Response, request.into_body()).await))
            }
            "/AuthZPlugin.AuthZRes" if is_post => {
                let read = self.read(request.into_body(), 0).await;
                drop(read);
                reply(wire::encode(&Answer::allowed()))
            }
            _ => not_found(),
        }
    }

    async fn authorize(&self, call: Call, body: Incoming) -> Answer {
        let bytes = match self.read(body, self.limits.message_bytes_max).await {
            Ok(bytes) => bytes,
            Err(fault) => return self.plugin.answer_unread(call, self.describe(&fault)),
        };
        let big = bytes.len() > INLINE_BYTES_MAX;
        let began = Instant::now();
        let answer = if big || self.is_slow.load(Ordering::Relaxed) {
            let plugin = Arc::clone(&self.plugin);
            let judged = tokio::task::spawn_blocking(move || plugin.answer(call, bytes)).await;
            judged.unwrap_or_else(|_| {
                let fault = Unread::new("panic", "internal error: decision panicked");
                self.plugin.answer_unread(call, fault)
            })
        } else {
            self.plugin.answer(call, bytes)
        };
        if big {
            self.afterwards.soon();
        } else {
            self.is_slow.store(began.elapsed() > INLINE_TIME_MAX, Ordering::Relaxed);
        }
        answer
    }

    fn describe(&self, fault: &BodyFault) -> Unread {
        let limits = &self.limits;
        match fault {
            BodyFault::TooLarge => {
                let most = limits.message_bytes_max;
                Unread::new(
                    "too_large",
                    format!("authorization request is larger than {most} bytes"),
                )
            }
            BodyFault::TooSlow => {
                let longest = limits.body_timeout;
                Unread::new(
                    "too_slow",
                    format!("authorization request took longer than {longest:?}"),
                )
            }
            BodyFault::Broken => Unread::new("broken", "authorization request ended early"),
        }
    }

    /// Reads a body, keeping at most `bytes_max`; what exceeds that is read and thrown away.
    async fn read(&self, body: Incoming, bytes_max: usize) -> Result<Vec<u8>, BodyFault> {
        let discarded_max = self.limits.discarded_bytes_max;
        let collect = collect(body, bytes_max, discarded_max);
        timeout(self.limits.body_timeout, collect).await.unwrap_or(Err(BodyFault::TooSlow))
    }
}

async fn collect(
    mut body: Incoming,
    bytes_max: usize,
    discarded_max: usize,
) -> Result<Vec<u8>, BodyFault> {
    // What the client announces is reserved at once: growing would copy, and leave holes behind.
    let announced = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
    let announced = announced.filter(|bytes| *bytes <= bytes_max).unwrap_or(0);
    let mut kept = Vec::with_capacity(announced);
    let mut seen = 0usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyFault::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        seen = seen.saturating_add(data.len());
        if seen > bytes_max.saturating_add(discarded_max) {
            return Err(BodyFault::TooLarge);
        }
        if seen > bytes_max {
            kept = Vec::new();
        } else {
            kept.extend_from_slice(data);
        }
    }
    if seen > bytes_max { Err(BodyFault::TooLarge) } else { Ok(kept) }
}

fn reply(body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let media_type = hyper::header::HeaderValue::from_static(MEDIA_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"no such method\n")));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
