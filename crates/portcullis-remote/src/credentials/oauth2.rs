//! `oauth2`: tokens of an authorization server (RFC 6749, 7521 and 7523).
//!
//! Must not know: how a key signs, other credentials of a service.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Setting;
use super::config::OAuth2Config;
use super::key_vault::KeyVault;
use super::kms::Kms;
use super::sign::LocalKey;
use crate::cached::{Cached, Dated, in_seconds, seconds};
use crate::config::invalid;
use crate::files::read_trimmed;
use crate::hex::from_hex;
use crate::outgoing::{Outgoing, parse_header, parse_url};
use crate::transport::{Realm, Transport};
use crate::{RemoteError, Secret};

/// A token with less life than this is not used any more.
const TOKEN_MARGIN: Duration = Duration::from_secs(10);

/// How long an assertion is good for.
const ASSERTION_LIFE_SECONDS: u64 = 600;

/// What kind of assertion a JSON Web Token is (RFC 7523).
const JWT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The grant that is a JSON Web Token (RFC 7523).
const JWT_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Gets tokens and puts them into requests.
pub(crate) struct OAuth2 {
    key: String,
    config: OAuth2Config,
    token_url: Url,
    is_jwt_grant: bool,
    /// The thumbprint as a header of an assertion has it.
    x5t: Option<String>,
    signer: Option<Signer>,
    token: Cached<Secret>,
}

enum Signer {
    Local(Box<LocalKey>),
    Kms(Box<Kms>),
    KeyVault(Box<KeyVault>),
}

impl OAuth2 {
    pub(crate) fn new(config: &OAuth2Config, setting: &Setting<'_>) -> Result<Self, RemoteError> {
        let key = setting.key("oauth2");
        let token_url = parse_url(&format!("{key}.token_url"), &config.token_url)?;
        if token_url.scheme() != "https" {
            return Err(invalid(&format!("{key}.token_url"), "it must begin with `https://`"));
        }
        let is_jwt_grant = match config.grant_type.as_str() {
            "client_credentials" => false,
            "jwt_bearer" => true,
            other => {
                let reason = format!("`{other}` is neither `client_credentials` nor `jwt_bearer`");
                return Err(invalid(&format!("{key}.grant_type"), reason));
            }
        };
        for (name, value) in &config.additional_headers {
            parse_header(&format!("{key}.additional_headers"), name, value)?;
        }
        let signer = signer(&key, config, setting)?;
        check(&key, config, is_jwt_grant, signer.is_some())?;
        let x5t = thumbprint(&key, &config.thumbprint)?;
        let token = Cached::new(TOKEN_MARGIN);
        Ok(Self { key, config: config.clone(), token_url, is_jwt_grant, x5t, signer, token })
    }

    pub(crate) async fn apply(
        &self,
        transport: &Transport,
        outgoing: &mut Outgoing,
    ) -> Result<(), RemoteError> {
        let token = self.token.get(self.fetch(transport)).await?;
        outgoing.authorize("Bearer", token.expose())
    }

    async fn fetch(&self, transport: &Transport) -> Result<Dated<Secret>, RemoteError> {
        let request = self.token_request(transport).await?;
        let answer: Answer =
            transport.fetch_json(Realm::Public, "a token of `oauth2`", request).await?;
        if !answer.token_type.eq_ignore_ascii_case("bearer") {
            let reason = "the token is of a type that is not supported";
            return Err(RemoteError::Credentials(format!("`{}`: {reason}", self.key)));
        }
        let token = Secret::new(answer.access_token.expose().trim());
        // Without a word on its life it serves for one request (RFC 6749, 5.1 leaves it open).
        Ok((token, Some(in_seconds(seconds(&answer.expires_in).unwrap_or(0)))))
    }

    /// Returns the request for a token.
    async fn token_request(&self, transport: &Transport) -> Result<Outgoing, RemoteError> {
        let config = &self.config;
        let mut fields: Vec<(&str, String)> = Vec::new();
        if self.is_jwt_grant {
            fields.push(("grant_type", JWT_GRANT.to_string()));
            fields.push(("assertion", self.assertion(transport).await?));
        } else {
            fields.push(("grant_type", "client_credentials".to_string()));
            if let Some((kind, assertion)) = self.client_assertion(transport).await? {
                fields.push(("client_assertion_type", kind));
                fields.push(("client_assertion", assertion));
                if !config.client_id.is_empty() {
                    fields.push(("client_id", config.client_id.clone()));
                }
            }
        }
        if !config.scopes.is_empty() {
            fields.push(("scope", config.scopes.join(" ")));
        }
        for (name, value) in &config.additional_parameters {
            fields.retain(|(field, _)| field != name);
            fields.push((name, value.expose().to_string()));
        }
        let pairs = fields.iter().map(|(name, value)| (*name, value.as_str()));
        let mut outgoing = Outgoing::form(self.token_url.clone(), pairs);
        for (name, value) in &config.additional_headers {
            outgoing.header(&self.key, name, value)?;
        }
        if !config.client_secret.is_empty() {
            outgoing.authorize_basic(&config.client_id, config.client_secret.expose())?;
        }
        Ok(outgoing)
    }

    /// Returns kind and text of what proves who we are. None: the client's secret does.
    async fn client_assertion(
        &self,
        transport: &Transport,
    ) -> Result<Option<(String, String)>, RemoteError> {
        if self.signer.is_some() {
            return Ok(Some((JWT_ASSERTION.to_string(), self.assertion(transport).await?)));
        }
        let config = &self.config;
        let given = match config.client_assertion_type.as_str() {
            "" => JWT_ASSERTION,
            given => given,
        };
        if !config.client_assertion.is_empty() {
            let assertion = config.client_assertion.expose().to_string();
            return Ok(Some((given.to_string(), assertion)));
        }
        if !config.client_assertion_path.is_empty() {
            let key = format!("{}.client_assertion_path", self.key);
            let assertion = read_trimmed(&key, &config.client_assertion_path)?;
            return Ok(Some((given.to_string(), assertion)));
        }
        Ok(None)
    }

    /// Returns a signed assertion with the claims of the configuration.
    async fn assertion(&self, transport: &Transport) -> Result<String, RemoteError> {
        let signer = self.signer.as_ref();
        let signer = signer.ok_or_else(|| invalid(&self.key, "there is no key to sign with"))?;
        let algorithm = match signer {
            Signer::Local(key) => key.signing,
            Signer::Kms(kms) => kms.signing,
            Signer::KeyVault(vault) => vault.signing,
        };
        let mut header = json!({"typ": "JWT", "alg": algorithm.name()});
        if let (Some(x5t), Some(header)) = (&self.x5t, header.as_object_mut()) {
            header.insert("x5t".to_string(), json!(x5t));
        }
        let encode = |json: String| URL_SAFE_NO_PAD.encode(json);
        let claims = Value::Object(self.claims());
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = match signer {
            Signer::Local(key) => key
                .sign(message.as_bytes())
                .ok_or_else(|| invalid(&format!("{}.signing_key", self.key), "it does not sign"))?,
            Signer::Kms(kms) => kms.sign(transport, message.as_bytes()).await?,
            Signer::KeyVault(vault) => vault.sign(transport, message.as_bytes()).await?,
        };
        Ok(format!("{message}.{signature}"))
    }

    fn claims(&self) -> Map<String, Value> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let mut claims = Map::new();
        claims.insert("iat".to_string(), json!(now));
        claims.insert("exp".to_string(), json!(now + ASSERTION_LIFE_SECONDS));
        claims.extend(self.config.additional_claims.clone());
        if !self.config.scopes.is_empty() {
            claims.insert("scope".to_string(), json!(self.config.scopes.join(" ")));
        }
        if self.config.include_jti_claim {
            claims.insert("jti".to_string(), json!(uuid::Uuid::new_v4().to_string()));
        }
        claims
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: Secret,
    #[serde(default)]
    token_type: String,
    #[serde(default)]
    expires_in: Value,
}

fn signer(
    key: &str,
    config: &OAuth2Config,
    setting: &Setting<'_>,
) -> Result<Option<Signer>, RemoteError> {
    let id = &config.signing_key;
    let given = [!id.is_empty(), config.aws_kms.is_some(), config.azure_keyvault.is_some()];
    if given.iter().filter(|is_given| **is_given).count() > 1 {
        let reason = "at most one of `signing_key`, `aws_kms` and `azure_keyvault` may be given";
        return Err(invalid(key, reason));
    }
    if let Some(kms) = &config.aws_kms {
        return Ok(Some(Signer::Kms(Box::new(Kms::new(key, kms, config.aws_signing.as_ref())?))));
    }
    if let Some(vault) = &config.azure_keyvault {
        let signing = config.azure_signing.as_ref();
        let vault = KeyVault::new(key, vault, signing, &setting.options.environment)?;
        return Ok(Some(Signer::KeyVault(Box::new(vault))));
    }
    for (name, is_given) in [
        ("aws_signing", config.aws_signing.is_some()),
        ("azure_signing", config.azure_signing.is_some()),
    ] {
        if is_given {
            let reason = "it says who asks for signatures, but no key that signs is given";
            return Err(invalid(&format!("{key}.{name}"), reason));
        }
    }
    if id.is_empty() {
        return Ok(None);
    }
    let found = setting.keys.get(id).ok_or_else(|| {
        invalid(&format!("{key}.signing_key"), format_args!("there is no `keys.{id}`"))
    })?;
    Ok(Some(Signer::Local(Box::new(LocalKey::new(id, found)?))))
}

/// Refuses what would be ignored, and what cannot prove anything.
fn check(
    key: &str,
    config: &OAuth2Config,
    is_jwt_grant: bool,
    has_signer: bool,
) -> Result<(), RemoteError> {
    let has_secret = !config.client_secret.is_empty();
    let ready = [&config.client_assertion_path, config.client_assertion.expose()];
    let ready = ready.iter().filter(|text| !text.is_empty()).count();
    let proofs = ready + usize::from(has_secret) + usize::from(has_signer);
    if is_jwt_grant && !has_signer {
        let reason = "`jwt_bearer` needs `signing_key`, `aws_kms` or `azure_keyvault`";
        return Err(invalid(key, reason));
    }
    if has_secret && config.client_id.is_empty() {
        return Err(invalid(&format!("{key}.client_id"), "`client_secret` needs it"));
    }
    // A grant is no proof of who asks for it: a secret may go with it (RFC 7523, 3.1).
    let is_enough = if is_jwt_grant { ready == 0 } else { proofs == 1 };
    if is_jwt_grant && !is_enough {
        return Err(invalid(key, "`jwt_bearer` makes an assertion, and is given another one"));
    }
    if !is_enough {
        let reason = "exactly one of `client_secret`, `signing_key`, `aws_kms`, `azure_keyvault`, \
                      `client_assertion` and `client_assertion_path` must be given";
        return Err(invalid(key, reason));
    }
    Ok(())
}

/// Returns the thumbprint as RFC 7515 (4.1.7) has it.
fn thumbprint(key: &str, hex: &str) -> Result<Option<String>, RemoteError> {
    if hex.is_empty() {
        return Ok(None);
    }
    let bytes = from_hex(hex).ok_or_else(|| {
        invalid(&format!("{key}.thumbprint"), "it must be the SHA-1 of a certificate in hex")
    })?;
    Ok(Some(URL_SAFE_NO_PAD.encode(bytes)))
}
