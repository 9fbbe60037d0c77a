//! Accepts connections, as many as there may be, and lets them end when it is told to stop.
//!
//! Must not know: what requests say.
//!
//! Source: OPA documentation, "CLI", `opa run` (shutdown periods).

mod connection;
mod pulse;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::connection::Stream;
use crate::listen::{Bound, ListenError, ListenLimits, Listeners, Socket, SocketFile};
use crate::server::{Peer, Scope, Server};
use crate::tls::{Tls, Watcher};

/// How long accepting pauses after the system refused a connection (too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers the requests that come in.
pub trait Respond: Send + Sync + 'static {
    /// Returns the answer to a request. Dropped when the client goes away.
    fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Peer,
        scope: Scope,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send;

    /// Is told of a request whose client went away before its answer.
    fn cancelled(&self, method: &Method, uri: &Uri);
}

impl Respond for Server {
    async fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Peer,
        scope: Scope,
    ) -> Response<Full<Bytes>> {
        Server::respond(&self, request, peer, scope).await
    }

    fn cancelled(&self, method: &Method, uri: &Uri) {
        self.count_cancelled(method.as_str(), uri.path());
    }
}

/// What all connections share.
struct Shared<R> {
    responder: Arc<R>,
    limits: ListenLimits,
    h2c: bool,
}

/// A socket that accepts.
enum Accepting {
    Tcp(TcpListener, Option<Arc<Tls>>),
    Unix(UnixListener),
}

impl Listeners {
    /// Serves until `stop` completes; then goes on for [`ListenLimits::shutdown_wait`], takes no
    /// further connections, and lets requests end within [`ListenLimits::shutdown_grace`].
    ///
    /// Errors: [`ListenError::Runtime`], if the runtime cannot use a socket.
    pub async fn serve<R: Respond>(
        self,
        responder: Arc<R>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ListenError> {
        let shared = Arc::new(Shared { responder, limits: self.limits, h2c: self.h2c });
        let (stopping, stopped) = watch::channel(false);
        let mut listeners = JoinSet::new();
        for bound in self.bound {
            let scope = bound.address.scope;
            let (accepting, file) = accepting(bound, self.tls.as_ref())?;
            let (shared, stopped) = (Arc::clone(&shared), stopped.clone());
            listeners.spawn(listen(shared, (accepting, file), scope, stopped));
        }
        let watcher = self.tls.map(Watcher::start).transpose().map_err(ListenError::Runtime)?;
        stop.await;
        sleep(shared.limits.shutdown_wait).await;
        let _ = stopping.send(true); // nobody listens where there is no listener
        while listeners.join_next().await.is_some() {}
        drop(watcher);
        Ok(())
    }
}

fn accepting(
    bound: Bound,
    tls: Option<&Arc<Tls>>,
) -> Result<(Accepting, Option<SocketFile>), ListenError> {
    let tls = tls.filter(|_| bound.is_encrypted).cloned();
    let accepting = match bound.socket {
        Socket::Tcp(socket) => {
            (TcpListener::from_std(socket).map(|l| Accepting::Tcp(l, tls)), None)
        }
        Socket::Unix(socket, file) => {
            (UnixListener::from_std(socket).map(Accepting::Unix), file.ok())
        }
    };
    let (accepting, file) = accepting;
    Ok((accepting.map_err(ListenError::Runtime)?, file))
}

impl Accepting {
    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener, None) => {
                let (stream, address) = listener.accept().await?;
                Ok(Stream::Tcp(stream, address))
            }
            Self::Tcp(listener, Some(tls)) => {
                let (stream, address) = listener.accept().await?;
                Ok(Stream::Tls(stream, address, Arc::clone(tls)))
            }
            Self::Unix(listener) => listener.accept().await.map(|(stream, _)| Stream::Unix(stream)),
        }
    }
}

/// Accepts on one socket until the server stops, then waits for its connections.
async fn listen<R: Respond>(
    shared: Arc<Shared<R>>,
    (accepting, file): (Accepting, Option<SocketFile>),
    scope: Scope,
    mut stopped: watch::Receiver<bool>,
) {
    // Each socket has its own: a flood on one must not hide the health on another.
    let slots = Arc::new(Semaphore::new(shared.limits.connections_max));
    let mut connections = JoinSet::new();
    let for_connections = stopped.clone();
    loop {
        tokio::select! {
            () = told_to_stop(&mut stopped) => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            (slot, accepted) = next(&slots, &accepting) => match accepted {
                Ok(stream) => {
                    let (shared, stopped) = (Arc::clone(&shared), for_connections.clone());
                    connections.spawn(async move {
                        let _slot = slot;
                        connection::serve(shared, stream, scope, stopped).await;
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop((accepting, file));
    let all = async { while connections.join_next().await.is_some() {} };
    if timeout(shared.limits.shutdown_grace, all).await.is_err() {
        tracing::warn!("connections did not end in time and are cut");
    }
}

/// Completes when the server is told to stop.
async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    // Where nobody can tell any more, the server is gone.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Returns the next connection, once there is room for one.
async fn next(
    slots: &Arc<Semaphore>,
    accepting: &Accepting,
) -> (Option<OwnedSemaphorePermit>, io::Result<Stream>) {
    let slot = Arc::clone(slots).acquire_owned().await.ok(); // never closed
    (slot, accepting.accept().await)
}
