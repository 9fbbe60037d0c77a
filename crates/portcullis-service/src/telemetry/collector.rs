//! The way to an OpenTelemetry collector: OTLP messages over gRPC or HTTP, with TLS.
//!
//! gRPC's unary call is a length in front of the message and a status in the trailers, so one HTTP
//! client serves both. Must not know: what is in a message.

use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Limited};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE};
use reqwest::{Certificate, Client, ClientBuilder, Identity};

use super::TelemetryError;
use super::options::{Encryption, GRPC_ADDRESS, HTTP_ADDRESS, Protocol, Target, option};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Most bytes of a collector's answer that are read.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Most bytes of a file with certificates or a key.
const PEM_BYTES_MAX: u64 = 4 << 20;

/// Wait before the first repetition of an export; it doubles from one to the next.
const RETRY_FIRST: Duration = Duration::from_millis(500);

/// Longest wait before a repetition, whatever the collector asks for.
const RETRY_MAX: Duration = Duration::from_secs(30);

/// Most attempts of one export; its deadline ends it earlier as a rule.
const ATTEMPTS_MAX: u32 = 16;

/// Least time between two warnings about the same collector.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// One of the two services of OTLP that we call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Metrics,
}

impl Signal {
    fn path(self, protocol: Protocol) -> &'static str {
        match (self, protocol) {
            (Self::Traces, Protocol::Http) => "/v1/traces",
            (Self::Metrics, Protocol::Http) => "/v1/metrics",
            (Self::Traces, Protocol::Grpc) => {
                "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
            }
            (Self::Metrics, Protocol::Grpc) => {
                "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
            }
        }
    }
}

/// Why a message did not arrive.
#[derive(Debug)]
struct Failure {
    reason: String,
    /// Whether the same message may arrive later, and after which wait, if the collector says so.
    retry: Option<Option<Duration>>,
}

/// A collector, and the headers it wants.
pub(super) struct Collector {
    client: Client,
    url: String,
    protocol: Protocol,
    headers: HeaderMap,
    warnings: Warnings,
}

impl Collector {
    /// Prepares the way to a collector; connects only when something is sent.
    ///
    /// Errors: an address, header or file that makes no sense.
    pub(super) fn new(
        target: &Target<'_>,
        protocol: Protocol,
        signal: Signal,
    ) -> Result<Collector, TelemetryError> {
        let authority = authority(target, protocol)?;
        let is_plain = target.encryption == Encryption::Off;
        let scheme = if is_plain { "http" } else { "https" };
        let url = format!("{scheme}://{authority}{}", signal.path(protocol));
        // Only fails where somebody was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")));
        if protocol == Protocol::Grpc {
            builder = builder.http2_prior_knowledge();
        }
        if is_local(&authority) || (is_plain && protocol == Protocol::Grpc) {
            builder = builder.no_proxy(); // no proxy speaks HTTP/2 in the clear
        }
        if !is_plain {
            builder = with_tls(builder, target)?;
        }
        let client = builder.build().map_err(|e| TelemetryError::Client(chain(&e)))?;
        let headers = headers(target, protocol)?;
        Ok(Self { client, url, protocol, headers, warnings: Warnings::default() })
    }

    /// Sends a message and waits for the answer, at most for `timeout`, repetitions included. What
    /// went wrong is logged, at most once a minute. Returns the answer's message if it arrived.
    pub(super) async fn export(&mut self, message: &[u8], timeout: Duration) -> Option<Vec<u8>> {
        let result = tokio::time::timeout(timeout, self.attempts(message)).await;
        self.told(result.unwrap_or_else(|_| Err(too_late(timeout))))
    }

    /// Like [`Collector::export`], without repetitions: for the end, when time is short.
    pub(super) async fn export_once(
        &mut self,
        message: &[u8],
        timeout: Duration,
    ) -> Option<Vec<u8>> {
        let result = match tokio::time::timeout(timeout, self.send(message)).await {
            Ok(result) => result.map_err(|failure| failure.reason),
            Err(_) => Err(too_late(timeout)),
        };
        self.told(result)
    }

    fn told(&mut self, result: Result<Vec<u8>, String>) -> Option<Vec<u8>> {
        match result {
            Ok(answer) => Some(answer),
            Err(reason) => {
                self.warn(&reason);
                None
            }
        }
    }

    /// Logs what went wrong with this collector, at most once a minute. Returns whether it did.
    pub(super) fn warn(&mut self, reason: &str) -> bool {
        let turn = self.warnings.take(Instant::now());
        if let Some(silent) = turn {
            let url = &self.url;
            tracing::warn!(url, reason, silent, "telemetry was not delivered");
        }
        turn.is_some()
    }

    async fn attempts(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let mut wait = RETRY_FIRST;
        let mut attempt = 0;
        loop {
            let failure = match self.send(message).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            attempt += 1;
            let Some(asked) = failure.retry.filter(|_| attempt < ATTEMPTS_MAX) else {
                return Err(failure.reason);
            };
            tracing::debug!(url = self.url, reason = failure.reason, "telemetry is sent again");
            tokio::time::sleep(asked.unwrap_or(wait).min(RETRY_MAX)).await;
            wait = (wait * 2).min(RETRY_MAX);
        }
    }

    async fn send(&self, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let body = match self.protocol {
            Protocol::Http => message.to_vec(),
            Protocol::Grpc => framed(message),
        };
        let request = self.client.post(&self.url).headers(self.headers.clone()).body(body);
        let answer = request.send().await.map_err(|e| Failure::again(chain(&e)))?;
        let (parts, body) = http::Response::<reqwest::Body>::from(answer).into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|e| Failure::again(format!("answer not read: {e}")))?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        let bytes = body.to_bytes();
        check_status(parts.status.as_u16(), &parts.headers)?;
        match self.protocol {
            Protocol::Http => Ok(bytes.to_vec()),
            Protocol::Grpc => {
                // Without a message the status is among the headers.
                check_grpc(if trailers.is_empty() { &parts.headers } else { &trailers })?;
                Ok(bytes.get(FRAME_BYTES..).unwrap_or_default().to_vec())
            }
        }
    }
}

impl Failure {
    fn again(reason: String) -> Self {
        Self { reason, retry: Some(None) }
    }
}

fn too_late(timeout: Duration) -> String {
    format!("no answer within {} ms", timeout.as_millis())
}

/// Bytes in front of a gRPC message: whether it is compressed, and its length.
const FRAME_BYTES: usize = 5;

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut frame = Vec::with_capacity(FRAME_BYTES + message.len());
    frame.push(0);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(message);
    frame
}

/// Source: the OTLP specification, "OTLP/HTTP Response": which codes may be tried again.
fn check_status(status: u16, headers: &HeaderMap) -> Result<(), Failure> {
    if (200..300).contains(&status) {
        return Ok(());
    }
    let seconds = headers.get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
    let may_retry = matches!(status, 429 | 502 | 503 | 504);
    let retry = may_retry.then(|| seconds.map(Duration::from_secs));
    Err(Failure { reason: format!("status {status}"), retry })
}

/// Source: the OTLP specification, "OTLP/gRPC Response": which codes may be tried again.
fn check_grpc(headers: &HeaderMap) -> Result<(), Failure> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("grpc-status") {
        Some("0") => Ok(()),
        Some(code) => {
            let message = text("grpc-message").unwrap_or("no message");
            // Cancelled, deadline exceeded, aborted, out of range, unavailable, data loss.
            let may_retry = matches!(code, "1" | "4" | "10" | "11" | "14" | "15");
            let reason = format!("gRPC status {code}: `{}`", message.escape_debug());
            Err(Failure { reason, retry: may_retry.then_some(None) })
        }
        None => Err(Failure { reason: "no gRPC status".to_string(), retry: None }),
    }
}

/// Returns `host:port`, the port from the protocol where the address has none.
fn authority(target: &Target<'_>, protocol: Protocol) -> Result<String, TelemetryError> {
    let default = match protocol {
        Protocol::Grpc => GRPC_ADDRESS,
        Protocol::Http => HTTP_ADDRESS,
    };
    let address = if target.address.is_empty() { default } else { target.address };
    let port = default.rsplit_once(':').map_or("", |(_, port)| port);
    let after_brackets = address.rsplit_once(']').map_or(address, |(_, rest)| rest);
    let has_port = after_brackets.contains(':');
    let address = if has_port { address.to_string() } else { format!("{address}:{port}") };
    let parsed = address.parse::<http::uri::Authority>().ok();
    let is_plain = parsed.is_some_and(|a| a.port_u16().is_some() && !a.as_str().contains('@'));
    if is_plain {
        return Ok(address);
    }
    let reason = format!("`{}` is not `host:port`", target.address);
    Err(option(target.section, "address", &reason))
}

fn is_local(authority: &str) -> bool {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn headers(target: &Target<'_>, protocol: Protocol) -> Result<HeaderMap, TelemetryError> {
    let mut headers = HeaderMap::new();
    for (name, value) in target.headers {
        let wrong = |reason| option(target.section, &format!("headers.{name}"), reason);
        let name = HeaderName::try_from(name).map_err(|_| wrong("not the name of a header"))?;
        // Never says the value: it may be a secret.
        let mut value = HeaderValue::try_from(value).map_err(|_| wrong("not a header's value"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    let content = match protocol {
        Protocol::Http => "application/x-protobuf",
        Protocol::Grpc => "application/grpc",
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
    if protocol == Protocol::Grpc {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    Ok(headers)
}

fn with_tls(
    mut builder: ClientBuilder,
    target: &Target<'_>,
) -> Result<ClientBuilder, TelemetryError> {
    let wrong = |key: &str, path: &str, reason: String| TelemetryError::TlsFile {
        key: format!("{}.{key}", target.section),
        path: path.to_string(),
        reason,
    };
    let read = |key: &str, path: &str| read_pem(path).map_err(|e| wrong(key, path, e.to_string()));
    builder = builder.tls_danger_accept_invalid_certs(target.allow_insecure_tls);
    if !target.ca_file.is_empty() {
        let key = "tls_ca_cert_file";
        let pem = read(key, target.ca_file)?;
        let roots = Certificate::from_pem_bundle(&pem)
            .map_err(|e| wrong(key, target.ca_file, chain(&e)))?;
        if roots.is_empty() {
            return Err(wrong(key, target.ca_file, "no certificate in it".to_string()));
        }
        builder = builder.tls_certs_only(roots);
    }
    if target.encryption == Encryption::Mtls {
        let mut pem = read("tls_private_key_file", target.key_file)?;
        pem.push(b'\n');
        pem.extend(read("tls_cert_file", target.cert_file)?);
        let identity = Identity::from_pem(&pem)
            .map_err(|e| wrong("tls_cert_file", target.cert_file, chain(&e)))?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

fn read_pem(path: &str) -> std::io::Result<Vec<u8>> {
    let mut pem = Vec::new();
    File::open(path)?.take(PEM_BYTES_MAX).read_to_end(&mut pem)?;
    Ok(pem)
}

/// Most causes of an error that are told.
const CAUSES_MAX: usize = 8;

/// Returns an error and its causes in one line: the client's own text hides why.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    for cause in causes.take(CAUSES_MAX) {
        text.push_str(": ");
        text.push_str(&cause.to_string());
    }
    text
}

/// Lets one warning a minute through.
#[derive(Default)]
struct Warnings {
    last: Option<Instant>,
    silent: u64,
}

impl Warnings {
    /// Returns how many warnings were held back since the last one, if it is time for one.
    fn take(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < WARN_EVERY) {
            self.silent += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.silent))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::telemetry::options::DistributedTracingConfig;

    fn address(text: &str, protocol: Protocol) -> Option<String> {
        let config = DistributedTracingConfig { address: text.to_string(), ..Default::default() };
        authority(&config.target(), protocol).ok()
    }

    #[test]
    fn addresses_are_host_and_port() {
        for (text, expected) in [
            ("", Some("localhost:4318")),
            ("collector", Some("collector:4318")),
            ("collector:80", Some("collector:80")),
            ("[::1]", Some("[::1]:4318")),
            ("[::1]:1", Some("[::1]:1")),
            ("http://collector:80", None),
            ("a/b", None),
            ("me@collector:80", None),
            ("collector:99999", None),
            ("a b", None),
        ] {
            assert_eq!(address(text, Protocol::Http).as_deref(), expected, "{text}");
        }
        assert_eq!(address("", Protocol::Grpc).as_deref(), Some("localhost:4317"));
        assert!(is_local("localhost:1") && is_local("[::1]:1") && is_local("127.0.0.9:1"));
        assert!(!is_local("example.com:1"));
    }

    #[test]
    fn warns_once_a_minute() {
        let mut warnings = Warnings::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(warnings.take(start), Some(0));
        assert_eq!(warnings.take(after(1)), None);
        assert_eq!(warnings.take(after(59)), None);
        assert_eq!(warnings.take(after(60)), Some(2));
        assert_eq!(warnings.take(after(61)), None);
    }

    #[test]
    fn wrong_headers_and_files_are_named_without_their_value() {
        let headers = BTreeMap::from([("x-key".to_string(), "se\ncret".to_string())]);
        let config = DistributedTracingConfig { headers, ..Default::default() };
        let error = super::headers(&config.target(), Protocol::Http).unwrap_err().to_string();
        assert_eq!(error, "`distributed_tracing.headers.x-key`: not a header's value");
        let config = DistributedTracingConfig {
            encryption: Encryption::Tls,
            tls_ca_cert_file: "/nowhere/ca.pem".to_string(),
            ..Default::default()
        };
        let made = Collector::new(&config.target(), Protocol::Grpc, Signal::Traces);
        let error = made.err().unwrap().to_string();
        let start = "`distributed_tracing.tls_ca_cert_file`: file `/nowhere/ca.pem`: ";
        assert!(error.starts_with(start), "{error}");
    }
}
