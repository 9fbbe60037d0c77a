//! Just enough HTTP for a test: one request a connection, and what came back of it.
//!
//! Must not know: what is asked.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::Value as Json;

/// A server that says nothing for so long is broken.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// Most bytes of an answer.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or(Json::Null)
    }

    /// Whether the server says that it did what was asked.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Sends a request and reads the answer to its end.
///
/// Errors: no connection, or one that ends before the answer is whole.
pub(crate) fn send(port: u16, method: &str, path: &str, body: &str) -> io::Result<Answer> {
    let kind = if path.starts_with("/v1/policies") { "text/plain" } else { "application/json" };
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes())?;
    let mut bytes = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes)?;
    whole(&String::from_utf8_lossy(&bytes)).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn whole(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let is_whole = match length {
        Some(length) => body.len() == length,
        None => status == 204 || status == 304,
    };
    is_whole.then(|| Answer { status, body: body.to_owned() })
}
