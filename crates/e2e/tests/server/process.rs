//! A server's process: started under the name of the original, killed, told to stop.
//!
//! Must not know: what it is asked.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::http::{self, Answer};
use crate::place::binary;
use crate::wait;

/// A server may take this long to start, or to stop.
const START_MAX: Duration = Duration::from_secs(30);

/// A running server. Dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    dir: PathBuf,
    port: u16,
}

impl Server {
    /// Starts `opa run --server` with these arguments, in a directory, on a port of its own.
    pub(crate) fn start(dir: &Path, arguments: &[&str]) -> Self {
        let start = || {
            let port = free_port();
            let address = format!("127.0.0.1:{port}");
            let all = [&["run", "--server", "--addr", &address], arguments].concat();
            Self::try_start(port, dir, &all)
        };
        // Somebody else may have been given the port in the meantime.
        start().or_else(|_| start()).unwrap_or_else(|log| panic!("the server has ended:\n{log}"))
    }

    /// Starts `opa` with these arguments, all of them, and waits until it is healthy.
    pub(crate) fn start_on(port: u16, dir: &Path, arguments: &[&str]) -> Self {
        let server = Self::try_start(port, dir, arguments);
        server.unwrap_or_else(|log| panic!("the server has ended:\n{log}"))
    }

    /// Returns what was printed, if it ends by itself.
    fn try_start(port: u16, dir: &Path, arguments: &[&str]) -> Result<Self, String> {
        let log = File::options().create(true).append(true).open(dir.join("opa.log")).unwrap();
        let child = Command::new(program(dir))
            .args(arguments)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Self { child, dir: dir.to_owned(), port };
        let mut ended = false;
        wait::until("the server to be healthy", START_MAX, || {
            ended = server.child.try_wait().unwrap().is_some();
            let healthy = || http::send(port, "GET", "/health", "").is_ok_and(|a| a.status == 200);
            ended || healthy()
        });
        if ended { Err(server.log()) } else { Ok(server) }
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Asks it; fails where it does not answer.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let answer = http::send(self.port, method, path, body);
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.log()))
    }

    /// Returns what it has printed, and those before it in the same directory.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.join("opa.log")).unwrap_or_default()
    }

    /// Kills it, as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to stop; it has to end well, and soon.
    pub(crate) fn stop(mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        assert!(wait::ended(&mut self.child, START_MAX), "it does not stop:\n{}", self.log());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "it ends with {status}:\n{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts the binary into a directory under the name of the original; returns its path.
pub(crate) fn program(dir: &Path) -> PathBuf {
    let program = dir.join("opa");
    if !program.exists() {
        symlink(binary(), &program).unwrap();
    }
    program
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
