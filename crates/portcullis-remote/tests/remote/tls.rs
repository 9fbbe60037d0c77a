//! Whom a service is trusted as, and who we are to it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use portcullis_remote::{RemoteError, Request, Service};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::server::{Server, config, ok, options, service};

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/remote/keys");

/// An authority, and what a test needs to use it.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub(crate) directory: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_string()
    }

    /// A certificate for a key.
    fn certificate(&self, key: &KeyPair, purpose: ExtendedKeyUsagePurpose) -> rcgen::Certificate {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_string()]).unwrap();
        params.extended_key_usages = vec![purpose];
        params.signed_by(key, &self.issuer).unwrap()
    }

    /// A server that may ask for certificates of this authority.
    pub(crate) fn server(&self, asks: Asks) -> ServerConfig {
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let key = KeyPair::generate().unwrap();
        let certificate = self.certificate(&key, ExtendedKeyUsagePurpose::ServerAuth);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.issuer.der().to_vec())).unwrap();
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match asks {
            Asks::Nothing => builder.with_no_client_auth(),
            Asks::Certificate => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .unwrap(),
            ),
        };
        builder.with_single_cert(vec![certificate.der().clone()], key).unwrap()
    }

    /// Writes a certificate for the key of `keys/ec.pem`.
    fn write_client_certificate(&self) {
        let key = fs::read_to_string(Path::new(KEYS).join("ec.pem")).unwrap();
        let key = KeyPair::from_pem(&key).unwrap();
        let certificate = self.certificate(&key, ExtendedKeyUsagePurpose::ClientAuth);
        fs::write(self.directory.path().join("client.pem"), certificate.pem()).unwrap();
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Asks {
    Nothing,
    Certificate,
}

async fn get(service: &Service) -> Result<String, RemoteError> {
    let body = service.request(Request::get("a")).await?.body_bounded(100).await?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn trusts_whom_it_is_told_to() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(Asks::Nothing), |_| ok("in")).await;
    let other = Authority::new();
    let ca = |authority: &Authority| authority.path("ca.pem");
    for (trust, is_in) in [
        (json!({"tls": {"ca_cert": ca(&authority)}}), true),
        (json!({"tls": {"ca_cert": ca(&authority), "system_ca_required": true}}), true),
        (json!({"allow_insecure_tls": true}), true),
        (json!({"tls": {"ca_cert": ca(&other)}}), false),
        (json!({"tls": {"ca_cert": ca(&other), "system_ca_required": true}}), false),
        (json!({}), false),
    ] {
        let mut all = json!({"url": server.url});
        all.as_object_mut().unwrap().extend(trust.as_object().unwrap().clone());
        let result = get(&service(all)).await;
        match is_in {
            true => assert_eq!(result.unwrap(), "in", "{trust}"),
            false => assert!(matches!(result, Err(RemoteError::Tls { .. })), "{trust}: {result:?}"),
        }
    }
}

fn client_tls(authority: &Authority, url: &str, key: &str) -> Value {
    json!({"url": url, "credentials": {"client_tls": {
        "cert": authority.path("client.pem"),
        "private_key": format!("{KEYS}/{key}"),
        "private_key_passphrase": "opensesame",
        "ca_cert": authority.path("ca.pem"),
    }}})
}

#[tokio::test]
async fn shows_a_certificate_whatever_form_its_key_has() {
    let authority = Authority::new();
    authority.write_client_certificate();
    let server = Server::tls(authority.server(Asks::Certificate), |_| ok("in")).await;
    let keys = [
        "ec.pem",
        "ec-sec1.pem",
        "ec-pkcs8-aes256.pem",
        "ec-pkcs8-scrypt.pem",
        "ec-pkcs8-des3.pem",
        "ec-legacy-aes128.pem",
        "ec-legacy-aes256.pem",
        "ec-legacy-des3.pem",
    ];
    for key in keys {
        let service = service(client_tls(&authority, &server.url, key));
        assert_eq!(get(&service).await.as_deref(), Ok("in"), "{key}");
    }
    assert!(server.seen().iter().all(|seen| seen.certificates == 1));
    for key in keys.iter().filter(|key| key.contains("-legacy-") || key.contains("-pkcs8-")) {
        for passphrase in ["", "wrong"] {
            let mut all = client_tls(&authority, &server.url, key);
            all["credentials"]["client_tls"]["private_key_passphrase"] = json!(passphrase);
            let made = Service::new("s", &config(all), &Default::default(), &options());
            let error = made.unwrap_err().to_string();
            assert!(error.contains("private_key_passphrase"), "{key}: {error}");
        }
    }
}

#[tokio::test]
async fn reads_the_certificate_again() {
    let (old, new) = (Authority::new(), Authority::new());
    old.write_client_certificate();
    new.write_client_certificate();
    let server = Server::tls(new.server(Asks::Certificate), |_| ok("in")).await;
    let mut all = client_tls(&old, &server.url, "ec.pem");
    all["tls"] = json!({"ca_cert": new.path("ca.pem")});
    let always = service(all.clone());
    all["credentials"]["client_tls"]["cert_reread_interval_seconds"] = json!(3600);
    let seldom = service(all);
    assert!(get(&always).await.is_err(), "a certificate of the wrong authority");
    fs::write(old.path("client.pem"), "half of a cert").unwrap();
    assert!(get(&always).await.is_err(), "as before");
    fs::copy(new.path("client.pem"), old.path("client.pem")).unwrap();
    assert_eq!(get(&always).await.as_deref(), Ok("in"));
    assert!(get(&seldom).await.is_err(), "it looks once an hour");
}
