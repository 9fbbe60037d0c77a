//! A collector on loopback that tells what it was sent: OTLP over HTTP/1.1 and HTTP/2, with TLS or
//! without. Must not know: what the tests expect.

use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

/// Longest wait of a test for a message.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One request, as it came in.
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// Reads the message, without the frame that gRPC puts around it.
    pub(crate) fn message<M: Message + Default>(&self) -> M {
        let is_grpc = self.headers["content-type"] == "application/grpc";
        let message = if is_grpc { &self.body[5..] } else { &self.body[..] };
        if is_grpc {
            let length = u32::from_be_bytes(self.body[1..5].try_into().unwrap());
            assert_eq!(length as usize, message.len());
        }
        M::decode(message).unwrap()
    }
}

/// What to answer: a status, and gRPC's status. The last one is given again and again.
pub(crate) type Answer = (u16, u32);

/// A running collector.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    pub(crate) requests: Receiver<Received>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Collector {
    pub(crate) fn start(answers: &[Answer], tls: Option<TlsAcceptor>) -> Collector {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::channel();
        let answers = Arc::new(Mutex::new(answers.iter().rev().copied().collect::<Vec<_>>()));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sender, answers, tls) = (sender.clone(), answers.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, sender, answers).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, sender, answers).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, requests, runtime: Some(runtime) }
    }

    /// Waits for the next request.
    pub(crate) fn next(&self) -> Received {
        self.requests.recv_timeout(PATIENCE).unwrap()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    sender: Sender<Received>,
    answers: Arc<Mutex<Vec<Answer>>>,
) {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let (sender, answers) = (sender.clone(), answers.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes().to_vec();
            let path = parts.uri.path().to_string();
            let is_grpc = path.starts_with("/opentelemetry");
            let _ = sender.send(Received { path, headers: parts.headers, body });
            let mut answers = answers.lock().unwrap();
            let next = if answers.len() > 1 { answers.pop() } else { answers.last().copied() };
            Ok::<_, hyper::Error>(answer(next.unwrap_or((200, 0)), is_grpc))
        }
    });
    let _ =
        Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

type Body = BoxBody<Bytes, std::convert::Infallible>;

fn answer((status, grpc): Answer, is_grpc: bool) -> Response<Body> {
    let response = Response::builder().status(status);
    if !is_grpc {
        return response.body(Full::default().boxed()).unwrap();
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", grpc.to_string().parse().unwrap());
    let body = Full::new(Bytes::from_static(&[0; 5]));
    let body = body.with_trailers(async move { Some(Ok(trailers)) });
    response.header("content-type", "application/grpc").body(body.boxed()).unwrap()
}
