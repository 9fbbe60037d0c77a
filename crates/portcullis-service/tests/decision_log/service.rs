//! Uploads over HTTP, to a server on the loopback.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use portcullis_remote::{ClientOptions, Service, ServiceConfig};
use portcullis_service::decision_log::{DecisionLogger, ServiceUpload};
use rego::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Handle;

use super::support::{Seen, config, event, no_policy, options};

/// Answers one request a connection with a status line; returns head and body of each.
async fn serve(listener: TcpListener, statuses: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut requests = Vec::new();
    for status in statuses {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        let (head, length) = loop {
            stream.read_buf(&mut bytes).await.unwrap();
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            if let Some(end) = text.find("\r\n\r\n") {
                let length = text.split("content-length: ").nth(1).unwrap();
                let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
                break (text[..end].to_string(), end + 4 + length);
            }
        };
        while bytes.len() < length {
            stream.read_buf(&mut bytes).await.unwrap();
        }
        let body = bytes.split_off(head.len() + 4);
        requests.push((head, body));
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    requests
}

#[tokio::test]
async fn posts_compressed_arrays_and_takes_any_success() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/base", listener.local_addr().unwrap());
    let served = tokio::spawn(serve(listener, &["500 Internal Server Error", "204 No Content"]));
    let config_of = ServiceConfig { url, ..ServiceConfig::default() };
    let service = Service::new("s", &config_of, &BTreeMap::new(), &ClientOptions::new("test"));
    let seen = Arc::new(Seen::default());
    let mut options = options(config(), &seen);
    options.upload = Some(Arc::new(ServiceUpload::new(Arc::new(service.unwrap()), "/logs/x")));
    let logger = DecisionLogger::start(options, &Handle::current()).unwrap();
    logger.log(no_policy(), event(1, "text"));
    let error = logger.flush().await.unwrap_err().to_string();
    assert_eq!(error, "log upload failed, server replied with HTTP 500 Internal Server Error");
    assert_eq!(logger.status().get_path(&["http_code"]), Some(&Value::from(500)));
    logger.flush().await.unwrap();

    let requests = served.await.unwrap();
    assert_eq!(requests[0].1, requests[1].1, "the same chunk again");
    let (head, body) = &requests[1];
    assert!(head.starts_with("post /base/logs/x http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&**body).read_to_string(&mut text).unwrap();
    let events = Value::from_json(text.as_bytes()).unwrap();
    assert_eq!(events.as_array().map(<[_]>::len), Some(1));
    assert!(logger.flush().await.is_ok(), "nothing is left to send");

    // Nobody listens any more.
    logger.log(no_policy(), event(2, "text"));
    let error = logger.flush().await.unwrap_err().to_string();
    assert!(error.starts_with("log upload failed: cannot connect to"), "{error}");
}
