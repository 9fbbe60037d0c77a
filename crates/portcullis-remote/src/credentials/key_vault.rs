//! `azure_keyvault`: a key that Azure keeps signs for us.
//!
//! Must not know: what is signed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;

use super::azure::AzureIdentity;
use super::config::{AzureIdentityConfig, AzureKeyVaultConfig, AzureSigningConfig};
use super::sign::{Family, Signing};
use crate::config::invalid;
use crate::outgoing::{Outgoing, parse_url};
use crate::transport::{Realm, Transport};
use crate::{Environment, RemoteError};

/// What a token must be for, unless the configuration says otherwise.
const RESOURCE: &str = "https://vault.azure.net";

/// A key of a vault.
pub(crate) struct KeyVault {
    pub(crate) signing: Signing,
    url: Url,
    identity: AzureIdentity,
}

impl KeyVault {
    pub(crate) fn new(
        key: &str,
        config: &AzureKeyVaultConfig,
        signing: Option<&AzureSigningConfig>,
        environment: &Environment,
    ) -> Result<Self, RemoteError> {
        let key_vault = format!("{key}.azure_keyvault");
        for (name, value) in [("key", &config.key), ("vault", &config.vault)] {
            if value.is_empty() {
                return Err(invalid(&format!("{key_vault}.{name}"), "it must be given"));
            }
        }
        let algorithm = &config.key_algorithm;
        let parsed = Signing::parse(algorithm).filter(|signing| signing.family != Family::Hmac);
        let parsed = parsed.ok_or_else(|| {
            let reason = format!("`{algorithm}` is no signing algorithm of a vault");
            invalid(&format!("{key_vault}.key_algorithm"), reason)
        })?;
        let key_signing = format!("{key}.azure_signing");
        let signing = signing.filter(|signing| signing.azure_managed_identity.is_some());
        let signing = signing.ok_or_else(|| {
            invalid(&format!("{key_signing}.azure_managed_identity"), "`azure_keyvault` needs it")
        })?;
        if signing.service != "keyvault" {
            return Err(invalid(&format!("{key_signing}.service"), "it must be `keyvault`"));
        }
        let mut identity = signing.azure_managed_identity.clone().unwrap_or_default();
        if identity.resource.is_empty() {
            identity = AzureIdentityConfig { resource: RESOURCE.to_string(), ..identity };
        }
        let identity_key = format!("{key_signing}.azure_managed_identity");
        Ok(Self {
            signing: parsed,
            url: sign_url(&key_vault, config)?,
            identity: AzureIdentity::new(&identity, &identity_key, environment)?,
        })
    }

    /// Returns the signature in base64url.
    pub(crate) async fn sign(
        &self,
        transport: &Transport,
        message: &[u8],
    ) -> Result<String, RemoteError> {
        let digest = URL_SAFE_NO_PAD.encode(self.signing.digest(message));
        let body = json!({"alg": self.signing.name(), "value": digest});
        let mut outgoing = Outgoing::json(self.url.clone(), &body, "application/json");
        self.identity.apply(transport, &mut outgoing).await?;
        let what = "a signature of `azure_keyvault`";
        let answer: Answer = transport.fetch_json(Realm::Public, what, outgoing).await?;
        let value = answer.value.trim_end_matches('=').to_string();
        if URL_SAFE_NO_PAD.decode(&value).map_or(true, |raw| raw.is_empty()) {
            let text = "the signature of `azure_keyvault` is broken";
            return Err(RemoteError::Credentials(text.to_string()));
        }
        Ok(value)
    }
}

fn sign_url(key: &str, config: &AzureKeyVaultConfig) -> Result<Url, RemoteError> {
    let vault = match config.vault.contains("://") {
        true => config.vault.clone(),
        false => format!("https://{}.vault.azure.net", config.vault),
    };
    let mut url = parse_url(&format!("{key}.vault"), &vault)?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(["keys", &config.key]);
        // Without a version it is the newest one.
        if !config.key_version.is_empty() {
            segments.push(&config.key_version);
        }
        segments.push("sign");
    }
    url.query_pairs_mut().append_pair("api-version", &config.api_version);
    Ok(url)
}

#[derive(Deserialize)]
struct Answer {
    value: String,
}
