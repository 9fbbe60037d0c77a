//! From files to what a handshake uses.
//!
//! Must not know: when files are read.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedCipherSuite, version};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};

use super::{ClientCertificates, TlsOptions, TlsVersion};
use crate::listen::ListenError;

/// Most bytes of a file of certificates or keys.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Most certificates of a file.
const CERTIFICATES_MAX: usize = 16_384;

/// The protocols that are offered, in the order of preference.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Stands for the content of files.
pub(super) type Digest = [u8; 32];

/// What the files hold.
pub(super) struct Material {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_authorities: Option<Vec<u8>>,
}

impl Material {
    /// Reads the files.
    ///
    /// Errors: one cannot be read, or is too large.
    pub(super) fn read(options: &TlsOptions) -> Result<Self, ListenError> {
        Ok(Self {
            certificate: read(&options.certificate)?,
            key: read(&options.key)?,
            client_authorities: options.client_authorities.as_deref().map(read).transpose()?,
        })
    }

    /// Returns what tells this content from any other.
    pub(super) fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        let authorities = self.client_authorities.as_deref().unwrap_or_default();
        for part in [&self.certificate, &self.key, authorities] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// Returns what a handshake uses.
    ///
    /// Errors: the content is not what it should be, or does not go together.
    pub(super) fn config(&self, options: &TlsOptions) -> Result<ServerConfig, ListenError> {
        let provider = Arc::new(provider(&options.cipher_suites)?);
        let versions: &[_] = match options.min_version {
            TlsVersion::V1_2 => &[&version::TLS13, &version::TLS12],
            TlsVersion::V1_3 => &[&version::TLS13],
        };
        let unusable = |error: &dyn std::fmt::Display| ListenError::Tls(error.to_string());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .map_err(|error| unusable(&error))?;
        // Read even where clients are not asked, so that a wrong file is told of.
        let authorities = self.authorities(options)?;
        let builder = match (options.client_certificates, authorities) {
            (ClientCertificates::NotAsked, _) => builder.with_no_client_auth(),
            (ClientCertificates::Required, None) => return Err(ListenError::NoClientAuthority),
            (ClientCertificates::Required, Some(authorities)) => {
                let authorities = Arc::new(authorities);
                let verifier = WebPkiClientVerifier::builder_with_provider(authorities, provider)
                    .build()
                    .map_err(|error| unusable(&error))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let chain = certificates(&self.certificate, &options.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| {
            ListenError::Content(options.key.clone(), "there is no private key in it".to_string())
        })?;
        let mut config = builder.with_single_cert(chain, key).map_err(|error| {
            let what = format!("certificate and key cannot be used: {error}");
            ListenError::Content(options.certificate.clone(), what)
        })?;
        config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }

    fn authorities(&self, options: &TlsOptions) -> Result<Option<RootCertStore>, ListenError> {
        let files = self.client_authorities.as_ref().zip(options.client_authorities.as_ref());
        let Some((bytes, path)) = files else { return Ok(None) };
        let mut store = RootCertStore::empty();
        for certificate in certificates(bytes, path)? {
            store
                .add(certificate)
                .map_err(|error| ListenError::Content(path.clone(), error.to_string()))?;
        }
        Ok(Some(store))
    }
}

/// Returns the path behind `file://`, if that stands before it.
pub(super) fn plain_path(path: &Path) -> PathBuf {
    path.to_str().and_then(|text| text.strip_prefix("file://")).map_or(path, Path::new).to_owned()
}

fn read(path: &Path) -> Result<Vec<u8>, ListenError> {
    let failed = |error| ListenError::File(path.to_owned(), error);
    let mut bytes = Vec::new();
    let file = File::open(plain_path(path)).map_err(failed)?;
    let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(read).is_ok_and(|read| read <= FILE_BYTES_MAX) {
        return Ok(bytes);
    }
    Err(ListenError::Content(path.to_owned(), "it has more than 16 MiB".to_string()))
}

fn certificates(bytes: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, ListenError> {
    let invalid = |what: String| ListenError::Content(path.to_owned(), what);
    let found = CertificateDer::pem_slice_iter(bytes).take(CERTIFICATES_MAX);
    let found: Vec<_> =
        found.collect::<Result<_, _>>().map_err(|error| invalid(error.to_string()))?;
    if found.is_empty() {
        return Err(invalid("there is no certificate in it".to_string()));
    }
    Ok(found)
}

/// Returns the algorithms, those of TLS 1.2 as chosen.
fn provider(chosen: &[String]) -> Result<CryptoProvider, ListenError> {
    let mut provider = ring::default_provider();
    if chosen.is_empty() {
        return Ok(provider);
    }
    let is_chosen =
        |suite: &SupportedCipherSuite| chosen.iter().any(|chosen| *chosen == name(suite));
    let is_fixed = |suite: &SupportedCipherSuite| suite.tls13().is_some();
    let suites = provider.cipher_suites;
    for wanted in chosen {
        match suites.iter().find(|suite| name(suite) == *wanted) {
            Some(suite) if is_fixed(suite) => {
                return Err(ListenError::FixedCipherSuite(wanted.clone()));
            }
            Some(_) => {}
            None => {
                let known = suites.iter().filter(|suite| !is_fixed(suite)).map(name).collect();
                return Err(ListenError::CipherSuite(wanted.clone(), known));
            }
        }
    }
    let kept = suites.into_iter().filter(|suite| is_fixed(suite) || is_chosen(suite));
    provider.cipher_suites = kept.collect();
    Ok(provider)
}

/// Returns the IANA name of a suite.
fn name(suite: &SupportedCipherSuite) -> String {
    let name = format!("{:?}", suite.suite());
    // The library marks those of TLS 1.3 in its names.
    name.strip_prefix("TLS13_").map_or_else(|| name.clone(), |rest| format!("TLS_{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suites(chosen: &str) -> Result<Vec<String>, String> {
        let provider = provider(&[chosen.to_string()]).map_err(|error| error.to_string())?;
        Ok(provider.cipher_suites.iter().map(name).collect())
    }

    #[test]
    fn cipher_suites_are_chosen_by_name() {
        let kept = suites("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256").unwrap();
        assert!(kept.contains(&"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".to_string()));
        assert!(kept.contains(&"TLS_AES_128_GCM_SHA256".to_string()), "{kept:?}");
        assert_eq!(kept.len(), 4);
        let error = suites("TLS_AES_128_GCM_SHA256").unwrap_err();
        assert!(error.contains("cannot be chosen"), "{error}");
        let error = suites("TLS_RSA_WITH_RC4_128_SHA").unwrap_err();
        assert!(error.contains("`TLS_RSA_WITH_RC4_128_SHA`"), "{error}");
        assert!(error.contains("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"), "{error}");
        assert!(!error.contains("TLS_AES"), "{error}");
    }
}
