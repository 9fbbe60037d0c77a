//! A server on the loopback: plain, with TLS, or on a socket of the file system.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What a server answers to the head of a request; nothing: it says nothing until the client goes.
pub(crate) type Answering = fn(&str) -> Option<Vec<u8>>;

/// A server that runs as long as the process of the test.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    names: Arc<Mutex<Vec<String>>>,
}

/// Returns an answer with a length.
pub(crate) fn answer(head: &str, body: &[u8]) -> Option<Vec<u8>> {
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
    Some([head.as_bytes(), body].concat())
}

impl Peer {
    fn new(port: u16) -> Self {
        let (seen, names) = Default::default();
        Self { port, seen, connections: Arc::default(), names }
    }

    pub(crate) fn plain(answering: Answering) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = Self::new(listener.local_addr().unwrap().port());
        let serving = peer.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (peer, stream) = (serving.clone(), stream.unwrap());
                std::thread::spawn(move || peer.talk(stream, answering));
            }
        });
        peer
    }

    pub(crate) fn on_socket(path: &Path, answering: Answering) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let peer = Self::new(0);
        let serving = peer.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (peer, stream) = (serving.clone(), stream.unwrap());
                std::thread::spawn(move || peer.talk(stream, answering));
            }
        });
        peer
    }

    pub(crate) fn secure(config: Arc<ServerConfig>, answering: Answering) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = Self::new(listener.local_addr().unwrap().port());
        let serving = peer.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (peer, mut stream) = (serving.clone(), stream.unwrap());
                let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
                std::thread::spawn(move || {
                    while tls.is_handshaking() {
                        if tls.complete_io(&mut stream).is_err() {
                            return;
                        }
                    }
                    let name = tls.server_name().unwrap_or("none").to_string();
                    peer.names.lock().unwrap().push(name);
                    peer.talk(StreamOwned::new(tls, stream), answering);
                });
            }
        });
        peer
    }

    /// Answers requests without bodies, one after the other.
    fn talk(&self, mut stream: impl Read + Write, answering: Answering) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        loop {
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read(&mut byte) {
                    Ok(1) => head.push(byte[0]),
                    _ => return,
                }
            }
            let mut head = String::from_utf8(head).unwrap();
            let length = head.to_lowercase();
            let length = length.split("content-length: ").nth(1).unwrap_or("0").lines().next();
            let mut body = vec![0; length.unwrap().parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            head.push_str(std::str::from_utf8(&body).unwrap());
            self.seen.lock().unwrap().push(head.clone());
            match answering(&head) {
                Some(bytes) => drop(stream.write_all(&bytes).and_then(|()| stream.flush())),
                None => loop {
                    if !matches!(stream.read(&mut byte), Ok(1)) {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(1));
                },
            }
        }
    }

    /// Returns the requests so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns how many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns the names that clients asked for.
    pub(crate) fn names(&self) -> Vec<String> {
        self.names.lock().unwrap().clone()
    }
}
