//! Takes down what the daemon asks, as JSON lines that can be replayed; beside a gate, or as a
//! plugin of its own that allows everything.
//!
//! Must not know: policies, sockets.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use portcullis_service::decision_log::DecisionLog;
use portcullis_service::timestamp::rfc3339_nanos;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::gate::Secrets;
use crate::plugin::{Plugin, Unread};
use crate::redact::redact;
use crate::rotate::{RotatingFile, Rotation};
use crate::wire::{Answer, Call};

/// Most bytes of a file of records, unless told otherwise.
pub const RECORD_BYTES_MAX: u64 = 64 << 20;

/// How many files of records are kept, unless told otherwise.
pub const RECORD_FILES: u32 = 4;

/// What a line of a record begins with.
const LINE_START: &str = "{\"seq\":";

/// What is taken down, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordOptions {
    /// The file.
    pub path: PathBuf,
    /// How much of it is kept.
    pub rotation: Rotation,
    /// Whether secrets are taken down.
    pub secrets: Secrets,
}

/// A call that was heard.
struct Heard {
    seq: u64,
    call: Call,
    at: SystemTime,
    /// The bytes of the message; none where there was no room for them.
    message: Option<Vec<u8>>,
}

/// One line of a record.
#[derive(Serialize)]
struct Line {
    seq: u64,
    call: &'static str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Map<String, Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'static str>,
}

/// Takes down calls. Never waits, never fails: what does not fit is counted, and told of.
pub struct Recording {
    seq: AtomicU64,
    log: DecisionLog<Heard>,
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("seq", &self.seq).finish_non_exhaustive()
    }
}

impl Recording {
    /// Begins to record into a file, behind what it holds.
    ///
    /// Errors: the file cannot be opened or read, or the system gives no thread.
    pub fn open(options: &RecordOptions) -> io::Result<Self> {
        let last = last_seq(&options.path)?;
        let file = RotatingFile::open(&options.path, options.rotation)?;
        Self::start(Box::new(file), options.secrets, last)
    }

    /// Begins to record into any output; `last` is the number of the last call there.
    ///
    /// Errors: the system gives no thread.
    pub fn start(output: Box<dyn Write + Send>, secrets: Secrets, last: u64) -> io::Result<Self> {
        let encode = move |heard: &Heard, line: &mut String| write_line(heard, secrets, line);
        let log = DecisionLog::start(output, Box::new(encode))?;
        Ok(Self { seq: AtomicU64::new(last), log })
    }

    /// Takes down a call.
    pub fn take(&self, call: Call, message: &[u8]) {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let weight = message.len();
        let heard = Heard { seq, call, at: SystemTime::now(), message: Some(message.to_vec()) };
        self.log.submit(heard, weight, |heard| Heard { message: None, ..heard });
    }
}

/// Returns the number of the last call in a file of records; 0 where there is none.
fn last_seq(path: &Path) -> io::Result<u64> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        other => other?,
    };
    let mut last = 0;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = line.strip_prefix(LINE_START.as_bytes()).unwrap_or_default();
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).copied().collect();
        let number = String::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        last = last.max(number.unwrap_or(0));
        line.clear();
    }
    Ok(last)
}

fn write_line(heard: &Heard, secrets: Secrets, line: &mut String) {
    let message = heard.message.as_deref().map(serde_json::from_slice::<Json>);
    let (request, notes) = match message {
        Some(Ok(Json::Object(mut message))) => {
            if secrets == Secrets::Masked {
                redact(&mut message);
            }
            (Some(message), None)
        }
        Some(_) => (None, Some("not a JSON object")),
        None => (None, Some("left out: too much was waiting to be written")),
    };
    let at = rfc3339_nanos(heard.at);
    let record = Line { seq: heard.seq, call: heard.call.name(), at, request, notes };
    // Cannot fail: texts, numbers, and JSON that was read.
    line.push_str(&serde_json::to_string(&record).unwrap_or_default());
}

/// A plugin that allows everything and takes it down.
pub struct Recorder {
    recording: Recording,
}

impl Recorder {
    /// Returns a plugin that records.
    pub fn new(recording: Recording) -> Self {
        Self { recording }
    }
}

impl Plugin for Recorder {
    fn answer(&self, call: Call, bytes: Vec<u8>) -> Answer {
        self.recording.take(call, &bytes);
        Answer::allowed()
    }

    fn answer_unread(&self, _call: Call, fault: Unread) -> Answer {
        tracing::warn!("not recorded, and allowed: {}", fault.reason);
        Answer::allowed()
    }

    fn wants_responses(&self) -> bool {
        true
    }
}
