//! A gate on a socket of its own, and clients that ask it.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use portcullis_docker::api::find;
use portcullis_docker::cli::DockerAuthzArgs;
use portcullis_docker::gate::Gate;
use portcullis_docker::listen::Listener;
use portcullis_docker::server::{ServerLimits, serve};
use portcullis_service::files::PolicyFiles;
use portcullis_service::host::SystemHost;
use portcullis_service::watch::Watcher;
use serde_json::Value as Json;

/// A gate in this process, with a policy file and a socket of its own.
pub(crate) struct House {
    directory: tempfile::TempDir,
    socket: PathBuf,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    server: Option<std::thread::JoinHandle<()>>,
    _watcher: Watcher,
}

pub(crate) const ALLOW: &str = "package docker.authz\n\nallow := true\n";
pub(crate) const DENY: &str = "package docker.authz\n\nallow := false\n";
pub(crate) const LIMITS: fn() -> ServerLimits = || ServerLimits {
    head_timeout: Duration::from_millis(300),
    idle_timeout: Duration::from_millis(1000),
    body_timeout: Duration::from_millis(1500),
    ..ServerLimits::default()
};

impl House {
    pub(crate) fn open(policy: &str) -> House {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("policies/authz.rego");
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        std::fs::write(&file, policy).unwrap();
        let socket = directory.path().join("gate.sock");
        let args = DockerAuthzArgs {
            policy_file: vec![file.to_str().unwrap().to_string()],
            ..DockerAuthzArgs::default()
        };
        let options = args.to_options().unwrap();
        let queries = options.gate.question.queries();
        let files = Arc::new(PolicyFiles::open(options.source, queries).unwrap());
        let watcher = Watcher::start(files.clone(), Box::new(|_| {})).unwrap();
        let gate =
            Arc::new(Gate::new(Arc::clone(files.store()), SystemHost::new(), options.gate, None));
        let listener = Listener::bind(&socket).unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let server = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let stopped = async { drop(stopped.await) };
            runtime.block_on(serve(listener.socket().unwrap(), gate, LIMITS(), stopped)).unwrap();
        });
        House { directory, socket, stop: Some(stop), server: Some(server), _watcher: watcher }
    }

    pub(crate) fn policy(&self) -> PathBuf {
        self.directory.path().join("policies/authz.rego")
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.socket)
    }

    /// Asks until the answer is as wanted, or for five seconds.
    pub(crate) fn wait_for(&self, allow: bool, words: &str) {
        let began = Instant::now();
        loop {
            let answer = self.client().authorize("/v1.41/info", b"");
            let msg = answer["Msg"].as_str().unwrap_or("");
            if answer["Allow"] == allow && msg.contains(words) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(8), "still {answer}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            server.join().unwrap();
        }
    }
}

/// A client that keeps its connection, as dockerd does.
pub(crate) struct Client(pub(crate) UnixStream);

impl Client {
    pub(crate) fn connect(socket: &Path) -> Client {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Client(stream)
    }

    pub(crate) fn post(&mut self, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let head =
            format!("POST {path} HTTP/1.1\r\nHost:\r\nContent-Length: {}\r\n\r\n", body.len());
        self.0.write_all(head.as_bytes()).unwrap();
        // A server that has heard enough may close before it has read everything.
        let _ = self.0.write_all(body);
        self.answer().unwrap()
    }

    pub(crate) fn authorize(&mut self, uri: &str, body: &[u8]) -> Json {
        let (status, answer) = self.post("/AuthZPlugin.AuthZReq", &request(uri, body));
        assert_eq!(status, 200);
        serde_json::from_slice(&answer).unwrap()
    }

    /// Reads one response; nothing where the server closes instead.
    pub(crate) fn answer(&mut self) -> Option<(u16, Vec<u8>)> {
        let mut bytes = Vec::new();
        let mut byte = [0u8; 1];
        while !bytes.ends_with(b"\r\n\r\n") {
            if self.0.read(&mut byte).ok()? == 0 {
                return None;
            }
            bytes.push(byte[0]);
        }
        let head = String::from_utf8(bytes).unwrap().to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut body).ok()?;
        Some((head[9..12].parse().unwrap(), body))
    }

    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0u8; 1]), Ok(0) | Err(_))
    }
}

/// Returns an authorization request of the daemon.
pub(crate) fn request(uri: &str, body: &[u8]) -> Vec<u8> {
    let method = if find("POST", uri).route.is_some() { "POST" } else { "GET" };
    let body = base64::engine::general_purpose::STANDARD.encode(body);
    serde_json::to_vec(&serde_json::json!({
        "RequestMethod": method,
        "RequestUri": uri,
        "RequestHeaders": {"Content-Type": "application/json"},
        "RequestBody": body,
    }))
    .unwrap()
}
