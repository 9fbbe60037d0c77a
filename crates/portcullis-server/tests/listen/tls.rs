//! Encrypted connections, and certificates that change.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portcullis_server::{
    BindOptions, ClientCertificates, ListenLimits, Listeners, TlsOptions, TlsVersion,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ClientConfig, RootCertStore, version};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::{ask, ask_http2, connect, rest, until};
use crate::responder::{Running, address};

/// An authority, and the files of a server that it vouches for.
pub(crate) struct Authority {
    pub(crate) issuer: CertifiedIssuer<'static, KeyPair>,
    pub(crate) directory: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Self { issuer, directory: tempfile::tempdir().unwrap() };
        fs::write(authority.path("ca.pem"), authority.issuer.pem()).unwrap();
        authority.renew();
        authority
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a new certificate and its key.
    fn renew(&self) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_string()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.path("cert.pem"), certificate.pem()).unwrap();
        fs::write(self.path("key.pem"), key.serialize_pem()).unwrap();
    }

    pub(crate) fn options(&self) -> TlsOptions {
        TlsOptions {
            certificate: PathBuf::from(format!("file://{}", self.path("cert.pem").display())),
            key: self.path("key.pem"),
            client_authorities: None,
            client_certificates: ClientCertificates::NotAsked,
            min_version: TlsVersion::V1_2,
            cipher_suites: Vec::new(),
            refresh_period: None,
        }
    }
}

pub(crate) fn bind(tls: TlsOptions) -> BindOptions {
    BindOptions { tls: Some(tls), ..BindOptions::default() }
}

/// How a client of TLS is set.
#[derive(Default)]
pub(crate) struct Client {
    pub(crate) versions: Vec<&'static rustls::SupportedProtocolVersion>,
    pub(crate) protocols: Vec<Vec<u8>>,
    pub(crate) shows: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
}

impl Client {
    pub(crate) async fn connect(
        self,
        authority: &Authority,
        place: &str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.issuer.der().clone()).unwrap();
        let versions =
            if self.versions.is_empty() { rustls::ALL_VERSIONS.to_vec() } else { self.versions };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match self.shows {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                config.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        };
        config.alpn_protocols = self.protocols;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, connect(place).await).await
    }
}

/// Returns the certificate that a server shows now.
async fn shown(authority: &Authority, server: &Running) -> Vec<u8> {
    let stream = Client::default().connect(authority, server.place()).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn speaks_what_the_client_prefers() {
    let authority = Authority::new();
    let server = Running::on_loopback(bind(authority.options()));
    let mut plain = Client::default().connect(&authority, server.place()).await.unwrap();
    assert!(ask(&mut plain, "/").await.1.starts_with("All HTTP/1.1 127.0.0.1:"));
    let newer = Client { protocols: vec![b"h2".to_vec()], ..Client::default() };
    let newer = newer.connect(&authority, server.place()).await.unwrap();
    let answer = ask_http2(newer, "/").await.unwrap();
    assert!(answer.starts_with("All HTTP/2.0 127.0.0.1:"), "{answer}");
}

#[tokio::test]
async fn versions_and_ciphers_are_as_chosen() {
    let authority = Authority::new();
    let old = || Client { versions: vec![&version::TLS12], ..Client::default() };
    let options = TlsOptions { min_version: TlsVersion::V1_3, ..authority.options() };
    let server = Running::on_loopback(bind(options));
    assert!(old().connect(&authority, server.place()).await.is_err());
    assert!(Client::default().connect(&authority, server.place()).await.is_ok());

    let chosen = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";
    let options = TlsOptions { cipher_suites: vec![chosen.to_string()], ..authority.options() };
    let server = Running::on_loopback(bind(options));
    let stream = old().connect(&authority, server.place()).await.unwrap();
    let suite = stream.get_ref().1.negotiated_cipher_suite().unwrap().suite();
    assert_eq!(format!("{suite:?}"), chosen);
}

#[tokio::test]
async fn schemes_win_over_the_default() {
    let authority = Authority::new();
    let addresses = vec![address("http://127.0.0.1:0"), address("https://127.0.0.1:0")];
    let options = BindOptions { addresses, ..bind(authority.options()) };
    let server = Running::start(&options);
    assert_eq!(ask(&mut connect(&server.places[0]).await, "/").await.0, 200);
    assert!(Client::default().connect(&authority, &server.places[1]).await.is_ok());
    // Plain text where a handshake should be is no request.
    let mut plain = connect(&server.places[1]).await;
    tokio::io::AsyncWriteExt::write_all(&mut plain, b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(!rest(&mut plain).await.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_cut() {
    let authority = Authority::new();
    let handshake_timeout = Duration::from_millis(100);
    let limits = ListenLimits { handshake_timeout, ..ListenLimits::default() };
    let server = Running::on_loopback(BindOptions { limits, ..bind(authority.options()) });
    let mut client = connect(server.place()).await;
    let _ = client.read_u8().await;
}

#[tokio::test]
async fn changed_certificates_are_used_without_a_restart() {
    let often = Some(Duration::from_millis(20));
    for refresh_period in [None, often] {
        let authority = Authority::new();
        let server =
            Running::on_loopback(bind(TlsOptions { refresh_period, ..authority.options() }));
        let mut kept = Client::default().connect(&authority, server.place()).await.unwrap();
        let first = shown(&authority, &server).await;
        authority.renew();
        let second = until(async || {
            Some(shown(&authority, &server).await).filter(|second| *second != first)
        });
        let second = second.await;
        // Those who are there already stay.
        assert_eq!(ask(&mut kept, "/").await.0, 200);

        // A key of another certificate is not used; nor is half a file.
        let key = KeyPair::generate().unwrap().serialize_pem();
        for broken in [key.as_str(), "-----BEGIN PRIVATE KEY-----\n"] {
            fs::write(authority.path("key.pem"), broken).unwrap();
            tokio::time::sleep(Duration::from_millis(150)).await;
            assert_eq!(shown(&authority, &server).await, second);
        }
        fs::remove_file(authority.path("cert.pem")).unwrap();
        authority.renew();
        until(async || Some(shown(&authority, &server).await).filter(|third| *third != second))
            .await;
    }
}

#[tokio::test]
async fn links_of_a_mounted_volume_are_followed() {
    use std::os::unix::fs::symlink;

    let authority = Authority::new();
    let volume = tempfile::tempdir().unwrap();
    let publish = |name: &str| {
        let version = volume.path().join(name);
        fs::create_dir(&version).unwrap();
        for file in ["cert.pem", "key.pem"] {
            fs::copy(authority.path(file), version.join(file)).unwrap();
        }
        symlink(name, volume.path().join("..new")).unwrap();
        fs::rename(volume.path().join("..new"), volume.path().join("..data")).unwrap();
    };
    publish("..1");
    for file in ["cert.pem", "key.pem"] {
        symlink(PathBuf::from("..data").join(file), volume.path().join(file)).unwrap();
    }
    let options = TlsOptions {
        certificate: volume.path().join("cert.pem"),
        key: volume.path().join("key.pem"),
        ..authority.options()
    };
    let server = Running::on_loopback(bind(options));
    let first = shown(&authority, &server).await;
    authority.renew();
    publish("..2");
    until(async || Some(shown(&authority, &server).await).filter(|second| *second != first)).await;
}

#[tokio::test]
async fn tells_why_certificates_cannot_be_used() {
    let authority = Authority::new();
    let message = |options: TlsOptions| {
        let message = Listeners::bind(&bind(options)).unwrap_err().to_string();
        message.replace(&authority.directory.path().display().to_string(), "")
    };
    let absent = TlsOptions { key: authority.path("none.pem"), ..authority.options() };
    assert_eq!(message(absent), "cannot read `/none.pem`: No such file or directory (os error 2)");
    let swapped = TlsOptions { key: authority.path("cert.pem"), ..authority.options() };
    assert_eq!(message(swapped), "invalid file `/cert.pem`: there is no private key in it");
    let other = KeyPair::generate().unwrap().serialize_pem();
    fs::write(authority.path("other.pem"), other).unwrap();
    let other = TlsOptions { key: authority.path("other.pem"), ..authority.options() };
    assert!(message(other).contains("certificate and key cannot be used"));
    let nobody =
        TlsOptions { client_certificates: ClientCertificates::Required, ..authority.options() };
    assert!(message(nobody).starts_with("authentication by TLS needs"));
}
