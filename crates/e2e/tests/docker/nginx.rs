//! A private nginx: its own configuration, folders and port, gone when the test is over.
//!
//! Must not know: what it serves.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::wait;

/// The port of the tutorial, used where it is free.
const PORT: u16 = 80;

/// It starts, or stops, in this time.
const START_MAX: Duration = Duration::from_secs(20);

/// A running nginx. Dropped, it is stopped.
pub(crate) struct Nginx {
    dir: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl Nginx {
    /// Starts one whose folders are in this one.
    pub(crate) fn start(dir: &Path) -> Self {
        let port = match TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)) {
            Ok(_) => PORT,
            Err(_) => {
                let any = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
                any.local_addr().unwrap().port()
            }
        };
        let mut nginx = Self { dir: dir.join("nginx"), port, process: None };
        fs::create_dir_all(nginx.root()).unwrap();
        nginx.begin();
        nginx
    }

    /// Its document root.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.join("html")
    }

    /// How a configuration names it; as the tutorial does, if it has the tutorial's port.
    pub(crate) fn url(&self) -> String {
        match self.port {
            PORT => "http://localhost".to_owned(),
            port => format!("http://localhost:{port}"),
        }
    }

    /// Starts it again where it has been before.
    pub(crate) fn begin(&mut self) {
        fs::write(self.dir.join("nginx.conf"), self.configuration()).unwrap();
        let process = Command::new("nginx")
            .arg("-p")
            .arg(&self.dir)
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.process = Some(process.unwrap());
        wait::until("nginx", START_MAX, || {
            let running = self.process.as_mut().unwrap().try_wait().unwrap().is_none();
            assert!(running, "nginx has ended:\n{}", self.errors());
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
        });
    }

    /// Stops it.
    pub(crate) fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // Its workers end with it only if it is asked: a killed master leaves them behind.
        let _ = Command::new("nginx")
            .arg("-p")
            .arg(&self.dir)
            .args(["-c", "nginx.conf", "-e", "error.log", "-s", "stop"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !wait::ended(&mut process, START_MAX) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// What it was asked for, a line a request.
    pub(crate) fn accesses(&self) -> String {
        fs::read_to_string(self.dir.join("access.log")).unwrap_or_default()
    }

    fn errors(&self) -> String {
        fs::read_to_string(self.dir.join("error.log")).unwrap_or_default()
    }

    fn configuration(&self) -> String {
        format!(
            "daemon off;
user root;
worker_processes 1;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 64; }}
http {{
    access_log access.log;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port};
        root html;
    }}
}}
",
            port = self.port
        )
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.stop();
    }
}
