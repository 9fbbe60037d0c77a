//! `client_tls`: a certificate of our own, read again as it is renewed.
//!
//! Must not know: other credentials.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Client, Identity};
use sha2::{Digest, Sha256};

use super::Setting;
use super::config::ClientTlsConfig;
use crate::config::invalid;
use crate::files::read_bytes;
use crate::private_key::{decrypted_pem, to_pem_text};
use crate::tls::{Trust, client};
use crate::transport::Transport;
use crate::{ClientOptions, RemoteError};

/// A client with a certificate, made anew when the files change.
pub(crate) struct ClientTls {
    key: String,
    config: ClientTlsConfig,
    trust: Trust,
    reread: Duration,
    state: Mutex<State>,
}

struct State {
    client: Client,
    read_at: Instant,
    /// Of both files: connections are given up only for a certificate that is another one.
    digest: [u8; 32],
}

struct Files {
    cert: Vec<u8>,
    private_key: Vec<u8>,
    digest: [u8; 32],
}

impl ClientTls {
    pub(crate) fn new(
        config: &ClientTlsConfig,
        setting: &Setting<'_>,
    ) -> Result<Self, RemoteError> {
        let key = setting.key("client_tls");
        for (name, value) in [("cert", &config.cert), ("private_key", &config.private_key)] {
            if value.is_empty() {
                return Err(invalid(&format!("{key}.{name}"), "a file must be given"));
            }
        }
        let files = read(&key, config)?;
        let made = make(&key, config, setting.trust, (setting.options, &files))?;
        let state = State { client: made, read_at: Instant::now(), digest: files.digest };
        Ok(Self {
            key,
            config: config.clone(),
            trust: setting.trust.clone(),
            reread: Duration::from_secs(config.cert_reread_interval_seconds),
            state: Mutex::new(state),
        })
    }

    /// Returns the client of the moment. Files that cannot be used, as in the middle of being
    /// written, change nothing: the last certificate may still be good.
    pub(crate) fn client(&self, transport: &Transport) -> Result<Client, RemoteError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.read_at.elapsed() >= self.reread {
            state.read_at = Instant::now();
            if let Err(error) = self.refresh(transport.options(), &mut state) {
                tracing::warn!(%error, "the client certificate stays as it was");
            }
        }
        Ok(state.client.clone())
    }

    fn refresh(&self, options: &ClientOptions, state: &mut State) -> Result<(), RemoteError> {
        let files = read(&self.key, &self.config)?;
        if files.digest != state.digest {
            state.client = make(&self.key, &self.config, &self.trust, (options, &files))?;
            state.digest = files.digest;
        }
        Ok(())
    }
}

fn read(key: &str, config: &ClientTlsConfig) -> Result<Files, RemoteError> {
    let cert = read_bytes(&format!("{key}.cert"), &config.cert)?;
    let private_key = read_bytes(&format!("{key}.private_key"), &config.private_key)?;
    let mut digest = Sha256::new();
    digest.update((cert.len() as u64).to_be_bytes());
    digest.update(&cert);
    digest.update(&private_key);
    Ok(Files { cert, private_key, digest: digest.finalize().into() })
}

fn make(
    key: &str,
    config: &ClientTlsConfig,
    trust: &Trust,
    (options, files): (&ClientOptions, &Files),
) -> Result<Client, RemoteError> {
    let cert = to_pem_text(&format!("{key}.cert"), &files.cert)?;
    let private_key = to_pem_text(&format!("{key}.private_key"), &files.private_key)?;
    let passphrase = &config.private_key_passphrase;
    let private_key = decrypted_pem(&format!("{key}.private_key"), private_key, passphrase)?;
    let certificates = only_certificates(cert);
    let identity = Identity::from_pem(format!("{certificates}\n{private_key}").as_bytes());
    let identity = identity.map_err(|_| {
        invalid(key, "`cert` and `private_key` must hold a certificate and a private key in PEM")
    })?;
    client(options, trust, Some(identity))
}

/// Leaves out what is no certificate: some keep the key in the same file.
fn only_certificates(pem: &str) -> String {
    let mut kept = String::new();
    let mut is_inside = false;
    for line in pem.lines() {
        is_inside = is_inside || line.starts_with("-----BEGIN CERTIFICATE-----");
        if is_inside {
            kept.push_str(line);
            kept.push('\n');
        }
        is_inside = is_inside && !line.starts_with("-----END ");
    }
    kept
}
