//! What is told of an exchange without an answer, in Go's words where there are such: policies and
//! people compare them.
//!
//! Must not know: how to exchange.

use std::error::Error;
use std::io::{self, ErrorKind};

use rego::world::{HostError, HttpRequest};
use reqwest::Url;
use rustls::{AlertDescription, CertificateError, InvalidMessage};

/// Most steps from an error to its cause.
const CAUSES_MAX: usize = 16;

/// Who was to answer.
pub(super) struct Peer {
    /// `host:port`.
    address: String,
    host: String,
    socket: Option<String>,
}

impl Peer {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let url = Url::parse(&request.url).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default().to_string();
        let port = url.as_ref().and_then(Url::port_or_known_default).unwrap_or_default();
        Self { address: format!("{host}:{port}"), host, socket: request.socket.clone() }
    }

    /// Returns what is told of an error.
    pub(super) fn failure(&self, error: &reqwest::Error) -> HostError {
        let causes = causes(error);
        let found = causes.iter().find_map(|cause| {
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                return Some(tls_text(tls));
            }
            cause.downcast_ref::<io::Error>().and_then(|io| self.io_text(io.kind()))
        });
        let text = found.unwrap_or_else(|| {
            let last = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
            let has = |part: &str| causes.iter().any(|cause| cause.to_string().contains(part));
            if error.is_timeout() {
                format!("dial {}: i/o timeout", self.place())
            } else if has("dns error") {
                format!("dial tcp: lookup {}: no such host", self.host)
            } else if has("closed before message completed") || has("connection closed") {
                "EOF".to_string()
            } else if error.is_connect() {
                format!("dial {}: {last}", self.place())
            } else {
                last
            }
        });
        HostError::Failed(text)
    }

    fn place(&self) -> String {
        match &self.socket {
            Some(path) => format!("unix {path}"),
            None => format!("tcp {}", self.address),
        }
    }

    fn io_text(&self, kind: ErrorKind) -> Option<String> {
        let why = match kind {
            ErrorKind::ConnectionRefused => "connect: connection refused",
            ErrorKind::HostUnreachable => "connect: no route to host",
            ErrorKind::NetworkUnreachable => "connect: network is unreachable",
            ErrorKind::NotFound if self.socket.is_some() => "connect: no such file or directory",
            ErrorKind::PermissionDenied => "connect: permission denied",
            ErrorKind::TimedOut => "i/o timeout",
            ErrorKind::UnexpectedEof => return Some("EOF".to_string()),
            ErrorKind::ConnectionReset => {
                return Some(format!("read {}: connection reset by peer", self.place()));
            }
            ErrorKind::BrokenPipe => {
                return Some(format!("write {}: broken pipe", self.place()));
            }
            _ => return None,
        };
        Some(format!("dial {}: {why}", self.place()))
    }
}

/// Returns the causes of an error, outermost first. An I/O error leaves itself out of the chain
/// where it wraps another one.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next.filter(|_| causes.len() < CAUSES_MAX) {
        causes.push(cause);
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => cause.source(),
        };
    }
    causes
}

fn tls_text(error: &rustls::Error) -> String {
    let unverified = |why: &str| format!("tls: failed to verify certificate: x509: {why}");
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => {
                unverified("certificate signed by unknown authority")
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => {
                unverified("certificate has expired or is not yet valid")
            }
            CertificateError::NotValidForNameContext { expected, .. } => {
                unverified(&format!("certificate is not valid for {}", expected.to_str()))
            }
            other => unverified(&other.to_string()),
        },
        rustls::Error::AlertReceived(alert) => {
            let alert = match alert {
                AlertDescription::BadCertificate => "bad certificate".to_string(),
                AlertDescription::CertificateRequired => "certificate required".to_string(),
                AlertDescription::HandshakeFailure => "handshake failure".to_string(),
                AlertDescription::UnknownCA => "unknown certificate authority".to_string(),
                AlertDescription::UnrecognisedName => "unrecognized name".to_string(),
                other => format!("{other:?}"),
            };
            format!("remote error: tls: {alert}")
        }
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "http: server gave HTTP response to HTTPS client".to_string()
        }
        other => format!("tls: {other}"),
    }
}
