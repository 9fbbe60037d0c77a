//! A server whose answers tests decide on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use portcullis_server::{Address, BindOptions, ListenError, Listeners, Peer, Respond, Scope};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longest wait of a test for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Answers `/` with who asked; `/wait` once a test releases it; `/big` with [`BIG_BYTES`].
pub(crate) struct Responder {
    pub(crate) arrived: Notify,
    pub(crate) released: Semaphore,
    pub(crate) gone: Notify,
    pub(crate) cancelled: AtomicUsize,
}

pub(crate) const BIG_BYTES: usize = 64 << 20;

impl Respond for Responder {
    async fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Peer,
        scope: Scope,
    ) -> Response<Full<Bytes>> {
        let answer = match request.uri().path() {
            "/wait" => {
                self.arrived.notify_one();
                self.released.acquire().await.unwrap().forget();
                "released".to_string()
            }
            "/big" => "x".repeat(BIG_BYTES),
            "/certificates" => peer.certificates.map(|all| all.to_json()).unwrap_or_default(),
            _ => {
                let identity = peer.identity.as_deref().unwrap_or("nobody");
                format!("{scope:?} {:?} {} {identity}", request.version(), peer.address)
            }
        };
        Response::new(Full::new(Bytes::from(answer)))
    }

    fn cancelled(&self, _: &Method, _: &Uri) {
        self.cancelled.fetch_add(1, Ordering::SeqCst);
        self.gone.notify_one();
    }
}

/// A server that runs until it is stopped.
pub(crate) struct Running {
    pub(crate) responder: Arc<Responder>,
    /// Where it listens, without the scheme.
    pub(crate) places: Vec<String>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<(), ListenError>>,
}

impl Running {
    pub(crate) fn start(options: &BindOptions) -> Self {
        let listeners = Listeners::bind(options).unwrap();
        let urls = listeners.local_addresses();
        let places =
            urls.iter().map(|local| local.url.split_once("://").unwrap().1.to_string()).collect();
        let responder = Arc::new(Responder {
            arrived: Notify::new(),
            released: Semaphore::new(0),
            gone: Notify::new(),
            cancelled: AtomicUsize::new(0),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move {
            let _ = stopped.await;
        };
        let served = tokio::spawn(listeners.serve(Arc::clone(&responder), stopped));
        Self { responder, places, stop: Some(stop), served }
    }

    /// Starts on one free port of loopback.
    pub(crate) fn on_loopback(options: BindOptions) -> Self {
        Self::start(&BindOptions { addresses: vec![address("127.0.0.1:0")], ..options })
    }

    pub(crate) fn place(&self) -> &str {
        &self.places[0]
    }

    pub(crate) fn tell_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(crate) async fn ended(self) {
        timeout(PATIENCE, self.served).await.unwrap().unwrap().unwrap();
    }
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}
