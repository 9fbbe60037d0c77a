//! An authority for a test, and what both sides need of it. Must not know: what is sent.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// Files of the client's side, and the server's side.
pub(crate) struct Certificates {
    pub(crate) ca: PathBuf,
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
    /// Shows a certificate for 127.0.0.1.
    pub(crate) tls: TlsAcceptor,
    /// The same, and wants one of the client.
    pub(crate) mtls: TlsAcceptor,
}

impl Certificates {
    pub(crate) fn make(folder: &Path) -> Certificates {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let signed = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![name.to_string()]).unwrap();
            (params.signed_by(&key, &issuer).unwrap(), key)
        };
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let (client, client_key) = signed("client");
        let (server, server_key) = signed("127.0.0.1");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(issuer.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
        let verifier = verifier.build().unwrap();
        let acceptor = |wants_client: bool| {
            let config = ServerConfig::builder_with_provider(provider.clone())
                .with_safe_default_protocol_versions()
                .unwrap();
            let config = match wants_client {
                true => config.with_client_cert_verifier(verifier.clone()),
                false => config.with_no_client_auth(),
            };
            let key = PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
            let mut config = config.with_single_cert(vec![server.der().clone()], key).unwrap();
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            TlsAcceptor::from(Arc::new(config))
        };
        Self {
            ca: write("ca.pem", issuer.pem()),
            cert: write("cert.pem", client.pem()),
            key: write("key.pem", client_key.serialize_pem()),
            tls: acceptor(false),
            mtls: acceptor(true),
        }
    }
}
