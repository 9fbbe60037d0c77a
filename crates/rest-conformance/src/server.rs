//! A server's process: its folder, its start, what it writes, its end.
//!
//! Must not know: what it is asked.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Component, Path};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::error::Error;
use crate::scenario::Setup;

/// Longest wait for a server to listen.
const START_LIMIT: Duration = Duration::from_secs(10);

/// Longest wait for a server to end by itself once it was told to.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// Time between two looks at a process.
const LOOK: Duration = Duration::from_millis(5);

/// Most starts of a server: its port may be taken between being found and being used.
const STARTS_MAX: usize = 2;

/// Most tries at a port that no server of this run was given before.
const PORT_TRIES: usize = 100;

/// Longest line of a server that is kept whole.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// Most bytes of a server's lines that are kept.
const OUTPUT_BYTES_MAX: usize = 16 << 20;

/// Lines of a server that failed which its error shows.
const LAST_WORDS: usize = 4;

/// A running server. Dropped, it is killed.
pub struct Server {
    child: Child,
    address: SocketAddr,
    output: Arc<Mutex<Output>>,
    readers: Vec<JoinHandle<()>>,
    // Last, so that the folder outlives the process.
    _folder: TempDir,
}

#[derive(Default)]
struct Output {
    lines: Vec<String>,
    bytes: usize,
}

/// What a server left.
pub struct Ended {
    /// The lines of its log that are JSON objects.
    pub log: Vec<Value>,
    /// Whether it ended by itself once it was told to.
    pub in_time: bool,
}

impl Server {
    /// Starts the binary as `opa run --server` in a fresh folder and waits until it listens.
    ///
    /// Errors: the folder cannot be made, the process does not start, ends, or does not listen in
    /// time.
    pub fn start(binary: &Path, setup: &Setup) -> Result<Server, Error> {
        let mut tries = 1;
        loop {
            match Server::start_once(binary, setup) {
                Err(Error::Ended(_)) if tries < STARTS_MAX => tries += 1,
                result => return result,
            }
        }
    }

    fn start_once(binary: &Path, setup: &Setup) -> Result<Server, Error> {
        let folder = TempDir::new().map_err(Error::Start)?;
        let command = prepare(folder.path(), binary, setup)?;
        let alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut command, address) = with_address(command)?;
        let mut child = command.spawn().map_err(Error::Start)?;
        drop(alone);
        let output = Arc::new(Mutex::new(Output::default()));
        let mut readers = Vec::new();
        if let Some(stream) = child.stdout.take() {
            readers.push(read_lines(stream, &output));
        }
        if let Some(stream) = child.stderr.take() {
            readers.push(read_lines(stream, &output));
        }
        let mut server = Server { child, address, output, readers, _folder: folder };
        server.wait_until_it_listens()?;
        Ok(server)
    }

    fn wait_until_it_listens(&mut self) -> Result<(), Error> {
        let end = Instant::now() + START_LIMIT;
        while Instant::now() < end {
            // While nobody listens there, the system may give a caller that very port, and connect it
            // to itself: then the server finds its port taken, ends, and gets another.
            let called = TcpStream::connect_timeout(&self.address, START_LIMIT);
            if called.and_then(|stream| stream.local_addr()).is_ok_and(|own| own != self.address) {
                return Ok(());
            }
            if self.child.try_wait().map_err(Error::Start)?.is_some() {
                self.read_to_end();
                return Err(Error::Ended(self.last_words()));
            }
            thread::sleep(LOOK);
        }
        Err(Error::Deaf(self.last_words()))
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the lines of its log so far that are JSON objects.
    pub fn log(&self) -> Vec<Value> {
        let lines = self.lines();
        let values = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        values.filter(Value::is_object).collect()
    }

    /// Tells it to end, waits, kills it where that takes too long, and reads what it still wrote.
    pub fn stop(mut self) -> Ended {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let told = pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
        let end = Instant::now() + STOP_LIMIT;
        let mut in_time = false;
        while told && !in_time && Instant::now() < end {
            in_time = !matches!(self.child.try_wait(), Ok(None));
            if !in_time {
                thread::sleep(LOOK);
            }
        }
        self.read_to_end();
        Ended { log: self.log(), in_time }
    }

    fn read_to_end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }

    fn lines(&self) -> Vec<String> {
        self.output.lock().map(|output| output.lines.clone()).unwrap_or_default()
    }

    fn last_words(&self) -> String {
        let lines = self.lines();
        let last = lines.len().saturating_sub(LAST_WORDS);
        lines.get(last..).unwrap_or_default().join(" | ")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.read_to_end();
    }
}

/// Fills the folder and returns the command without its address.
fn prepare(folder: &Path, binary: &Path, setup: &Setup) -> Result<Command, Error> {
    let work = folder.join("work");
    fs::create_dir(&work).map_err(Error::of_file(&work))?;
    for (name, text) in &setup.files {
        let is_below = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if !Path::new(name).components().all(is_below) {
            return Err(Error::Outside(name.clone()));
        }
        let path = work.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(Error::of_file(parent))?;
        }
        fs::write(&path, text).map_err(Error::of_file(&path))?;
    }
    let binary = binary.canonicalize().map_err(Error::of_file(binary))?;
    let called = folder.join("opa");
    symlink(&binary, &called).map_err(Error::of_file(&called))?;
    let mut command = Command::new(&called);
    command.current_dir(&work).env_clear().stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.args(["run", "--server", "--log-level", "info", "--log-format", "json"]);
    command.args(setup.flags.iter().map(|flag| match flag.as_str() {
        "--v0" => "--v0-compatible",
        flag => flag,
    }));
    if let Some(config) = &setup.config {
        let path = folder.join("config.json");
        let text = config.to_string().replace("<dir>", &work.to_string_lossy());
        fs::write(&path, text).map_err(Error::of_file(&path))?;
        command.arg("--config-file").arg(path);
    }
    command.args(&setup.paths);
    Ok(command)
}

/// Ports that servers of this run were given. Each is given once: a server that cannot have its port
/// must not be taken for another one that has it.
static PORTS_GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// Held while a server is started. A process that another thread starts has all that is open here until it
/// runs its program: it would listen on the port that is being looked for.
static STARTING: Mutex<()> = Mutex::new(());

/// Adds the address of a port that is free now.
fn with_address(mut command: Command) -> Result<(Command, SocketAddr), Error> {
    for _ in 0..PORT_TRIES {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::Start)?;
        let address = listener.local_addr().map_err(Error::Start)?;
        if PORTS_GIVEN.lock().is_ok_and(|mut given| given.insert(address.port())) {
            command.arg(format!("--addr={address}"));
            return Ok((command, address));
        }
    }
    Err(Error::Start(ErrorKind::AddrInUse.into()))
}

/// Reads lines until the stream's end. Once there are too many bytes, they are read and dropped, so
/// that the server never waits for us.
fn read_lines(stream: impl Read + Send + 'static, to: &Arc<Mutex<Output>>) -> JoinHandle<()> {
    let to = Arc::clone(to);
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        loop {
            let mut line = Vec::new();
            match stream.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
                Ok(count) if count > 0 => {}
                _ => return,
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let Ok(mut output) = to.lock() else { return };
            if output.bytes + line.len() <= OUTPUT_BYTES_MAX {
                output.bytes += line.len();
                output.lines.push(line);
            }
        }
    })
}
