//! `s3_signing`: requests that AWS's services know us by.
//!
//! Must not know: how keys are come by, how a signature is made.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;

use super::aws_metadata::{EnvironmentKeys, MetadataKeys};
use super::aws_profile::ProfileKeys;
use super::aws_sign::{SigningVersion, sign_request};
use super::aws_sso::SsoKeys;
use super::aws_sts::{AssumeRole, WebIdentity};
use super::config::AwsSigningConfig;
use crate::cached::{Cached, Dated, seconds};
use crate::config::invalid;
use crate::outgoing::{Outgoing, parse_url};
use crate::transport::{Realm, Transport};
use crate::{Environment, RemoteError, Secret};

/// Keys with less life than this are not used any more.
pub(crate) const KEYS_MARGIN: Duration = Duration::from_secs(300);

/// The domain of AWS where none is named.
const DOMAIN: &str = "amazonaws.com";

/// What signs a request.
#[derive(Clone)]
pub(crate) struct AwsKeys {
    pub(crate) access_key: String,
    pub(crate) secret_key: Secret,
    pub(crate) session_token: Option<Secret>,
    pub(crate) region: String,
}

/// Signs requests, with the keys of whichever source has some.
pub(crate) struct AwsSigning {
    key: String,
    service: String,
    version: SigningVersion,
    sources: Vec<Source>,
    /// A registry takes a token, which is given for a signature.
    ecr_token: Cached<Secret>,
}

/// Where keys come from.
enum Source {
    Environment(EnvironmentKeys),
    AssumeRole(Box<AssumeRole>),
    WebIdentity(WebIdentity),
    Profile(ProfileKeys),
    Sso(SsoKeys),
    Metadata(MetadataKeys),
}

impl AwsSigning {
    /// Errors: no source of keys, or a signature we do not know; `key` is said to be at fault.
    pub(crate) fn new(config: &AwsSigningConfig, key: &str) -> Result<Self, RemoteError> {
        let version = match config.signature_version.as_str() {
            "" | "4" => SigningVersion::V4,
            "4a" => SigningVersion::V4a,
            other => {
                let reason = format!("`{other}` is neither `4` nor `4a`");
                return Err(invalid(&format!("{key}.signature_version"), reason));
            }
        };
        let service = if config.service.is_empty() { "s3" } else { &config.service };
        let sources = sources(config, key)?;
        if sources.is_empty() {
            let reason = "it needs at least one of `environment_credentials`, \
                `assume_role_credentials`, `web_identity_credentials`, `profile_credentials`, \
                `sso_credentials` and `metadata_credentials`";
            return Err(invalid(key, reason));
        }
        Ok(Self {
            key: key.to_string(),
            service: service.to_string(),
            version,
            sources,
            ecr_token: Cached::new(KEYS_MARGIN),
        })
    }

    /// As for any credential; a registry is given a token.
    pub(crate) async fn apply(
        &self,
        transport: &Transport,
        outgoing: &mut Outgoing,
    ) -> Result<(), RemoteError> {
        if self.service != "ecr" {
            return self.sign(transport, outgoing).await;
        }
        let token = self.ecr_token.get(self.fetch_ecr_token(transport)).await?;
        outgoing.authorize("Basic", token.expose())
    }

    /// Signs a request that is complete.
    pub(crate) async fn sign(
        &self,
        transport: &Transport,
        outgoing: &mut Outgoing,
    ) -> Result<(), RemoteError> {
        let keys = self.keys(transport).await?;
        sign_request(&keys, &self.service, self.version, outgoing)
    }

    /// Returns the address of a service in the region of the keys.
    pub(crate) async fn endpoint(
        &self,
        transport: &Transport,
        service: &str,
    ) -> Result<Url, RemoteError> {
        let region = self.keys(transport).await?.region;
        endpoint(transport.environment(), service, &region, "")
    }

    /// Returns the keys of the first source that has some.
    async fn keys(&self, transport: &Transport) -> Result<AwsKeys, RemoteError> {
        let mut reasons = Vec::new();
        for source in &self.sources {
            let found = match source {
                Source::Environment(source) => source.keys(transport.environment()),
                Source::Profile(source) => source.keys(transport.environment()),
                // Boxed, because it has sources of its own.
                Source::AssumeRole(source) => Box::pin(source.keys(transport)).await,
                Source::WebIdentity(source) => source.keys(transport).await,
                Source::Sso(source) => source.keys(transport).await,
                Source::Metadata(source) => source.keys(transport).await,
            };
            match found {
                Ok(keys) => return Ok(keys),
                Err(error) => reasons.push(error.to_string()),
            }
        }
        let reasons = reasons.join("; ");
        Err(RemoteError::Credentials(format!("`{}`: no keys of AWS: {reasons}", self.key)))
    }

    async fn fetch_ecr_token(&self, transport: &Transport) -> Result<Dated<Secret>, RemoteError> {
        let keys = self.keys(transport).await?;
        let environment = transport.environment();
        let mut url = endpoint(environment, "ecr", &keys.region, "")?;
        if let Some(host) = url.host_str().and_then(|host| host.strip_prefix("ecr.")) {
            let host = format!("api.ecr.{host}");
            url.set_host(Some(&host)).map_err(|_| invalid(&self.key, "the region is unusable"))?;
        }
        let mut outgoing = Outgoing::json(url, &json!({}), "application/x-amz-json-1.1");
        outgoing.target("AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
        sign_request(&keys, "ecr", self.version, &mut outgoing)?;
        let what = "a token of ECR";
        let answer: EcrAnswer = transport.fetch_json(Realm::Public, what, outgoing).await?;
        let broken = || RemoteError::Credentials("the token of ECR is broken".to_string());
        let data = answer.authorization_data.into_iter().next().ok_or_else(broken)?;
        STANDARD.decode(data.authorization_token.expose()).map_err(|_| broken())?;
        let expires_at = seconds(&data.expires_at).unwrap_or(0);
        let expiry = std::time::UNIX_EPOCH.checked_add(Duration::from_secs(expires_at));
        Ok((data.authorization_token, expiry))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EcrAnswer {
    #[serde(default)]
    authorization_data: Vec<EcrToken>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EcrToken {
    authorization_token: Secret,
    #[serde(default)]
    expires_at: serde_json::Value,
}

/// Sources in the order in which they are asked, which is that of OPA.
fn sources(config: &AwsSigningConfig, key: &str) -> Result<Vec<Source>, RemoteError> {
    let mut sources = Vec::new();
    if config.environment_credentials.is_some() {
        sources.push(Source::Environment(EnvironmentKeys));
    }
    if let Some(config) = &config.assume_role_credentials {
        let key = format!("{key}.assume_role_credentials");
        sources.push(Source::AssumeRole(Box::new(AssumeRole::new(config, &key)?)));
    }
    if let Some(config) = &config.web_identity_credentials {
        let key = format!("{key}.web_identity_credentials");
        sources.push(Source::WebIdentity(WebIdentity::new(config, &key)));
    }
    if let Some(config) = &config.profile_credentials {
        let key = format!("{key}.profile_credentials");
        sources.push(Source::Profile(ProfileKeys::new(config, &key)));
    }
    if let Some(config) = &config.sso_credentials {
        sources.push(Source::Sso(SsoKeys::new(config, &format!("{key}.sso_credentials"))));
    }
    if let Some(config) = &config.metadata_credentials {
        let key = format!("{key}.metadata_credentials");
        sources.push(Source::Metadata(MetadataKeys::new(config, &key)));
    }
    Ok(sources)
}

/// Returns the configured region, or that of the environment.
pub(crate) fn region(
    key: &str,
    configured: &str,
    environment: &Environment,
) -> Result<String, RemoteError> {
    if !configured.is_empty() {
        return Ok(configured.to_string());
    }
    environment.get("AWS_REGION").or_else(|| environment.get("AWS_DEFAULT_REGION")).ok_or_else(
        || {
            RemoteError::Credentials(format!(
                "`{key}.aws_region`: neither it nor `AWS_REGION` is set"
            ))
        },
    )
}

/// Returns the address of one of AWS's own services. `AWS_ENDPOINT_URL_<SERVICE>` and
/// `AWS_ENDPOINT_URL` come first, as in AWS's own tools.
pub(crate) fn endpoint(
    environment: &Environment,
    service: &str,
    region: &str,
    domain: &str,
) -> Result<Url, RemoteError> {
    let own = format!("AWS_ENDPOINT_URL_{}", service.to_ascii_uppercase());
    for name in [own.as_str(), "AWS_ENDPOINT_URL"] {
        if let Some(url) = environment.get(name) {
            return parse_url(name, &url);
        }
    }
    let of_environment = environment.get("AWS_DOMAIN");
    let domain = match domain {
        "" => of_environment.as_deref().unwrap_or(DOMAIN),
        domain => domain,
    };
    parse_url("aws_region", &format!("https://{service}.{region}.{domain}/"))
}

/// Keys as AWS's metadata services, STS and SSO write them in JSON.
#[derive(Deserialize)]
pub(crate) struct KeysDocument {
    #[serde(alias = "AccessKeyId", alias = "accessKeyId")]
    access_key: String,
    #[serde(alias = "SecretAccessKey", alias = "secretAccessKey")]
    secret_key: Secret,
    #[serde(alias = "Token", alias = "SessionToken", alias = "sessionToken")]
    session_token: Option<Secret>,
    #[serde(alias = "Expiration", alias = "expiration")]
    expiration: Option<serde_json::Value>,
}

impl KeysDocument {
    /// Returns the keys for a region, and until when they are good.
    pub(crate) fn dated(self, region: String) -> Dated<AwsKeys> {
        let expiry = self.expiration.as_ref().map(|value| {
            // An expiry we cannot read: good for one request.
            parse_expiry(value).unwrap_or(std::time::UNIX_EPOCH)
        });
        let (access_key, secret_key) = (self.access_key, self.secret_key);
        (AwsKeys { access_key, secret_key, session_token: self.session_token, region }, expiry)
    }
}

/// A time in words (RFC 3339), or in milliseconds since 1970.
fn parse_expiry(value: &serde_json::Value) -> Option<std::time::SystemTime> {
    if let Some(milliseconds) = value.as_u64() {
        return std::time::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds));
    }
    parse_time(value.as_str()?)
}

/// Returns a time in words (RFC 3339).
pub(crate) fn parse_time(text: &str) -> Option<std::time::SystemTime> {
    let time: jiff::Timestamp = text.parse().ok()?;
    let seconds = u64::try_from(time.as_second()).ok()?;
    std::time::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
