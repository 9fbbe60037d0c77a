//! `sso_credentials`: keys of AWS for somebody who has signed in with AWS's own tools.
//!
//! Must not know: what is signed.

use http::Method;
use serde::Deserialize;
use serde_json::json;
use sha1::{Digest, Sha1};

use super::aws::{AwsKeys, KEYS_MARGIN, KeysDocument, endpoint, parse_time};
use super::aws_profile::{Sections, home, path_or, profile_or, sections};
use super::config::SsoConfig;
use crate::cached::{Cached, Dated};
use crate::files::{read_bytes, read_trimmed};
use crate::hex::to_hex;
use crate::outgoing::{Outgoing, parse_url};
use crate::transport::{Realm, Transport};
use crate::{Environment, RemoteError, Secret};

const WHAT: &str = "keys of `sso_credentials`";

/// `sso_credentials`.
pub(crate) struct SsoKeys {
    key: String,
    config: SsoConfig,
    keys: Cached<AwsKeys>,
}

/// What a profile says about signing in.
struct Session {
    start_url: String,
    region: String,
    account: String,
    role: String,
    /// Of the keys, not of where one signs in.
    keys_region: String,
    /// What the name of the token's file is made of.
    cache_name: String,
}

/// A token as AWS's tools keep it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    access_token: Secret,
    expires_at: String,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    refresh_token: Option<Secret>,
}

impl SsoKeys {
    pub(crate) fn new(config: &SsoConfig, key: &str) -> Self {
        let keys = Cached::new(KEYS_MARGIN);
        Self { key: key.to_string(), config: config.clone(), keys }
    }

    pub(crate) async fn keys(&self, transport: &Transport) -> Result<AwsKeys, RemoteError> {
        self.keys.get(self.fetch(transport)).await
    }

    async fn fetch(&self, transport: &Transport) -> Result<Dated<AwsKeys>, RemoteError> {
        let environment = transport.environment();
        let session = self.session(environment)?;
        let token = self.token(transport, &session).await?;
        let mut url = match environment.get("AWS_ENDPOINT_URL_SSO") {
            Some(url) => parse_url("AWS_ENDPOINT_URL_SSO", &url)?,
            None => endpoint(environment, "portal.sso", &session.region, "")?,
        };
        url.set_path("/federation/credentials");
        let query = [("account_id", &session.account), ("role_name", &session.role)];
        url.query_pairs_mut().clear().extend_pairs(query);
        let mut outgoing = Outgoing::new(Method::GET, url);
        outgoing.header(&self.key, "x-amz-sso_bearer_token", &token)?;
        let answer: Answer = transport.fetch_json(Realm::Public, WHAT, outgoing).await?;
        Ok(answer.role_credentials.dated(session.keys_region))
    }

    fn fail(&self, reason: &str) -> RemoteError {
        RemoteError::Credentials(format!("`{}`: {reason}", self.key))
    }

    fn session(&self, environment: &Environment) -> Result<Session, RemoteError> {
        let path = path_or(&self.config.path, "AWS_CONFIG_FILE", "config");
        let path = path(environment, &self.key)?;
        let sections = sections(&read_trimmed(&format!("{}.path", self.key), path)?);
        let profile = profile_or(&self.config.profile, environment);
        read_session(&sections, &profile).ok_or_else(|| {
            self.fail(&format!("profile `{profile}` does not say where to sign in, and as whom"))
        })
    }

    /// Returns the token of who signed in, renewed if it is too old and can be.
    async fn token(&self, transport: &Transport, session: &Session) -> Result<Secret, RemoteError> {
        let environment = transport.environment();
        let directory = match self.config.cache_path.as_str() {
            "" => home(environment, &self.key)?.join("sso").join("cache"),
            path => path.into(),
        };
        let name = to_hex(&Sha1::digest(session.cache_name.as_bytes()));
        let path = directory.join(format!("{name}.json"));
        let bytes = read_bytes(&format!("{}.cache_path", self.key), path)?;
        let token: Token = serde_json::from_slice(&bytes)
            .map_err(|_| self.fail("the kept token is broken: sign in again"))?;
        let expiry = parse_time(&token.expires_at);
        let now = std::time::SystemTime::now();
        if expiry.is_some_and(|expiry| expiry > now) {
            return Ok(token.access_token);
        }
        self.renewed(transport, session, &token).await
    }

    async fn renewed(
        &self,
        transport: &Transport,
        session: &Session,
        token: &Token,
    ) -> Result<Secret, RemoteError> {
        let (Some(id), Some(secret), Some(refresh)) =
            (&token.client_id, &token.client_secret, &token.refresh_token)
        else {
            let start = &session.start_url;
            return Err(self.fail(&format!("the kept token has expired: sign in at `{start}`")));
        };
        let environment = transport.environment();
        let mut url = match environment.get("AWS_ENDPOINT_URL_SSO_OIDC") {
            Some(url) => parse_url("AWS_ENDPOINT_URL_SSO_OIDC", &url)?,
            None => endpoint(environment, "oidc", &session.region, "")?,
        };
        url.set_path("/token");
        let body = json!({
            "clientId": id,
            "clientSecret": secret.expose(),
            "grantType": "refresh_token",
            "refreshToken": refresh.expose(),
        });
        let outgoing = Outgoing::json(url, &body, "application/json");
        let answer: Renewed = transport.fetch_json(Realm::Public, WHAT, outgoing).await?;
        Ok(answer.access_token)
    }
}

fn read_session(sections: &Sections, profile: &str) -> Option<Session> {
    let named = sections.get(&format!("profile {profile}"));
    let section = named.or_else(|| sections.get(profile))?;
    let shared = section.get("sso_session").map(|name| (name, format!("sso-session {name}")));
    let shared_section = shared.as_ref().and_then(|(_, name)| sections.get(name));
    let get = |key: &str| {
        let own = section.get(key);
        own.or_else(|| shared_section?.get(key)).filter(|value| !value.is_empty()).cloned()
    };
    let (start_url, region) = (get("sso_start_url")?, get("sso_region")?);
    let cache_name = shared.as_ref().map_or_else(|| start_url.clone(), |(name, _)| (*name).clone());
    Some(Session {
        account: get("sso_account_id")?,
        role: get("sso_role_name")?,
        keys_region: get("region").unwrap_or_else(|| region.clone()),
        start_url,
        region,
        cache_name,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    role_credentials: KeysDocument,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Renewed {
    access_token: Secret,
}
