//! The end of a server.

use std::time::{Duration, Instant};

use portcullis_server::{BindOptions, ListenLimits};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::client::{answer, ask, connect, get, rest, until};
use crate::responder::Running;

const SHORT: Duration = Duration::from_millis(300);

fn server(limits: ListenLimits) -> Running {
    Running::on_loopback(BindOptions { limits, ..BindOptions::default() })
}

#[tokio::test]
async fn requests_end_and_silent_connections_do_at_once() {
    let mut server = server(ListenLimits::default());
    let mut silent = connect(server.place()).await;
    assert_eq!(ask(&mut silent, "/").await.0, 200);
    let mut busy = connect(server.place()).await;
    busy.write_all(get("/wait").as_bytes()).await.unwrap();
    server.responder.arrived.notified().await;
    let place = server.place().to_string();
    server.tell_to_stop();
    assert!(rest(&mut silent).await.is_empty());
    until(async || TcpStream::connect(&place).await.err()).await;
    server.responder.released.add_permits(1);
    assert_eq!(answer(&mut busy).await, (200, "released".to_string()));
    assert!(rest(&mut busy).await.is_empty());
    server.ended().await;
}

#[tokio::test]
async fn requests_that_do_not_end_are_cut() {
    let mut server = server(ListenLimits { shutdown_grace: SHORT, ..Default::default() });
    let mut busy = connect(server.place()).await;
    busy.write_all(get("/wait").as_bytes()).await.unwrap();
    server.responder.arrived.notified().await;
    let began = Instant::now();
    server.tell_to_stop();
    assert!(rest(&mut busy).await.is_empty());
    assert!(began.elapsed() >= SHORT);
    server.ended().await;
}

#[tokio::test]
async fn it_goes_on_for_the_wait_period() {
    let mut server = server(ListenLimits { shutdown_wait: SHORT, ..Default::default() });
    let began = Instant::now();
    server.tell_to_stop();
    let mut client = connect(server.place()).await;
    assert_eq!(ask(&mut client, "/").await.0, 200);
    drop(client);
    server.ended().await;
    assert!(began.elapsed() >= SHORT);
}
