//! `gcp_metadata`: tokens that Google gives to its machines.
//!
//! Must not know: other credentials.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, Method};
use reqwest::Url;
use serde::Deserialize;

use super::Setting;
use super::config::GcpMetadataConfig;
use crate::cached::{Cached, Dated, in_seconds, seconds};
use crate::config::invalid;
use crate::outgoing::{Outgoing, parse_url};
use crate::transport::{Realm, Transport};
use crate::{RemoteError, Secret};

const ENDPOINT: &str = "http://metadata.google.internal";
const ACCESS_TOKEN_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
const IDENTITY_TOKEN_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/identity";

/// A token with less life than this is not used any more.
const TOKEN_MARGIN: Duration = Duration::from_secs(10);

const WHAT: &str = "a token of `gcp_metadata`";

/// Gets tokens and puts them into requests.
pub(crate) struct GcpMetadata {
    url: Url,
    is_identity: bool,
    token: Cached<Secret>,
}

impl GcpMetadata {
    pub(crate) fn new(
        config: &GcpMetadataConfig,
        setting: &Setting<'_>,
    ) -> Result<Self, RemoteError> {
        let is_identity = !config.audience.is_empty();
        if is_identity != config.scopes.is_empty() {
            let reason = "exactly one of `audience` and `scopes` must be given";
            return Err(invalid(&setting.key("gcp_metadata"), reason));
        }
        let or = |given: &str, default: &str| {
            if given.is_empty() { default.to_string() } else { given.to_string() }
        };
        let path = match is_identity {
            true => or(&config.identity_token_path, IDENTITY_TOKEN_PATH),
            false => or(&config.access_token_path, ACCESS_TOKEN_PATH),
        };
        let endpoint = or(&config.endpoint, ENDPOINT);
        let whole = format!("{}/{}", endpoint.trim_end_matches('/'), path.trim_start_matches('/'));
        let mut url = parse_url(&setting.key("gcp_metadata.endpoint"), &whole)?;
        match is_identity {
            true => url.query_pairs_mut().append_pair("audience", &config.audience),
            false => url.query_pairs_mut().append_pair("scopes", &config.scopes.join(",")),
        };
        Ok(Self { url, is_identity, token: Cached::new(TOKEN_MARGIN) })
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
        let mut outgoing = Outgoing::new(Method::GET, self.url.clone());
        outgoing.headers.insert("metadata-flavor", HeaderValue::from_static("Google"));
        if !self.is_identity {
            let answer: AccessToken = transport.fetch_json(Realm::Local, WHAT, outgoing).await?;
            return Ok((
                answer.access_token,
                Some(in_seconds(seconds(&answer.expires_in).unwrap_or(0))),
            ));
        }
        let body = transport.fetch(Realm::Local, WHAT, outgoing).await?;
        let token = String::from_utf8_lossy(&body).trim().to_string();
        // A token we cannot read serves for one request.
        let expiry = expiry(&token).unwrap_or(UNIX_EPOCH);
        Ok((Secret::new(token), Some(expiry)))
    }
}

#[derive(Deserialize)]
struct AccessToken {
    access_token: Secret,
    #[serde(default)]
    expires_in: serde_json::Value,
}

/// Returns the time of `exp`. The token is not checked: it is not for us.
fn expiry(token: &str) -> Option<SystemTime> {
    #[derive(Deserialize)]
    struct Claims {
        exp: u64,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(in_seconds(claims.exp.checked_sub(now)?))
}
