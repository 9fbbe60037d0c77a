//! Reads what was recorded: JSON lines, one call each.
//!
//! Must not know: who recorded it, policies.

use std::fmt;
use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde_json::Value as Json;

use crate::wire::Call;

/// Longest line, in bytes: a message of the largest size, with room for what stands around it.
pub const LINE_BYTES_MAX: u64 = 64 << 20;

/// A call that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number; the number of its line where it has none.
    pub seq: u64,
    /// What was asked about.
    pub call: Call,
    /// The message as the daemon sent it, but without the secrets that were hidden; nothing where there
    /// was no room for it.
    pub message: Option<Vec<u8>>,
}

/// Why records cannot be read.
#[derive(Debug)]
pub enum RecordError {
    /// The system says so.
    Io(io::Error),
    /// A line, counted from 1, is not a record: why.
    Line(u64, String),
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Line(number, why) => write!(f, "line {number} is not a record: {why}"),
        }
    }
}

impl std::error::Error for RecordError {}

#[derive(Deserialize)]
struct Line {
    seq: Option<u64>,
    call: String,
    #[serde(default)]
    request: Option<Json>,
}

/// Reads records one after the other; ends after the first that cannot be read.
pub struct Records<R> {
    reader: R,
    line: Vec<u8>,
    number: u64,
    has_failed: bool,
}

impl<R: BufRead> Records<R> {
    /// Returns the records of a text.
    pub fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), number: 0, has_failed: false }
    }

    /// Reads a line; nothing at the end.
    fn read(&mut self) -> Result<Option<Record>, RecordError> {
        loop {
            self.line.clear();
            self.number += 1;
            let mut bounded = self.reader.by_ref().take(LINE_BYTES_MAX);
            let read = bounded.read_until(b'\n', &mut self.line).map_err(RecordError::Io)?;
            if read == 0 {
                return Ok(None);
            }
            let fault = |why: String| RecordError::Line(self.number, why);
            if read as u64 == LINE_BYTES_MAX {
                return Err(fault(format!("it is longer than {LINE_BYTES_MAX} bytes")));
            }
            if self.line.trim_ascii().is_empty() {
                continue;
            }
            let line: Line =
                serde_json::from_slice(&self.line).map_err(|error| fault(error.to_string()))?;
            let call = match line.call.as_str() {
                "AuthZReq" => Call::Request,
                "AuthZRes" => Call::Response,
                other => return Err(fault(format!("no call is `{}`", other.escape_debug()))),
            };
            let message = line.request.map(|request| request.to_string().into_bytes());
            return Ok(Some(Record { seq: line.seq.unwrap_or(self.number), call, message }));
        }
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<Record, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let read = self.read();
        self.has_failed = read.is_err();
        read.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines_and_says_which_is_none() {
        let text = r#"{"seq":7,"call":"AuthZReq","request":{"RequestMethod":"GET"},"cmd":"x"}

{"call":"AuthZRes","notes":"left out"}
{"call":"AuthZReq"
{"call":"AuthZRes"}
"#;
        let mut records = Records::new(text.as_bytes());
        let first = records.next().unwrap().unwrap();
        assert_eq!((first.seq, first.call), (7, Call::Request));
        assert_eq!(first.message.unwrap(), br#"{"RequestMethod":"GET"}"#);
        let second = records.next().unwrap().unwrap();
        assert_eq!((second.seq, second.call, second.message), (3, Call::Response, None));
        let error = records.next().unwrap().unwrap_err().to_string();
        assert!(error.starts_with("line 4 is not a record"), "{error}");
        assert!(records.next().is_none());
        for line in ["[]", "{}", r#"{"call":"x"}"#, r#"{"call":"AuthZReq","seq":-1}"#] {
            assert!(Records::new(line.as_bytes()).next().unwrap().is_err(), "{line}");
        }
    }
}
