//! The gate on its socket: how long a client waits for a decision, and what memory the gate takes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::failure::{Failure, Outcome};
use crate::load::rss_kib;
use crate::workload::{Scratch, shared};

/// Requests before the clock starts.
const WARM_UP: usize = 200;

/// How long the gate may take to open its socket.
const START_MAX: Duration = Duration::from_secs(10);

/// What to send, and to which program.
pub(crate) struct Options {
    count: usize,
    binary: Option<PathBuf>,
    /// Which of the embedded policies decide; a policy of one rule without.
    profile: Option<String>,
}

impl Options {
    /// Reads the command line.
    pub(crate) fn parse(words: &[&str]) -> Option<Self> {
        let mut options = Options { count: 5000, binary: None, profile: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--count" => options.count = words.next()?.parse().ok()?,
                "--binary" => options.binary = Some((*words.next()?).into()),
                "--profile" => options.profile = Some((*words.next()?).to_owned()),
                _ => return None,
            }
        }
        Some(options)
    }
}

/// How long the gate gets after its start, to give back what it needed for it.
const START_SETTLES: Duration = Duration::from_millis(500);

/// Starts the gate, sends requests over one connection, prints percentiles and what memory is
/// resident before and after.
pub(crate) fn run(options: &Options) -> Outcome<()> {
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => std::env::current_exe()?.with_file_name("portcullis"),
    };
    let scratch = Scratch::new("gate")?;
    let socket = scratch.path().join("gate.sock");
    let gate = Gate::start(&binary, &socket, options.profile.as_deref())?;
    std::thread::sleep(START_SETTLES);
    let started = gate.resident()?;
    let mut client = Client::connect(&socket, options.profile.is_some())?;
    writeln!(io::stdout(), "| request | p50 | p95 | p99 |\n|---|---:|---:|---:|")?;
    for (name, body, count) in requests(options.count)? {
        let times = client.measure(&body, count)?;
        let at = |percent: usize| micros(&times, percent);
        writeln!(io::stdout(), "| {name} | {} | {} | {} |", at(50), at(95), at(99))?;
    }
    let loaded = gate.resident()?;
    writeln!(io::stdout(), "\nresident: {started:.1} MiB after the start, {loaded:.1} MiB now")?;
    Ok(())
}

/// Returns name, body and number of each sort of request.
fn requests(count: usize) -> Outcome<Vec<(&'static str, String, usize)>> {
    let create = recorded("POST", "/containers/create")?;
    let list = recorded("GET", "/containers/json")?;
    let big = padded(&create, 900 << 10)?;
    Ok(vec![
        ("GET /containers/json", list.to_string(), count),
        ("POST /containers/create", create.to_string(), count),
        ("POST /containers/create, 900 KB", big.to_string(), count.min(300)),
    ])
}

/// Returns the first recorded request of this method and path.
fn recorded(method: &str, path: &str) -> Outcome<Json> {
    let file = shared().join("docker/requests.jsonl");
    let lines = BufReader::new(File::open(&file)?).lines();
    for line in lines {
        let mut entry: Json = serde_json::from_str(&line?)?;
        let request = entry.get_mut("request").map(Json::take).unwrap_or_default();
        let text = |key: &str| request.get(key).and_then(Json::as_str).unwrap_or_default();
        let is_asked = entry.get("call").and_then(Json::as_str) == Some("AuthZReq");
        if is_asked && text("RequestMethod") == method && text("RequestUri").contains(path) {
            return Ok(request);
        }
    }
    Err(Failure(format!("{}: no {method} {path}", file.display())))
}

/// Returns the request with a body of about this length, most of it one label. The parts are in
/// base64 already; each decodes on its own because its length is a multiple of three.
fn padded(request: &Json, bytes: usize) -> Outcome<Json> {
    let head = "eyAgIkltYWdlIjoiYmIiLCJMYWJlbHMiOnsicGFkIjoi"; // {  "Image":"bb","Labels":{"pad":"
    let fill = "YWFh".repeat(bytes / 3); // aaa
    let tail = "In19"; // "}}
    let mut request = request.clone();
    let body = request.get_mut("RequestBody").ok_or("the recorded create has no body")?;
    *body = Json::String(format!("{head}{fill}{tail}"));
    Ok(request)
}

/// A running gate, ended with its owner.
struct Gate(Child);

impl Gate {
    fn start(binary: &Path, socket: &Path, profile: Option<&str>) -> Outcome<Self> {
        let mut command = Command::new(binary);
        command.arg("docker-authz");
        match profile {
            Some(profile) => command.arg("--profile").arg(profile),
            None => {
                let policy = "seeds/policies/000_authz_deny_privileged.rego";
                command.arg("--policy-file").arg(shared().join(policy))
            }
        };
        let child = command
            .arg("--socket")
            .arg(socket)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("{}: {e}", binary.display()))?;
        let gate = Gate(child);
        let start = Instant::now();
        while UnixStream::connect(socket).is_err() {
            if start.elapsed() > START_MAX {
                return Err(Failure(format!("{} opened no socket", binary.display())));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(gate)
    }

    /// Returns how much of its memory is resident, in MiB.
    fn resident(&self) -> Outcome<f64> {
        Ok(rss_kib(&self.0.id().to_string())? as f64 / 1024.0)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One connection that is kept open, as dockerd keeps its own.
struct Client {
    stream: BufReader<UnixStream>,
    /// Whether a refusal will do: a strict profile's answer to what is asked.
    takes_refusals: bool,
}

impl Client {
    fn connect(socket: &Path, takes_refusals: bool) -> Outcome<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self { stream: BufReader::new(stream), takes_refusals })
    }

    /// Returns the sorted times of this many requests.
    fn measure(&mut self, body: &str, count: usize) -> Outcome<Vec<Duration>> {
        let request = format!(
            "POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost: \r\n\
             Accept: application/vnd.docker.plugins.v1.2+json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        for _ in 0..WARM_UP.min(count) {
            self.ask(&request)?;
        }
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let start = Instant::now();
            self.ask(&request)?;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        Ok(times)
    }

    /// Sends a request and reads the answer, which must be a decision.
    fn ask(&mut self, request: &str) -> Outcome<()> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(Failure("the gate closed the connection".to_owned()));
            }
            let header = line.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(number) = header.strip_prefix("content-length:") {
                length = number.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let answer: Json = serde_json::from_slice(&body)?;
        match answer.get("Allow").and_then(Json::as_bool) {
            Some(true) => Ok(()),
            Some(false) if self.takes_refusals => Ok(()),
            _ => Err(Failure(format!("the answer is {answer}"))),
        }
    }
}

fn micros(sorted: &[Duration], percent: usize) -> String {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    let time = sorted.get(index).copied().unwrap_or_default();
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}
