//! The gate on a real socket: clients that behave, clients that do not, and policies that change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use portcullis_docker::cli::DockerAuthzArgs;
use portcullis_docker::gate::Gate;
use portcullis_docker::listen::Listener;
use portcullis_docker::server::{ServerLimits, serve};
use portcullis_service::host::SystemHost;
use portcullis_service::store::PolicyStore;
use portcullis_service::watch::Watcher;
use serde_json::Value as Json;

/// A gate in this process, with a policy file and a socket of its own.
struct House {
    directory: tempfile::TempDir,
    socket: PathBuf,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    server: Option<std::thread::JoinHandle<()>>,
    _watcher: Watcher,
}

const ALLOW: &str = "package docker.authz\n\nallow := true\n";
const DENY: &str = "package docker.authz\n\nallow := false\n";
const LIMITS: fn() -> ServerLimits = || ServerLimits {
    head_timeout: Duration::from_millis(300),
    body_timeout: Duration::from_millis(1500),
    ..ServerLimits::default()
};

impl House {
    fn open(policy: &str) -> House {
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
        let store = Arc::new(PolicyStore::open(options.source, queries).unwrap());
        let watcher = Watcher::start(Arc::clone(&store), Box::new(|_| {})).unwrap();
        let gate = Arc::new(Gate::new(store, SystemHost::new(), options.gate, None));
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

    fn policy(&self) -> PathBuf {
        self.directory.path().join("policies/authz.rego")
    }

    fn client(&self) -> Client {
        Client::connect(&self.socket)
    }

    /// Asks until the answer is as wanted, or for five seconds.
    fn wait_for(&self, allow: bool, words: &str) {
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
struct Client(UnixStream);

impl Client {
    fn connect(socket: &Path) -> Client {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Client(stream)
    }

    fn post(&mut self, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let head =
            format!("POST {path} HTTP/1.1\r\nHost:\r\nContent-Length: {}\r\n\r\n", body.len());
        self.0.write_all(head.as_bytes()).unwrap();
        // A server that has heard enough may close before it has read everything.
        let _ = self.0.write_all(body);
        self.answer().unwrap()
    }

    fn authorize(&mut self, uri: &str, body: &[u8]) -> Json {
        let (status, answer) = self.post("/AuthZPlugin.AuthZReq", &request(uri, body));
        assert_eq!(status, 200);
        serde_json::from_slice(&answer).unwrap()
    }

    /// Reads one response; nothing where the server closes instead.
    fn answer(&mut self) -> Option<(u16, Vec<u8>)> {
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

    fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0u8; 1]), Ok(0) | Err(_))
    }
}

fn request(uri: &str, body: &[u8]) -> Vec<u8> {
    let body = base64::engine::general_purpose::STANDARD.encode(body);
    serde_json::to_vec(&serde_json::json!({
        "RequestMethod": "POST",
        "RequestUri": uri,
        "RequestHeaders": {"Content-Type": "application/json"},
        "RequestBody": body,
    }))
    .unwrap()
}

#[test]
fn speaks_the_protocol_on_one_connection() {
    let house = House::open(ALLOW);
    let mut client = house.client();
    let (status, body) = client.post("/Plugin.Activate", b"");
    assert_eq!((status, body.as_slice()), (200, &br#"{"Implements":["authz"]}"#[..]));
    assert_eq!(client.authorize("/v1.41/info", b"")["Allow"], true);
    let (status, body) = client.post("/AuthZPlugin.AuthZRes", &request("/v1.41/info", b"{}"));
    assert_eq!((status, body.as_slice()), (200, &br#"{"Allow":true}"#[..]));
    assert_eq!(client.post("/nonsense", b"").0, 404);
    // Kept connections outlive the time that a head may take.
    std::thread::sleep(LIMITS().head_timeout * 2);
    assert_eq!(client.authorize("/v1.41/info", b"")["Allow"], true);
}

#[test]
fn refuses_what_is_not_a_request() {
    let house = House::open(ALLOW);
    for body in [&b""[..], b"nonsense", b"{}", b"\xff\xfe", b"[[[[[["] {
        let (status, answer) = house.client().post("/AuthZPlugin.AuthZReq", body);
        let answer: Json = serde_json::from_slice(&answer).unwrap();
        assert_eq!((status, &answer["Allow"]), (200, &Json::Bool(false)));
        assert!(answer["Msg"].as_str().unwrap().contains("malformed"), "{answer}");
    }
    let answer = house.client().authorize("/v1.41/containers/create", b"{} {}");
    assert_eq!(answer["Allow"], false);
    assert!(answer["Msg"].as_str().unwrap().contains("not JSON"), "{answer}");
}

#[test]
fn slow_and_half_open_clients_are_cut_off() {
    let house = House::open(ALLOW);
    let mut silent = house.client();
    let mut half_head = house.client();
    half_head.0.write_all(b"POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHos").unwrap();
    let mut second_head = house.client();
    assert_eq!(second_head.authorize("/v1.41/info", b"")["Allow"], true);
    second_head.0.write_all(b"POST /").unwrap();
    let mut half_body = house.client();
    half_body
        .0
        .write_all(b"POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost:\r\nContent-Length: 9\r\n\r\n{")
        .unwrap();
    let mut half_open = house.client();
    half_open
        .0
        .write_all(b"POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost:\r\nContent-Length: 9\r\n\r\n")
        .unwrap();
    half_open.0.shutdown(Shutdown::Write).unwrap();
    let began = Instant::now();
    let (_, answer) = half_body.answer().expect("an answer to half a body");
    let answer: Json = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["Allow"], false);
    for (client, name) in
        [(&mut silent, "silent"), (&mut half_head, "half a head"), (&mut second_head, "second")]
    {
        assert!(client.is_closed(), "{name}");
    }
    if let Some((_, answer)) = half_open.answer() {
        let answer: Json = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["Allow"], false);
    }
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(house.client().authorize("/v1.41/info", b"")["Allow"], true);
}

#[test]
fn large_bodies_are_judged_and_larger_ones_refused() {
    let policy = "package docker.authz\n\nallow if input.Body.Labels.pad != \"\"\n";
    let house = House::open(policy);
    let body = |bytes| format!(r#"{{"Labels":{{"pad":"{}"}}}}"#, "x".repeat(bytes)).into_bytes();
    let ask = |bytes| {
        // Made before connecting: a client that connects must not be silent for long.
        let message = request("/v1.41/containers/create", &body(bytes));
        let (status, answer) = house.client().post("/AuthZPlugin.AuthZReq", &message);
        assert_eq!(status, 200);
        serde_json::from_slice::<Json>(&answer).unwrap()
    };
    for bytes in [900 << 10, 6 << 20] {
        assert_eq!(ask(bytes)["Allow"], true, "{bytes} bytes");
    }
    let answer = ask(17 << 20);
    assert_eq!(answer["Allow"], false);
    assert!(answer["Msg"].as_str().unwrap().contains("larger than"), "{answer}");
}

#[test]
fn fifty_clients_at_a_time_while_the_policy_changes() {
    let house = House::open(ALLOW);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                let mut client = house.client();
                for _ in 0..40 {
                    let answer = client.authorize("/v1.41/containers/create", b"{}");
                    assert!(answer["Allow"].is_boolean(), "{answer}");
                }
            });
        }
        for turn in 0..10 {
            std::fs::write(house.policy(), if turn % 2 == 0 { DENY } else { ALLOW }).unwrap();
            std::thread::sleep(Duration::from_millis(60));
        }
    });
    assert!(began.elapsed() < Duration::from_secs(30));
    house.wait_for(true, "");
}

#[test]
fn a_broken_policy_leaves_the_last_good_one() {
    let house = House::open(DENY);
    house.wait_for(false, "administrative policy");
    std::fs::write(house.policy(), "package docker.authz\n\nallow if {").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    house.wait_for(false, "administrative policy");
    std::fs::write(house.policy(), ALLOW).unwrap();
    house.wait_for(true, "");
}

#[test]
fn a_deleted_policy_refuses_until_it_is_back() {
    let house = House::open(ALLOW);
    house.wait_for(true, "");
    std::fs::remove_file(house.policy()).unwrap();
    house.wait_for(false, "missing");
    std::fs::write(house.policy(), ALLOW).unwrap();
    house.wait_for(true, "");
}

#[test]
fn an_editor_that_renames_is_noticed() {
    let house = House::open(ALLOW);
    for (policy, allow) in [(DENY, false), (ALLOW, true), (DENY, false)] {
        let draft = house.policy().with_extension("tmp");
        std::fs::write(&draft, policy).unwrap();
        std::fs::rename(&draft, house.policy()).unwrap();
        house.wait_for(allow, "");
    }
}

#[test]
fn a_mounted_volume_that_swaps_its_link_is_noticed() {
    let house = House::open(ALLOW);
    let volume = house.policy().parent().unwrap().to_path_buf();
    let publish = |version: &str, policy: &str| {
        std::fs::create_dir(volume.join(version)).unwrap();
        std::fs::write(volume.join(version).join("authz.rego"), policy).unwrap();
        std::os::unix::fs::symlink(version, volume.join("..data_tmp")).unwrap();
        std::fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    };
    publish("..one", DENY);
    std::fs::remove_file(house.policy()).unwrap();
    std::os::unix::fs::symlink("..data/authz.rego", house.policy()).unwrap();
    house.wait_for(false, "");
    publish("..two", ALLOW);
    house.wait_for(true, "");
    publish("..three", DENY);
    house.wait_for(false, "");
}

#[test]
fn a_policy_without_end_is_a_refusal_in_time() {
    let policy = "package docker.authz\n\nallow if {\n\tsome x in numbers.range(1, 100000)\n\tsome y in numbers.range(1, 100000)\n\tx + y == 0\n}\n";
    let house = House::open(policy);
    let began = Instant::now();
    let answer = house.client().authorize("/v1.41/info", b"");
    assert_eq!(answer["Allow"], false);
    assert!(answer["Msg"].as_str().unwrap().contains("exceeded its"), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(8));
}
