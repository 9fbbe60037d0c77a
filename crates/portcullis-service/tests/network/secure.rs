//! With TLS: whom a request trusts, what name it asks for, who it says we are.

use std::fs;
use std::sync::Arc;

use portcullis_service::host::SystemHost;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rego::Value;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::peer::{Peer, answer};
use crate::support::{host, send};

/// An authority, and what it vouches for.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// Returns a certificate and its key, in PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_string()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    fn server(&self, name: &str, clients: Option<&Authority>) -> Peer {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots
                    .add(CertificateDer::from_pem_slice(clients.pem().as_bytes()).unwrap())
                    .unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let (certificate, key) = self.issue(name);
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let config = builder.with_single_cert(chain, key).unwrap();
        Peer::secure(Arc::new(config), |_| answer("200 OK", b"secret"))
    }
}

fn get(host: &SystemHost, url: &str, more: &[(&str, Value)]) -> Result<Value, String> {
    let own = [("method", Value::from("get")), ("url", Value::from(url))];
    let all = own.iter().chain(more).map(|(key, value)| (Value::from(*key), value.clone()));
    send(host, &Value::object(all.collect()).to_json())
}

fn body(answer: Result<Value, String>) -> String {
    match answer {
        Ok(answer) => answer.get_path(&["raw_body"]).and_then(Value::as_str).unwrap().to_string(),
        Err(why) => why.rsplit_once("\": ").map_or(why.clone(), |(_, why)| why.to_string()),
    }
}

#[test]
fn only_those_are_trusted_that_a_request_names() {
    let authority = Authority::new("one");
    let other = Authority::new("two");
    let peer = authority.server("localhost", None);
    let host = host();
    let ask = |more: &[_]| body(get(&host, &format!("https://localhost:{}/", peer.port), more));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    fs::write(&path, authority.pem()).unwrap();
    let unknown =
        "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    let yes = Value::TRUE;
    assert_eq!(ask(&[]), unknown);
    assert_eq!(ask(&[("tls_ca_cert", Value::from(other.pem()))]), unknown);
    assert_eq!(ask(&[("tls_ca_cert", Value::from(authority.pem()))]), "secret");
    let escaped = authority.pem().replace('\n', "\\n");
    assert_eq!(ask(&[("tls_ca_cert", Value::from(escaped))]), "secret");
    assert_eq!(ask(&[("tls_ca_cert_file", Value::from(path.to_str().unwrap()))]), "secret");
    assert_eq!(ask(&[("tls_insecure_skip_verify", yes.clone())]), "secret");
    let both = [("tls_ca_cert", Value::from(authority.pem())), ("tls_use_system_certs", yes)];
    assert_eq!(ask(&both), "secret");
    assert_eq!(ask(&[("tls_use_system_certs", Value::FALSE)]), unknown);

    let wrong = [("tls_ca_cert", Value::from("-----BEGIN CERTIFICATE-----\nx"))];
    let want = "eval_builtin_error: http.send: could not append certificates";
    assert_eq!(ask(&wrong), want);
}

#[test]
fn a_name_may_stand_for_that_of_the_host() {
    let authority = Authority::new("one");
    let peer = authority.server("inner.example", None);
    let by_address = authority.server("192.0.2.7", None);
    let host = host();
    let ca = ("tls_ca_cert", Value::from(authority.pem()));
    let url = format!("https://127.0.0.1:{}/", peer.port);
    let name = |name: &str| ("tls_server_name", Value::from(name));
    let wrong = "tls: failed to verify certificate: x509: certificate is not valid for 127.0.0.1";
    assert_eq!(body(get(&host, &url, std::slice::from_ref(&ca))), wrong);
    assert_eq!(body(get(&host, &url, &[ca.clone(), name("inner.example")])), "secret");
    let local = format!("https://localhost:{}/", peer.port);
    assert_eq!(body(get(&host, &local, &[ca.clone(), name("inner.example")])), "secret");
    assert_eq!(peer.names(), ["inner.example", "inner.example"]);
    let seen = peer.seen();
    assert!(seen[0].contains(&format!("\r\nHost: 127.0.0.1:{}\r\n", peer.port)), "{seen:?}");

    let headers = Value::object_from_strs([("host", Value::from("inner.example:1"))]);
    assert_eq!(body(get(&host, &url, &[ca.clone(), ("headers", headers)])), "secret");
    assert!(peer.seen()[2].contains("\r\nHost: inner.example:1\r\n"), "{:?}", peer.seen());

    let url = format!("https://localhost:{}/", by_address.port);
    assert_eq!(body(get(&host, &url, &[ca.clone(), name("192.0.2.7")])), "secret");
    assert_eq!(by_address.names(), ["none"]);
    let want = "eval_builtin_error: http.send: invalid server name `a b`";
    assert_eq!(body(get(&host, &url, &[ca, name("a b")])), want);
}

#[test]
fn a_request_says_who_we_are() {
    let authority = Authority::new("one");
    let clients = Authority::new("two");
    let peer = authority.server("localhost", Some(&clients));
    let host = host();
    let ca = ("tls_ca_cert", Value::from(authority.pem()));
    let url = format!("https://localhost:{}/", peer.port);
    let (cert, key) = clients.issue("client");
    let (foreign_cert, foreign_key) = authority.issue("client");
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        Value::from(path.to_str().unwrap())
    };
    let ask = |more: &[(&'static str, Value)]| {
        body(get(&host, &url, &[std::slice::from_ref(&ca), more].concat()))
    };
    let pair = |cert: &str, key: &str| {
        [("tls_client_cert", Value::from(cert)), ("tls_client_key", Value::from(key))]
    };
    assert_eq!(ask(&[]), "remote error: tls: certificate required");
    assert_eq!(ask(&pair(&cert, &key)), "secret");
    let files = [
        ("tls_client_cert_file", file("cert.pem", &cert)),
        ("tls_client_key_file", file("key.pem", &key)),
    ];
    assert_eq!(ask(&files), "secret");
    // Of two, the one that the peer knows the authority of.
    assert_eq!(ask(&[&pair(&foreign_cert, &foreign_key)[..], &files].concat()), "secret");
    assert_eq!(
        ask(&pair(&foreign_cert, &foreign_key)),
        "remote error: tls: unknown certificate authority"
    );

    let failed = |why: &str| format!("eval_builtin_error: http.send: tls: {why}");
    let mixed = ask(&pair(&cert, &foreign_key));
    assert_eq!(mixed, failed("private key does not match public key"));
    let none = ask(&pair("x", &key));
    assert_eq!(none, failed("failed to find any PEM data in certificate input"));
    let none = ask(&pair(&cert, "x"));
    assert_eq!(none, failed("failed to find any PEM data in key input"));
    let missing = [
        ("tls_client_cert_file", Value::from("/none")),
        ("tls_client_key_file", Value::from("/none")),
    ];
    let want = "eval_builtin_error: http.send: open /none: no such file or directory";
    assert_eq!(ask(&missing), want);
}

#[test]
fn plain_http_is_told_from_tls() {
    let peer = Peer::plain(|_| answer("200 OK", b""));
    // The handshake has no empty line for the server to end at, so it is the one that waits.
    let more = [("timeout", Value::from("200ms"))];
    let got = get(&host(), &format!("https://localhost:{}/", peer.port), &more);
    assert!(got.is_err());
}
