//! Addresses of all kinds.

use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::SocketAddr;

use portcullis_server::{BindOptions, ListenError, Listeners, Scope};
use tokio::net::{TcpStream, UnixStream};

use crate::client::{ask, ask_http2, connect};
use crate::responder::{Running, address};

fn on(addresses: &[&str]) -> BindOptions {
    let addresses = addresses.iter().map(|text| address(text)).collect();
    BindOptions { addresses, ..BindOptions::default() }
}

#[tokio::test]
async fn keeps_connections_of_several_addresses() {
    let mut options = on(&["localhost:0", "127.0.0.1:0"]);
    options.diagnostic_addresses = vec![address("http://127.0.0.1:0")];
    let server = Running::start(&options);
    let scopes = ["All", "All", "Diagnostics"];
    for (place, scope) in server.places.iter().zip(scopes) {
        assert!(place.starts_with("127.0.0.1:"), "{place}");
        let mut client = connect(place).await;
        let mine = client.local_addr().unwrap();
        for _ in 0..3 {
            let expected = format!("{scope} HTTP/1.1 {mine} nobody");
            assert_eq!(ask(&mut client, "/").await, (200, expected));
        }
    }
}

#[tokio::test]
async fn all_interfaces_are_of_both_families() {
    let server = Running::start(&on(&[":0"]));
    let port: u16 = server.place().rsplit_once(':').unwrap().1.parse().unwrap();
    let mut older = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (_, answer) = ask(&mut older, "/").await;
    assert!(answer.contains(" 127.0.0.1:"), "{answer}");
    if server.place().starts_with("[::]") {
        let mut newer = TcpStream::connect(("::1", port)).await.unwrap();
        let (_, answer) = ask(&mut newer, "/").await;
        assert!(answer.contains(" [::1]:"), "{answer}");
    }
}

#[tokio::test]
async fn unix_sockets() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opa.sock");
    // What a process that died has left.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let text = format!("unix://{}", path.display());
    let mut options = on(&[&text]);
    options.unix_socket_mode = 0o640;
    let mut server = Running::start(&options);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let mut client = UnixStream::connect(&path).await.unwrap();
    assert_eq!(ask(&mut client, "/").await.1, "All HTTP/1.1 @ nobody");

    let error = Listeners::bind(&options).unwrap_err();
    assert!(error.to_string().ends_with("another process answers there"), "{error}");
    server.tell_to_stop();
    server.ended().await;
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);

    fs::write(&path, "precious").unwrap();
    assert!(matches!(Listeners::bind(&options), Err(ListenError::Occupied(..))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test]
async fn abstract_sockets_have_no_file() {
    let name = format!("portcullis-test-{}", std::process::id());
    let server = Running::start(&on(&[&format!("unix://@{name}")]));
    assert_eq!(server.place(), format!("@{name}"));
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let client = std::os::unix::net::UnixStream::connect_addr(&address).unwrap();
    client.set_nonblocking(true).unwrap();
    let mut client = UnixStream::from_std(client).unwrap();
    assert_eq!(ask(&mut client, "/").await.1, "All HTTP/1.1 @ nobody");
}

#[tokio::test]
async fn http2_without_encryption_where_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let unix = format!("unix://{}", path.display());
    let options = BindOptions { h2c: true, ..on(&["127.0.0.1:0", &unix]) };
    let server = Running::start(&options);
    let client = connect(server.place()).await;
    let answer = ask_http2(client, "/").await.unwrap();
    assert!(answer.starts_with("All HTTP/2.0 127.0.0.1:"), "{answer}");
    let client = UnixStream::connect(&path).await.unwrap();
    assert_eq!(ask_http2(client, "/").await.unwrap(), "All HTTP/2.0 @ nobody");
    // The older protocol is still spoken.
    let mut client = connect(server.place()).await;
    assert!(ask(&mut client, "/").await.1.starts_with("All HTTP/1.1"));

    let server = Running::start(&on(&["127.0.0.1:0"]));
    assert!(ask_http2(connect(server.place()).await, "/").await.is_err());
}

#[tokio::test]
async fn tells_why_it_cannot_listen() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let text = taken.local_addr().unwrap().to_string();
    let message = |text: &str| Listeners::bind(&on(&[text])).unwrap_err().to_string();
    assert_eq!(message(&text), format!("cannot listen on `{text}`: the address is in use"));
    let without = "cannot listen on `https://127.0.0.1:0`: TLS needs a certificate and its key";
    assert_eq!(message("https://127.0.0.1:0"), without);
    assert!(message("nobody.invalid:80").starts_with("cannot find the host `nobody.invalid`"));
    assert!(message("unix:///nowhere/at/all.sock").starts_with("cannot listen on"));
}

#[tokio::test]
async fn says_where_it_listens() {
    let mut options = on(&["127.0.0.1:0", "unix://@portcullis-where"]);
    options.diagnostic_addresses = vec![address("[::1]:0")];
    let Ok(listeners) = Listeners::bind(&options) else { return }; // no IPv6 here
    let all = listeners.local_addresses();
    assert!(all[0].url.starts_with("http://127.0.0.1:") && !all[0].url.ends_with(":0"));
    assert_eq!((all[1].scope, all[1].url.as_str()), (Scope::All, "unix://@portcullis-where"));
    assert!(all[2].url.starts_with("http://[::1]:"));
    assert_eq!(all[2].scope, Scope::Diagnostics);
}
