//! A server of bundles on loopback that answers as it is told, and keeps what it is sent.

#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::read::GzDecoder;
use portcullis_bundle::{BundleFiles, Manifest, write};
use serde_json::Value as Json;

/// The server. Gone when dropped: connections are refused then.
pub(crate) struct Server {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    bundles: Mutex<BTreeMap<String, (String, Vec<u8>)>>,
    logs: Mutex<Vec<Json>>,
    requests: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || serving.serve(stream.unwrap()));
            }
        });
        Self { port, shared, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Serves these bytes below `/`, as a version of their own.
    pub(crate) fn put(&self, path: &str, bytes: Vec<u8>) {
        let mut bundles = self.shared.bundles.lock().unwrap();
        let version = bundles.get(path).map_or(0, |(etag, _)| etag.trim_matches('"').len());
        bundles.insert(path.to_string(), (format!("\"{}\"", "v".repeat(version + 1)), bytes));
    }

    /// Returns the decisions that were uploaded so far.
    pub(crate) fn logs(&self) -> Vec<Json> {
        self.shared.logs.lock().unwrap().clone()
    }

    /// Returns the first lines of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut head = Vec::new();
        let mut byte = [0u8; 1];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read(&mut byte).unwrap_or(0) == 0 {
                return;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let first = head.lines().next().unwrap().to_string();
        let header = |name: &str| {
            let named = head.lines().filter_map(|line| line.split_once(": "));
            let mut values = named.filter(|(key, _)| key.eq_ignore_ascii_case(name));
            values.next().map(|(_, value)| value.to_string())
        };
        let length = header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        self.requests.lock().unwrap().push(first.clone());
        let path = first.split(' ').nth(1).unwrap().trim_start_matches('/').to_string();
        if first.starts_with("POST") {
            let events: Vec<Json> = serde_json::from_reader(GzDecoder::new(&body[..])).unwrap();
            self.logs.lock().unwrap().extend(events);
            return answer(&mut stream, "200 OK", "", b"{}");
        }
        match self.bundles.lock().unwrap().get(&path) {
            None => answer(&mut stream, "404 Not Found", "", b""),
            Some((etag, _)) if header("if-none-match").as_ref() == Some(etag) => {
                answer(&mut stream, "304 Not Modified", etag, b"");
            }
            Some((etag, bytes)) => answer(&mut stream, "200 OK", etag, bytes),
        }
    }
}

fn answer(stream: &mut TcpStream, status: &str, etag: &str, body: &[u8]) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nETag: {etag}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    // A client that went away has its reasons.
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

/// Returns an archive of one module, which owns its package.
pub(crate) fn bundle(revision: &str, root: &str, module: &str) -> Vec<u8> {
    bundle_of(revision, &[root], &[module])
}

/// Returns an archive of modules that owns these roots.
pub(crate) fn bundle_of(revision: &str, roots: &[&str], modules: &[&str]) -> Vec<u8> {
    let manifest = Manifest {
        revision: revision.to_string(),
        roots: roots.iter().map(|root| (*root).to_string()).collect(),
        ..Manifest::default()
    };
    let path = |at: usize| format!("/{}/m{at}.rego", roots[0]);
    let modules = modules.iter().enumerate().map(|(at, text)| (path(at), (*text).to_string()));
    write(&BundleFiles { manifest, modules: modules.collect(), ..BundleFiles::default() }).unwrap()
}
