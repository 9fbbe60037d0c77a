//! A server that records what it is asked and answers with whatever bytes a test gives it.
//!
//! Must not know: the client.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use portcullis_remote::{
    ClientOptions, Environment, KeyConfig, ProxyChoice, Service, ServiceConfig,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// Certificates of the client.
    pub(crate) certificates: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).to_string()
    }

    /// The fields of a posted form.
    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        let url = reqwest::Url::parse(&format!("http://x/?{}", self.text())).unwrap();
        url.query_pairs().into_owned().collect()
    }
}

type Answer = dyn Fn(&Seen) -> Vec<u8> + Send + Sync;

pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) async fn plain(answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(answer)).await
    }

    pub(crate) async fn tls(
        config: ServerConfig,
        answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(TlsAcceptor::from(Arc::new(config))), Arc::new(answer)).await
    }

    async fn start(tls: Option<TlsAcceptor>, answer: Arc<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, answer, log) = (tls.clone(), Arc::clone(&answer), Arc::clone(&log));
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, 0, &*answer, &log).await,
                        Some(tls) => {
                            let Ok(stream) = tls.accept(stream).await else { return };
                            let certificates = stream.get_ref().1.peer_certificates();
                            let certificates = certificates.map_or(0, <[_]>::len);
                            serve(stream, certificates, &*answer, &log).await;
                        }
                    }
                });
            }
        });
        Self { url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn host(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    certificates: usize,
    answer: &Answer,
    log: &Mutex<Vec<Seen>>,
) {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.lines();
    let mut first = lines.next().unwrap().split(' ').map(str::to_string);
    let (method, target) = (first.next().unwrap(), first.next().unwrap());
    let headers: BTreeMap<String, String> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_string()))
        .collect();
    let length = headers.get("content-length").map_or(0, |n| n.parse().unwrap());
    let mut body = bytes[head + 4..].to_vec();
    while body.len() < length {
        let mut buffer = [0; 4096];
        let n = stream.read(&mut buffer).await.unwrap();
        body.extend_from_slice(&buffer[..n]);
    }
    let seen = Seen { method, target, headers, body, certificates };
    let reply = answer(&seen);
    log.lock().unwrap().push(seen);
    if reply.is_empty() {
        std::future::pending::<()>().await; // a server that does not answer
    }
    let _ = stream.write_all(&reply).await;
    let _ = stream.shutdown().await;
}

/// An answer with a status, headers and a body.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut text = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    [text.as_bytes(), body].concat()
}

pub(crate) fn ok(body: impl AsRef<[u8]>) -> Vec<u8> {
    reply(200, &[], body)
}

pub(crate) fn options() -> ClientOptions {
    options_with(&[])
}

pub(crate) fn options_with(variables: &[(&str, &str)]) -> ClientOptions {
    let variables = variables.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string()));
    ClientOptions {
        user_agent: "Open-Policy-Agent/1.2.3 (linux, amd64)".to_string(),
        proxy: ProxyChoice::Off,
        environment: Environment::Fixed(variables.collect()),
    }
}

pub(crate) fn config(json: serde_json::Value) -> ServiceConfig {
    serde_json::from_value(json).unwrap()
}

pub(crate) fn service(json: serde_json::Value) -> Service {
    service_with(json, &[], &[])
}

pub(crate) fn service_with(
    json: serde_json::Value,
    keys: &[(&str, serde_json::Value)],
    variables: &[(&str, &str)],
) -> Service {
    let keys = keys.iter().map(|(id, key)| {
        let key: KeyConfig = serde_json::from_value(key.clone()).unwrap();
        ((*id).to_string(), key)
    });
    Service::new("s", &config(json), &keys.collect(), &options_with(variables)).unwrap()
}
