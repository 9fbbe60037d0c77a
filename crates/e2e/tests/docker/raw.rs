//! Requests written byte by byte, as no client would: any head, any body, and an answer that is read
//! as far as it comes.
//!
//! Must not know: what a request is good for.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Longest silence of a daemon. Longer than it waits for a gate that is busy.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Where a connection stays open (after `101`), what comes is read for this long.
const UPGRADED_MAX: Duration = Duration::from_millis(200);

/// Most bytes of an answer that are kept.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// What a daemon answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status; 0 where the connection ended without one.
    pub(crate) status: u16,
    /// All of it, or as much as is kept.
    pub(crate) text: String,
}

impl Answer {
    /// Whether the daemon refused because a plugin said so.
    pub(crate) fn is_denied(&self) -> bool {
        self.status == 403 && self.text.contains("authorization denied by plugin")
    }
}

/// Returns a request: its first line, headers that end with CRLF each, and a body. Nothing is added
/// but a `Host`.
pub(crate) fn request(line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{line} HTTP/1.1\r\nHost: docker\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// Returns a body in one chunk.
pub(crate) fn chunked(body: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", body.len());
    [size.as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
}

/// Sends bytes on a connection of their own; returns the answer to the last request among them, if
/// there are several.
pub(crate) fn send(socket: &Path, bytes: &[u8]) -> Answer {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(SILENCE_MAX)).unwrap();
    // A daemon may answer before it has read everything; its answer still counts.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut part) {
        answer.extend_from_slice(&part[..count]);
        if answer.starts_with(b"HTTP/1.1 101") {
            stream.set_read_timeout(Some(UPGRADED_MAX)).unwrap();
        }
        if answer.len() > ANSWER_BYTES_MAX {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
    let text = String::from_utf8_lossy(&answer).into_owned();
    Answer { status: last_status(&text), text }
}

fn last_status(text: &str) -> u16 {
    let last = text.rfind("HTTP/1.").and_then(|at| text.get(at..));
    let status = last.and_then(|line| line.split(' ').nth(1));
    status.and_then(|status| status.get(..3)).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
