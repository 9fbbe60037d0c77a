//! The gate as a process of its own: a socket and a notice from the service manager, signals.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "functions that tests share"
)]

#[path = "support/house.rs"]
mod house;
#[path = "bundles/server.rs"]
mod server;

use std::cell::RefCell;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use portcullis_docker::cli::{DockerAuthzArgs, Streams, run};

use crate::house::{ALLOW, Client, DENY, request};
use crate::server::{Server, bundle};

/// Names the policy that a process started by a test shall decide with.
const POLICY: &str = "PORTCULLIS_TEST_POLICY";

/// Names a configuration instead.
const CONFIG: &str = "PORTCULLIS_TEST_CONFIG";

/// Not a test of its own: what the processes that the other tests start do.
#[test]
fn gate_process() {
    let Ok(policy) = std::env::var(POLICY) else { return };
    let socket = std::env::var_os("PORTCULLIS_TEST_SOCKET").map(Into::into);
    let args = match std::env::var(CONFIG) {
        Ok(config) => DockerAuthzArgs { config_file: Some(config), socket, ..Default::default() },
        Err(_) => {
            let policy_file = vec![policy];
            DockerAuthzArgs { policy_file, socket, quiet: true, ..Default::default() }
        }
    };
    let code = run(&args, Streams { out: Box::new(std::io::sink()), err: &mut std::io::stderr() });
    std::process::exit(code.into());
}

/// A gate in another process. Killed with its owner where it still runs.
struct Process {
    child: Child,
    notices: UnixDatagram,
    /// All notices that were read.
    heard: RefCell<String>,
    directory: tempfile::TempDir,
}

impl Process {
    /// Starts a gate that makes its socket itself, or finds `passed` at descriptor 3 as systemd
    /// leaves it.
    fn start(passed: Option<UnixListener>) -> Self {
        Self::start_with(passed, None)
    }

    /// Starts one under a configuration.
    fn start_under(config: &str) -> Self {
        Self::start_with(None, Some(config))
    }

    fn start_with(passed: Option<UnixListener>, config: Option<&str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("p.rego"), ALLOW).unwrap();
        let notices = UnixDatagram::bind(path("notify")).unwrap();
        notices.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut command = Command::new("sh");
        let script = if passed.is_some() {
            "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\""
        } else {
            "exec \"$@\""
        };
        command.args(["-c", script, "sh"]).arg(std::env::current_exe().unwrap());
        command.args(["--exact", "gate_process", "--nocapture"]);
        command.stdin(passed.map_or(Stdio::null(), |socket| OwnedFd::from(socket).into()));
        command.stdout(Stdio::null()).env("NOTIFY_SOCKET", path("notify"));
        if let Some(config) = config {
            std::fs::write(path("config.yaml"), config).unwrap();
            command.env(CONFIG, path("config.yaml"));
        }
        command.env(POLICY, path("p.rego")).env("PORTCULLIS_TEST_SOCKET", path("gate.sock"));
        let child = command.spawn().unwrap();
        let process = Self { child, notices, heard: RefCell::default(), directory };
        process.awaits("READY=1");
        process
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// Reads a notice.
    fn hear(&self, awaited: &str) -> String {
        let mut buffer = [0u8; 4096];
        let length = self.notices.recv(&mut buffer).expect(awaited);
        let notice = String::from_utf8_lossy(&buffer[..length]).into_owned();
        self.heard.borrow_mut().push_str(&(notice.clone() + "\n"));
        notice
    }

    /// Reads notices until one says this, unless one has.
    fn has_heard(&self, words: &str) {
        while !self.heard.borrow().lines().any(|line| line == words) {
            self.hear(words);
        }
    }

    /// Reads notices until one says this.
    fn awaits(&self, words: &str) {
        loop {
            if self.hear(words).lines().any(|line| line == words) {
                return;
            }
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    fn end(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < Duration::from_secs(15), "still running");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_allowed(socket: &Path) -> bool {
    Client::connect(socket).authorize("/v1.41/info", b"")["Allow"] == true
}

#[test]
fn serves_the_socket_that_the_service_manager_passes() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("passed.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let mut process = Process::start(Some(listener));
    assert!(is_allowed(&socket));
    assert!(!process.path("gate.sock").exists());
    process.signal("-TERM");
    process.awaits("STOPPING=1");
    assert!(process.end().success());
    assert!(socket.exists(), "the socket is the service manager's");
}

#[test]
fn reloads_and_drains_on_signals() {
    let mut process = Process::start(None);
    let socket = process.path("gate.sock");
    assert!(is_allowed(&socket));
    std::fs::write(process.path("p.rego"), DENY).unwrap();
    process.signal("-HUP");
    process.awaits("RELOADING=1");
    process.awaits("READY=1");
    assert!(!is_allowed(&socket));
    let message = request("/v1.41/info", b"");
    let mut client = Client::connect(&socket);
    let head = format!(
        "POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost:\r\nContent-Length: {}\r\n\r\n",
        message.len()
    );
    client.0.write_all(&[head.as_bytes(), &message[..9]].concat()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    process.signal("-TERM");
    process.awaits("STOPPING=1");
    std::thread::sleep(Duration::from_millis(100));
    client.0.write_all(&message[9..]).unwrap();
    let (status, answer) = client.answer().expect("a request on its way is answered");
    assert_eq!((status, answer.starts_with(b"{\"Allow\":false")), (200, true));
    assert!(process.end().success());
    assert!(!socket.exists());
}

#[test]
fn a_killed_gate_leaves_a_socket_that_the_next_one_replaces() {
    let mut process = Process::start(None);
    let socket = process.path("gate.sock");
    process.signal("-KILL");
    assert!(!process.end().success());
    assert!(socket.exists());
    let listener = portcullis_docker::listen::Listener::bind(&socket).unwrap();
    assert!(portcullis_docker::listen::Listener::bind(&socket).is_err(), "it is alive");
    drop(listener);
}

#[test]
fn looks_for_bundles_and_flushes_its_log_on_signals() {
    let server = Server::start();
    let config = format!(
        "services: {{s: {{url: {}}}}}\n\
         bundles: {{authz: {{resource: b.tar.gz, trigger: manual}}}}\n\
         decision_logs: {{service: s}}\n",
        server.url()
    );
    let mut process = Process::start_under(&config);
    let waiting = "no bundle is active yet: waiting for `authz`";
    process.has_heard(&format!("STATUS=refusing every request: {waiting}"));
    let socket = process.path("gate.sock");
    assert!(!is_allowed(&socket));
    server.put("b.tar.gz", bundle("1", "docker", ALLOW));
    process.signal("-HUP");
    process.awaits("RELOADING=1");
    process.awaits("READY=1");
    assert!(is_allowed(&socket));
    process.has_heard("STATUS=deciding");
    server.put("b.tar.gz", bundle("2", "docker", DENY));
    process.signal("-HUP");
    process.awaits("RELOADING=1");
    process.awaits("READY=1");
    assert!(!is_allowed(&socket));
    assert!(server.logs().is_empty(), "uploads take their time");
    process.signal("-TERM");
    process.awaits("STOPPING=1");
    assert!(process.end().success());
    let results: Vec<_> = server.logs().into_iter().map(|event| event["result"].clone()).collect();
    assert_eq!(results, [false, true, false]);
}
