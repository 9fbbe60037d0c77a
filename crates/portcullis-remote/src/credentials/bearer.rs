//! `bearer`: a token of the configuration or of a file.
//!
//! Must not know: other credentials.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Setting;
use super::config::BearerConfig;
use crate::config::{ServiceKind, invalid};
use crate::files::read_trimmed;
use crate::outgoing::Outgoing;
use crate::{RemoteError, Secret};

/// Puts a token into requests.
pub(crate) struct Bearer {
    key: String,
    token: Secret,
    token_path: String,
    scheme: String,
    is_encoded: bool,
}

impl Bearer {
    pub(crate) fn new(config: &BearerConfig, setting: &Setting<'_>) -> Result<Self, RemoteError> {
        if config.token.is_empty() == config.token_path.is_empty() {
            let reason = "exactly one of `token` and `token_path` must be given";
            return Err(invalid(&setting.key("bearer"), reason));
        }
        let scheme = if config.scheme.is_empty() { "Bearer" } else { &config.scheme };
        Ok(Self {
            key: setting.key("bearer.token_path"),
            token: config.token.clone(),
            token_path: config.token_path.clone(),
            scheme: scheme.to_string(),
            // A registry is given `user:password` in the configuration, base64 on the wire.
            is_encoded: setting.kind == ServiceKind::Oci,
        })
    }

    /// Reads the token anew where it is in a file: whoever rotates it tells nobody.
    pub(crate) fn apply(&self, outgoing: &mut Outgoing) -> Result<(), RemoteError> {
        let mut token = self.token.expose().to_string();
        if !self.token_path.is_empty() {
            token = read_trimmed(&self.key, &self.token_path)?;
        }
        if self.is_encoded {
            token = STANDARD.encode(token);
        }
        outgoing.authorize(&self.scheme, &token)
    }
}
