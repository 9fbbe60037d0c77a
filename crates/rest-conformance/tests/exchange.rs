//! Requests as they go over the wire, answers as they come back; servers that misbehave.
#![cfg(test)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rest_conformance::error::Error;
use rest_conformance::exchange::{Answer, exchange};
use rest_conformance::scenario::Request;

const LIMIT: Duration = Duration::from_secs(5);

/// Answers one connection with the bytes once a request's last bytes are there; returns what came.
fn server(request_end: &'static [u8], answer: Vec<u8>) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut came = Vec::new();
        let mut byte = [0];
        while !came.ends_with(request_end) && stream.read(&mut byte).unwrap() > 0 {
            came.extend(byte);
        }
        stream.write_all(&answer).unwrap();
        came
    });
    (address, thread)
}

fn request(method: &str) -> Request {
    Request { method: method.to_owned(), path: "/v1/data/a%2Fb?x".to_owned(), ..Request::default() }
}

fn asked(request: &Request, end: &'static [u8]) -> String {
    let (address, thread) = server(end, b"HTTP/1.1 204 No Content\r\n\r\n".to_vec());
    exchange(address, request, LIMIT).unwrap();
    let came = String::from_utf8_lossy(&thread.join().unwrap()).into_owned();
    came.replace(&address.to_string(), "HOST").replace("\r\n", "\n")
}

fn answered(method: &str, answer: &[u8]) -> Result<Answer, Error> {
    let (address, thread) = server(b"\r\n\r\n", answer.to_vec());
    let answer = exchange(address, &request(method), LIMIT);
    thread.join().unwrap();
    answer
}

#[test]
fn nothing_is_sent_that_was_not_recorded() {
    assert_eq!(
        asked(&request("POST"), b"\r\n\r\n"),
        "POST /v1/data/a%2Fb?x HTTP/1.1\nHost: HOST\n\n"
    );
    let mut put = request("PUT");
    put.headers.insert("x-Pass".to_owned(), "open".to_owned());
    put.body = Some("é".to_owned());
    let head = "PUT /v1/data/a%2Fb?x HTTP/1.1\nHost: HOST\nx-Pass: open\n";
    assert_eq!(asked(&put, "é".as_bytes()), format!("{head}Content-Length: 2\n\né"));
    put.body = Some("0123456789abcdefX".to_owned());
    put.chunked = true;
    let chunks = "Transfer-Encoding: chunked\n\n10\n0123456789abcdef\n1\nX\n0\n\n";
    assert_eq!(asked(&put, b"0\r\n\r\n"), format!("{head}{chunks}"));
}

#[test]
fn answers_by_length_in_chunks_and_to_the_end() {
    for (answer, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab rest", "ab"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            "abc",
        ),
        ("HTTP/1.1 200 OK\r\n\r\nabc", "abc"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", "a"),
    ] {
        let got = answered("GET", answer.as_bytes()).unwrap();
        assert_eq!((got.status, String::from_utf8_lossy(&got.body).as_ref()), (200, body));
    }
    let head =
        answered("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nVary: a\r\nvary: b\r\n\r\n");
    let head = head.unwrap();
    assert!(head.body.is_empty());
    assert_eq!(head.header("Vary").as_deref(), Some("a, b"));
}

#[test]
fn gzip_is_taken_off() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(b"hello").unwrap();
    let gzip = gzip.finish().unwrap();
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        gzip.len()
    )
    .into_bytes();
    answer.extend(gzip);
    assert_eq!(answered("GET", &answer).unwrap().body, b"hello");
    let torn =
        answered("GET", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx");
    assert!(matches!(torn, Err(Error::Malformed(_))));
}

#[test]
fn what_is_no_answer_is_an_error() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\na",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"",
    ] {
        let text = String::from_utf8_lossy(answer);
        assert!(answered("GET", answer).is_err(), "{text}");
    }
}

#[test]
fn silence_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = exchange(address, &request("GET"), Duration::from_millis(50));
    assert!(matches!(answer, Err(Error::Connection(_))), "{answer:?}");
}
