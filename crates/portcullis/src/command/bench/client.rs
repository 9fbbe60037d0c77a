//! A client that asks one server on this machine, one request after the other: as little as stands
//! between the clock and the server.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rego::Value;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longest line of an answer's head, and most of them.
const HEAD_LINE_BYTES_MAX: u64 = 16 << 10;
const HEAD_LINES_MAX: usize = 256;

/// Largest answer, in bytes.
const BODY_BYTES_MAX: u64 = 1 << 30;

/// A connection that stays open.
pub(super) struct Client {
    host: String,
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects to a server such as `http://127.0.0.1:8181`.
    pub(super) fn connect(url: &str) -> Result<Self> {
        let host = url.strip_prefix("http://").context("the server does not speak plain HTTP")?;
        let host = host.trim_end_matches('/').to_string();
        let stream = TcpStream::connect(&host).context("the server cannot be reached")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { host, stream: BufReader::new(stream) })
    }

    /// Sends a JSON body, and returns the JSON of the answer.
    ///
    /// Errors: a server that does not answer, or not with 200.
    pub(super) fn post(&mut self, path: &str, body: &[u8]) -> Result<Value> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        let request = [head.as_bytes(), body].concat();
        self.stream.get_mut().write_all(&request).context("the server has gone")?;
        let (status, len) = self.head()?;
        if len > BODY_BYTES_MAX {
            bail!("an answer of more than {BODY_BYTES_MAX} bytes");
        }
        let mut answer = Vec::new();
        self.stream.by_ref().take(len).read_to_end(&mut answer)?;
        if answer.len() as u64 != len {
            bail!("the server has gone");
        }
        let value = Value::from_json(&answer).context("the answer is no JSON")?;
        if status != 200 {
            let message = value.get_path(&["message"]).and_then(Value::as_str).unwrap_or_default();
            bail!("request failed, server replied with HTTP {status}: {message}");
        }
        Ok(value)
    }

    /// Reads the head of an answer: its status, and the length of what follows.
    fn head(&mut self) -> Result<(u16, u64)> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.context("the answer is no HTTP")?;
        let mut len = None;
        for _ in 0..HEAD_LINES_MAX {
            let line = self.line()?;
            if line.is_empty() {
                return Ok((status, len.context("the answer does not say its length")?));
            }
            let field = line
                .split_once(':')
                .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            len = field.and_then(|(_, value)| value.trim().parse().ok()).or(len);
        }
        bail!("the head of the answer does not end")
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.by_ref().take(HEAD_LINE_BYTES_MAX).read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_string()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
