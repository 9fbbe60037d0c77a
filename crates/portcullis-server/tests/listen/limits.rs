//! Clients that are slow, many, or too talkative.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use portcullis_server::{BindOptions, ListenLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::client::{answer, ask, ask_http2, connect, get, rest, until};
use crate::responder::{BIG_BYTES, PATIENCE, Running};

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(100);

fn server(limits: ListenLimits) -> Running {
    Running::on_loopback(BindOptions { limits, ..BindOptions::default() })
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut() {
    let limits = ListenLimits { head_timeout: SHORT, idle_timeout: LONG, ..Default::default() };
    let server = server(limits);
    for first in ["", "GET / HT"] {
        let began = Instant::now();
        let mut client = connect(server.place()).await;
        client.write_all(first.as_bytes()).await.unwrap();
        rest(&mut client).await;
        assert!(began.elapsed() >= SHORT, "{first}");
    }
    // Drop by drop, on a connection that was good before.
    let mut client = connect(server.place()).await;
    assert_eq!(ask(&mut client, "/").await.0, 200);
    client.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    let (mut reader, mut writer) = client.into_split();
    let drip = async move {
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    tokio::select! {
        _ = rest(&mut reader) => {}
        () = drip => {}
    }
}

#[tokio::test]
async fn a_kept_connection_may_be_silent_for_longer_than_a_head() {
    let limits =
        ListenLimits { head_timeout: SHORT, idle_timeout: SHORT * 5, ..Default::default() };
    let server = server(limits);
    let mut client = connect(server.place()).await;
    assert_eq!(ask(&mut client, "/").await.0, 200);
    tokio::time::sleep(SHORT * 3).await;
    assert_eq!(ask(&mut client, "/").await.0, 200);
    let silent = Instant::now();
    rest(&mut client).await;
    assert!(silent.elapsed() >= SHORT * 4);
}

#[tokio::test]
async fn an_answer_may_take_longer_than_any_head() {
    let limits = ListenLimits { head_timeout: SHORT, idle_timeout: SHORT, ..Default::default() };
    let server = server(limits);
    let mut client = connect(server.place()).await;
    client.write_all(get("/wait").as_bytes()).await.unwrap();
    server.responder.arrived.notified().await;
    tokio::time::sleep(SHORT * 4).await;
    server.responder.released.add_permits(1);
    assert_eq!(answer(&mut client).await, (200, "released".to_string()));
}

#[tokio::test]
async fn who_takes_no_answer_is_cut() {
    let limits = ListenLimits { head_timeout: SHORT, idle_timeout: SHORT, ..Default::default() };
    let server = server(limits);
    let mut client = connect(server.place()).await;
    client.write_all(get("/big").as_bytes()).await.unwrap();
    tokio::time::sleep(SHORT * 5).await;
    assert!(rest(&mut client).await.len() < BIG_BYTES);
    // Who takes it slowly gets it.
    let mut client = connect(server.place()).await;
    client.write_all(get("/big").as_bytes()).await.unwrap();
    let mut taken = 0;
    let mut buffer = vec![0; 8 << 20];
    while taken < BIG_BYTES {
        tokio::time::sleep(SHORT / 8).await;
        let read = timeout(PATIENCE, client.read(&mut buffer)).await.unwrap().unwrap();
        assert!(read > 0, "cut after {taken} bytes");
        taken += read;
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = server(ListenLimits::default());
    let mut client = connect(server.place()).await;
    let head = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let _ = client.write_all(head.as_bytes()).await; // it may be cut while it writes
    let answer = String::from_utf8_lossy(&rest(&mut client).await).into_owned();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let mut client = connect(server.place()).await;
    let head = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(60 << 10));
    client.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(crate::client::answer(&mut client).await.0, 200);
}

#[tokio::test]
async fn further_clients_wait_for_room() {
    let limits = ListenLimits { connections_max: 2, ..Default::default() };
    let server = server(limits);
    let mut first = connect(server.place()).await;
    let mut second = connect(server.place()).await;
    assert_eq!(ask(&mut first, "/").await.0, 200);
    assert_eq!(ask(&mut second, "/").await.0, 200);
    let mut third = connect(server.place()).await;
    third.write_all(get("/").as_bytes()).await.unwrap();
    assert!(timeout(SHORT, third.read_u8()).await.is_err(), "served beyond the limit");
    drop(first);
    assert_eq!(answer(&mut third).await.0, 200);
}

#[tokio::test]
async fn clients_that_go_away_are_counted() {
    let options = BindOptions { h2c: true, ..Default::default() };
    let server = Running::on_loopback(options);
    let mut client = connect(server.place()).await;
    client.write_all(get("/wait").as_bytes()).await.unwrap();
    server.responder.arrived.notified().await;
    drop(client);
    timeout(PATIENCE, server.responder.gone.notified()).await.unwrap();
    assert_eq!(server.responder.cancelled.load(Ordering::SeqCst), 1);

    let client = tokio::spawn(ask_http2(connect(server.place()).await, "/wait"));
    server.responder.arrived.notified().await;
    client.abort();
    until(async || (server.responder.cancelled.load(Ordering::SeqCst) == 2).then_some(())).await;
}

#[tokio::test]
async fn noise_is_no_request() {
    let server = Running::on_loopback(BindOptions { h2c: true, ..Default::default() });
    for noise in [
        &b"\0\x01\x02\xff\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        b"\r\n\r\n\r\nq q q q\r\n\r\n",
    ] {
        let mut client = connect(server.place()).await;
        client.write_all(noise).await.unwrap();
        client.shutdown().await.unwrap();
        let _ = rest(&mut client).await;
    }
    assert_eq!(ask(&mut connect(server.place()).await, "/").await.0, 200);
}
