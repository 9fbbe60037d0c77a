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

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use portcullis_docker::cli::{DockerAuthzArgs, Streams, run};

use crate::house::{ALLOW, Client, DENY, request};

/// Names the policy that a process started by a test shall decide with.
const POLICY: &str = "PORTCULLIS_TEST_POLICY";

/// Not a test of its own: what the processes that the other tests start do.
#[test]
fn gate_process() {
    let Ok(policy) = std::env::var(POLICY) else { return };
    let socket = std::env::var_os("PORTCULLIS_TEST_SOCKET").map(Into::into);
    let args =
        DockerAuthzArgs { policy_file: vec![policy], socket, quiet: true, ..Default::default() };
    let code = run(&args, Streams { out: Box::new(std::io::sink()), err: &mut std::io::stderr() });
    std::process::exit(code.into());
}

/// A gate in another process. Killed with its owner where it still runs.
struct Process {
    child: Child,
    notices: UnixDatagram,
    directory: tempfile::TempDir,
}

impl Process {
    /// Starts a gate that makes its socket itself, or finds `passed` at descriptor 3 as systemd
    /// leaves it.
    fn start(passed: Option<UnixListener>) -> Self {
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
        command.env(POLICY, path("p.rego")).env("PORTCULLIS_TEST_SOCKET", path("gate.sock"));
        let process = Self { child: command.spawn().unwrap(), notices, directory };
        process.awaits("READY=1");
        process
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// Reads notices until one says this.
    fn awaits(&self, words: &str) {
        loop {
            let mut buffer = [0u8; 4096];
            let length = self.notices.recv(&mut buffer).expect(words);
            if String::from_utf8_lossy(&buffer[..length]).lines().any(|line| line == words) {
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
