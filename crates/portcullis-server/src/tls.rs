//! TLS: which certificates, versions and ciphers, and certificates that change while it runs.
//!
//! Must not know: HTTP, sockets.
//!
//! Source: OPA documentation, "Security"; `v1/server/certs.go`.

mod certificate;
mod material;
mod subject;
mod watch;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;

pub(crate) use self::certificate::peer_certificates;
use self::material::{Digest, Material};
pub(crate) use self::watch::Watcher;
use crate::listen::ListenError;

/// Which certificates are shown and asked for, and what is spoken.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// File of the certificate and those between it and its authority, in PEM
    /// (`--tls-cert-file`); `file://` may stand before it.
    pub certificate: PathBuf,
    /// File of its key, in PEM (`--tls-private-key-file`).
    pub key: PathBuf,
    /// File of the authorities of clients, in PEM (`--tls-ca-cert-file`).
    pub client_authorities: Option<PathBuf>,
    /// Whether clients must show certificates (`--authentication=tls`).
    pub client_certificates: ClientCertificates,
    /// The oldest version that is spoken (`--min-tls-version`).
    pub min_version: TlsVersion,
    /// The IANA names of the cipher suites of TLS 1.2 that are spoken (`--tls-cipher-suites`);
    /// empty means all that are safe.
    pub cipher_suites: Vec<String>,
    /// How often the files are read again (`--tls-cert-refresh-period`); without it, when the
    /// system tells that they have changed.
    pub refresh_period: Option<Duration>,
}

/// Whether clients must show certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They are not asked.
    #[default]
    NotAsked,
    /// They must, and the certificates must be those of a known authority.
    Required,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2 and newer.
    #[default]
    V1_2,
    /// TLS 1.3.
    V1_3,
}

impl TlsVersion {
    /// Returns the version of `1.2` or `1.3`.
    ///
    /// Errors: [`ListenError::Version`], for anything else, `1.0` and `1.1` included.
    pub fn parse(text: &str) -> Result<Self, ListenError> {
        match text {
            "1.2" => Ok(Self::V1_2),
            "1.3" => Ok(Self::V1_3),
            _ => Err(ListenError::Version(text.to_string())),
        }
    }
}

/// What is in use now; handshakes take it as they begin.
#[derive(Debug)]
pub(crate) struct Tls {
    options: TlsOptions,
    config: ArcSwap<ServerConfig>,
    /// What was read last, whether or not it was of use: the same fault is told once.
    seen: Mutex<Digest>,
}

/// What reading the files again came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refresh {
    /// They hold what they held.
    Same,
    /// They are in use from now on.
    Replaced,
    /// They cannot be used; what was in use stays.
    Broken,
}

impl Tls {
    /// Returns what the files hold.
    ///
    /// Errors: they cannot be read, or not be used.
    pub(crate) fn load(options: &TlsOptions) -> Result<Self, ListenError> {
        let material = Material::read(options)?;
        let config = ArcSwap::from_pointee(material.config(options)?);
        Ok(Self { options: options.clone(), config, seen: Mutex::new(material.digest()) })
    }

    /// Returns what a handshake uses that begins now.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.config.load_full()
    }

    /// Reads the files, and uses them from now on if they have changed and can be used.
    fn refresh(&self) -> Refresh {
        let material = match Material::read(&self.options) {
            Ok(material) => material,
            Err(error) => return self.broken(Digest::default(), &error),
        };
        let digest = material.digest();
        if *self.seen.lock().unwrap_or_else(PoisonError::into_inner) == digest {
            return Refresh::Same;
        }
        match material.config(&self.options) {
            Ok(config) => {
                self.config.store(Arc::new(config));
                *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = digest;
                tracing::info!(
                    certificate = %self.options.certificate.display(),
                    "certificates have changed and are in use"
                );
                Refresh::Replaced
            }
            Err(error) => self.broken(digest, &error),
        }
    }

    fn broken(&self, digest: Digest, error: &ListenError) -> Refresh {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen != digest {
            *seen = digest;
            tracing::error!(%error, "cannot use the changed certificates: the old ones stay");
        }
        Refresh::Broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(TlsVersion::parse("1.2").unwrap(), TlsVersion::V1_2);
        assert_eq!(TlsVersion::parse("1.3").unwrap(), TlsVersion::V1_3);
        for text in ["1.0", "1.1", "", "1.4", "TLS1.2"] {
            assert!(TlsVersion::parse(text).is_err(), "{text}");
        }
    }
}
