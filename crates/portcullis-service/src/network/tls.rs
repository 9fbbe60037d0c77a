//! Whom a connection trusts, and who it says we are.
//!
//! Must not know: HTTP.

use std::sync::Arc;

use rego::world::{HostError, HttpIdentity, HttpTls};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Returns the configuration of a connection, without protocols.
///
/// Errors: a certificate, a key or a name is of no use.
pub(super) fn config(tls: &HttpTls) -> Result<ClientConfig, HostError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let checker = Checker {
        trust: trust(tls, &provider)?,
        name: tls.server_name.as_deref().map(server_name).transpose()?,
        provider: Arc::clone(&provider),
    };
    let identities = tls.identities.iter().map(|identity| certified(identity, &provider));
    let identities: Vec<_> = identities.collect::<Result<_, _>>()?;
    // A name that is an address is not asked for.
    let enable_sni = tls.server_name.is_none();
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| HostError::Setting(format!("tls: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(checker));
    let mut config = match identities.is_empty() {
        true => builder.with_no_client_auth(),
        false => builder.with_client_cert_resolver(Arc::new(Identities(identities))),
    };
    config.enable_sni = enable_sni;
    Ok(config)
}

fn server_name(name: &str) -> Result<ServerName<'static>, HostError> {
    ServerName::try_from(name.to_string())
        .map_err(|_| HostError::Setting(format!("invalid server name `{name}`")))
}

/// Whom a connection trusts.
#[derive(Debug)]
enum Trust {
    Anyone,
    Nobody,
    Those(Arc<dyn ServerCertVerifier>),
}

fn trust(tls: &HttpTls, provider: &Arc<CryptoProvider>) -> Result<Trust, HostError> {
    if tls.is_blind {
        return Ok(Trust::Anyone);
    }
    let mut authorities = Vec::new();
    for pem in &tls.authorities {
        // What is no certificate among them counts for nothing, as in Go.
        let found = CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok);
        let before = authorities.len();
        authorities.extend(found);
        if authorities.len() == before {
            return Err(HostError::Setting("could not append certificates".to_string()));
        }
    }
    if tls.system_authorities {
        let system = rustls_platform_verifier::Verifier::new_with_extra_roots(
            authorities.iter().cloned(),
            Arc::clone(provider),
        );
        match system {
            Ok(verifier) => return Ok(Trust::Those(Arc::new(verifier))),
            Err(error) => tracing::warn!("the system's certificate authorities: {error}"),
        }
    }
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(authorities);
    if store.is_empty() {
        return Ok(Trust::Nobody);
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .build()
        .map(|verifier| Trust::Those(verifier))
        .map_err(|error| HostError::Setting(format!("tls: {error}")))
}

/// Checks the peer's certificate, for a name other than the URL's where there is one.
#[derive(Debug)]
struct Checker {
    trust: Trust,
    name: Option<ServerName<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Checker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let name = self.name.as_ref().unwrap_or(server_name);
        match &self.trust {
            Trust::Anyone => Ok(ServerCertVerified::assertion()),
            Trust::Nobody => Err(CertificateError::UnknownIssuer.into()),
            Trust::Those(verifier) => {
                verifier.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Returns a certificate with its key.
///
/// Errors: one of them is none, or they do not belong together; in Go's words.
fn certified(
    identity: &HttpIdentity,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, HostError> {
    let wrong = |why: String| HostError::Setting(format!("tls: {why}"));
    let none = |what| wrong(format!("failed to find any PEM data in {what} input"));
    let chain = CertificateDer::pem_slice_iter(identity.certificates.as_bytes());
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(|_| none("certificate"))?;
    if chain.is_empty() {
        return Err(none("certificate"));
    }
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(|_| none("key"))?;
    let certified = CertifiedKey::from_der(chain, key, provider);
    certified.map(Arc::new).map_err(|error| match error {
        Error::InconsistentKeys(_) => wrong("private key does not match public key".to_string()),
        other => wrong(other.to_string()),
    })
}

/// Who we are; the peer says whose word counts.
#[derive(Debug)]
struct Identities(Vec<Arc<CertifiedKey>>);

impl ResolvesClientCert for Identities {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let usable = |identity: &&Arc<CertifiedKey>| identity.key.choose_scheme(schemes).is_some();
        let known = |identity: &&Arc<CertifiedKey>| {
            identity.cert.iter().any(|certificate| is_issued_by(certificate, issuers))
        };
        // Some peers name only a few of those they trust: better one in vain than none.
        let found = self.0.iter().filter(usable).find(known);
        found.or_else(|| self.0.iter().find(usable)).cloned()
    }

    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}

fn is_issued_by(certificate: &CertificateDer<'_>, issuers: &[&[u8]]) -> bool {
    let parsed = X509Certificate::from_der(certificate);
    parsed.is_ok_and(|(_, parsed)| issuers.contains(&parsed.issuer().as_raw()))
}
