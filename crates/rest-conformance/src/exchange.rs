//! One request and its answer over a fresh connection: HTTP/1.1 as bytes, sent exactly as recorded.
//!
//! Must not know: what an answer means.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::error::Error;
use crate::scenario::Request;

/// Most bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Most bytes of an answer's body, as it comes and decompressed.
const BODY_BYTES_MAX: usize = 64 << 20;

/// Most interim answers (1xx) before the answer.
const INTERIM_MAX: usize = 8;

/// Bytes of a chunk that we send: small, so that a body takes several.
const CHUNK_BYTES: usize = 16;

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header fields, names in lower case, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, without chunks, decompressed where the answer says that it is compressed.
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns a header field's values, joined.
    pub fn header(&self, name: &str) -> Option<String> {
        let is_named = |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
        let values: Vec<&str> =
            self.headers.iter().filter(is_named).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// Sends a request and returns the answer.
///
/// Errors: the connection breaks or nothing comes within `limit`, or what comes is not an answer.
pub fn exchange(to: SocketAddr, request: &Request, limit: Duration) -> Result<Answer, Error> {
    let end = Instant::now() + limit;
    let mut stream = TcpStream::connect_timeout(&to, limit).map_err(Error::Connection)?;
    stream.set_nodelay(true).map_err(Error::Connection)?;
    stream.set_write_timeout(Some(limit)).map_err(Error::Connection)?;
    let bytes = request_bytes(to, request)?;
    // A server may answer and close before it has read everything: its answer counts all the same.
    let sent = stream.write_all(&bytes);
    let mut answer = match Reader::new(stream, end).answer(request.method == "HEAD") {
        Ok(answer) => answer,
        Err(error) => return Err(sent.err().map_or(error, Error::Connection)),
    };
    if answer.header("content-encoding").is_some_and(|encoding| encoding == "gzip")
        && !answer.body.is_empty()
    {
        answer.body = decompressed(&answer.body)?;
    }
    Ok(answer)
}

fn request_bytes(to: SocketAddr, request: &Request) -> Result<Vec<u8>, Error> {
    let mut bytes = format!("{} {} HTTP/1.1\r\nHost: {to}\r\n", request.method, request.path);
    for (name, value) in &request.headers {
        bytes += &format!("{name}: {value}\r\n");
    }
    let body = match (&request.body, &request.body_gzip) {
        (_, Some(text)) => Some(compressed(text.as_bytes())?),
        (Some(text), None) => Some(text.clone().into_bytes()),
        (None, None) => None,
    };
    match &body {
        Some(_) if request.chunked => bytes += "Transfer-Encoding: chunked\r\n",
        Some(body) => bytes += &format!("Content-Length: {}\r\n", body.len()),
        None => {}
    }
    bytes += "\r\n";
    let mut bytes = bytes.into_bytes();
    let body = body.unwrap_or_default();
    if !request.chunked {
        bytes.extend(body);
        return Ok(bytes);
    }
    for chunk in body.chunks(CHUNK_BYTES) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    Ok(bytes)
}

fn compressed(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(Error::Connection)
}

fn decompressed(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    let limit = BODY_BYTES_MAX as u64 + 1;
    MultiGzDecoder::new(bytes)
        .take(limit)
        .read_to_end(&mut body)
        .map_err(|_| Error::Malformed("the body is not gzip"))?;
    if body.len() > BODY_BYTES_MAX {
        Err(Error::Malformed("the body is too long"))
    } else {
        Ok(body)
    }
}

/// Reads an answer off a connection before a moment.
struct Reader {
    stream: TcpStream,
    end: Instant,
    buffer: Vec<u8>,
}

impl Reader {
    fn new(stream: TcpStream, end: Instant) -> Reader {
        Reader { stream, end, buffer: Vec::new() }
    }

    /// Reads some more; returns whether anything came before the connection's end.
    fn more(&mut self) -> Result<bool, Error> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Error::Connection(ErrorKind::TimedOut.into()));
        }
        self.stream.set_read_timeout(Some(left)).map_err(Error::Connection)?;
        let mut bytes = [0; 16 << 10];
        let count = match self.stream.read(&mut bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(ErrorKind::TimedOut.into()),
            read => read,
        };
        let count = count.map_err(Error::Connection)?;
        self.buffer.extend(bytes.iter().take(count));
        Ok(count > 0)
    }

    fn answer(&mut self, is_head: bool) -> Result<Answer, Error> {
        for _ in 0..INTERIM_MAX {
            let mut answer = parse_head(&self.head()?)?;
            if (100..200).contains(&answer.status) {
                continue;
            }
            if !is_head && answer.status != 204 && answer.status != 304 {
                answer.body = self.body(&answer)?;
            }
            return Ok(answer);
        }
        Err(Error::Malformed("too many interim answers"))
    }

    fn head(&mut self) -> Result<String, Error> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let head = self.take(end + 4);
                return String::from_utf8(head)
                    .map_err(|_| Error::Malformed("the head is not UTF-8"));
            }
            if self.buffer.len() > HEAD_BYTES_MAX {
                return Err(Error::Malformed("the head is too long"));
            }
            if !self.more()? {
                return Err(Error::Connection(ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    fn body(&mut self, answer: &Answer) -> Result<Vec<u8>, Error> {
        if answer.header("transfer-encoding").is_some_and(|c| c.eq_ignore_ascii_case("chunked")) {
            return self.chunks();
        }
        if let Some(length) = answer.header("content-length") {
            let length = length.parse().map_err(|_| Error::Malformed("no number is the length"))?;
            return self.exactly(length);
        }
        while self.more()? {
            if self.buffer.len() > BODY_BYTES_MAX {
                return Err(Error::Malformed("the body is too long"));
            }
        }
        Ok(std::mem::take(&mut self.buffer))
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>, Error> {
        if length > BODY_BYTES_MAX {
            return Err(Error::Malformed("the body is too long"));
        }
        while self.buffer.len() < length {
            if !self.more()? {
                return Err(Error::Malformed("the body is cut short"));
            }
        }
        Ok(self.take(length))
    }

    fn chunks(&mut self) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        while body.len() <= BODY_BYTES_MAX {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size =
                usize::from_str_radix(size, 16).map_err(|_| Error::Malformed("a chunk's size"))?;
            if size == 0 {
                return Ok(body);
            }
            body.extend(self.exactly(size)?);
            if self.exactly(2)? != b"\r\n" {
                return Err(Error::Malformed("a chunk's end"));
            }
        }
        Err(Error::Malformed("the body is too long"))
    }

    fn line(&mut self) -> Result<String, Error> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                let line = self.take(end + 2);
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.buffer.len() > HEAD_BYTES_MAX {
                return Err(Error::Malformed("a chunk's size"));
            }
            if !self.more()? {
                return Err(Error::Malformed("the body is cut short"));
            }
        }
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.buffer.split_off(count.min(self.buffer.len()));
        std::mem::replace(&mut self.buffer, rest)
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn parse_head(head: &str) -> Result<Answer, Error> {
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|status| status.parse().ok())
        .ok_or(Error::Malformed("the status line"))?;
    let mut headers = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or(Error::Malformed("a header field"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(Answer { status, headers, body: Vec::new() })
}
