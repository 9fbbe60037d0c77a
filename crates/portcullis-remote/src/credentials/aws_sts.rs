//! Keys of a role of AWS: assumed with other keys, or for a token of an identity provider.
//!
//! Must not know: what is signed.

use std::time::UNIX_EPOCH;

use bytes::Bytes;

use super::aws::{AwsKeys, AwsSigning, KEYS_MARGIN, endpoint, parse_time, region};
use super::config::{AssumeRoleConfig, AwsSigningConfig, WebIdentityConfig};
use crate::cached::{Cached, Dated};
use crate::config::invalid;
use crate::files::read_trimmed;
use crate::outgoing::Outgoing;
use crate::transport::{Realm, Transport};
use crate::{Environment, RemoteError, Secret};

/// What a session is called where the configuration has no name for it.
const SESSION_NAME: &str = "open-policy-agent";

/// The version of the API.
const API_VERSION: &str = "2011-06-15";

/// How long keys shall be good for.
const DURATION_SECONDS: &str = "3600";

/// `assume_role_credentials`.
pub(crate) struct AssumeRole {
    key: String,
    config: AssumeRoleConfig,
    signer: AwsSigning,
    keys: Cached<AwsKeys>,
}

impl AssumeRole {
    pub(crate) fn new(config: &AssumeRoleConfig, key: &str) -> Result<Self, RemoteError> {
        let signing_key = format!("{key}.aws_signing");
        let signing = config.aws_signing.as_ref();
        let signing = signing.ok_or_else(|| invalid(&signing_key, "it must be given"))?;
        let signing = AwsSigningConfig { service: "sts".to_string(), ..signing.clone() };
        let signer = AwsSigning::new(&signing, &signing_key)?;
        let keys = Cached::new(KEYS_MARGIN);
        Ok(Self { key: key.to_string(), config: config.clone(), signer, keys })
    }

    pub(crate) async fn keys(&self, transport: &Transport) -> Result<AwsKeys, RemoteError> {
        self.keys.get(self.fetch(transport)).await
    }

    async fn fetch(&self, transport: &Transport) -> Result<Dated<AwsKeys>, RemoteError> {
        let (config, environment) = (&self.config, transport.environment());
        let region = region(&self.key, &config.aws_region, environment)?;
        let role = match config.iam_role_arn.as_str() {
            "" => variable(&format!("{}.iam_role_arn", self.key), "AWS_ROLE_ARN", environment)?,
            role => role.to_string(),
        };
        let url = endpoint(environment, "sts", &region, &config.aws_domain)?;
        let fields = [
            ("Action", "AssumeRole"),
            ("Version", API_VERSION),
            ("DurationSeconds", DURATION_SECONDS),
            ("RoleArn", &role),
            ("RoleSessionName", session_name(&config.session_name)),
        ];
        let mut outgoing = Outgoing::form(url, fields);
        self.signer.sign(transport, &mut outgoing).await?;
        let what = "keys of `assume_role_credentials`";
        let answer = transport.fetch(Realm::Public, what, outgoing).await?;
        read_keys(&self.key, &answer, region)
    }
}

/// `web_identity_credentials`.
pub(crate) struct WebIdentity {
    key: String,
    config: WebIdentityConfig,
    keys: Cached<AwsKeys>,
}

impl WebIdentity {
    pub(crate) fn new(config: &WebIdentityConfig, key: &str) -> Self {
        let keys = Cached::new(KEYS_MARGIN);
        Self { key: key.to_string(), config: config.clone(), keys }
    }

    pub(crate) async fn keys(&self, transport: &Transport) -> Result<AwsKeys, RemoteError> {
        self.keys.get(self.fetch(transport)).await
    }

    async fn fetch(&self, transport: &Transport) -> Result<Dated<AwsKeys>, RemoteError> {
        let (config, environment) = (&self.config, transport.environment());
        let region = region(&self.key, &config.aws_region, environment)?;
        let role = variable(&self.key, "AWS_ROLE_ARN", environment)?;
        let file = variable(&self.key, "AWS_WEB_IDENTITY_TOKEN_FILE", environment)?;
        let token = read_trimmed("AWS_WEB_IDENTITY_TOKEN_FILE", file)?;
        let url = endpoint(environment, "sts", &region, &config.aws_domain)?;
        let fields = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", API_VERSION),
            ("DurationSeconds", DURATION_SECONDS),
            ("RoleArn", &role),
            ("RoleSessionName", session_name(&config.session_name)),
            ("WebIdentityToken", &token),
        ];
        let outgoing = Outgoing::form(url, fields);
        let what = "keys of `web_identity_credentials`";
        let answer = transport.fetch(Realm::Public, what, outgoing).await?;
        read_keys(&self.key, &answer, region)
    }
}

fn session_name(configured: &str) -> &str {
    if configured.is_empty() { SESSION_NAME } else { configured }
}

fn variable(key: &str, name: &str, environment: &Environment) -> Result<String, RemoteError> {
    let missing = || RemoteError::Credentials(format!("`{key}`: `{name}` is not set"));
    environment.get(name).ok_or_else(missing)
}

/// Reads the answer, which is XML.
fn read_keys(key: &str, answer: &Bytes, region: String) -> Result<Dated<AwsKeys>, RemoteError> {
    let text = String::from_utf8_lossy(answer);
    let need = |name: &str| {
        let missing = || RemoteError::Credentials(format!("`{key}`: the answer has no `{name}`"));
        element(&text, name).ok_or_else(missing)
    };
    let keys = AwsKeys {
        access_key: need("AccessKeyId")?.to_string(),
        secret_key: Secret::new(need("SecretAccessKey")?),
        session_token: Some(Secret::new(need("SessionToken")?)),
        region,
    };
    Ok((keys, Some(parse_time(need("Expiration")?).unwrap_or(UNIX_EPOCH))))
}

/// Returns the text of the first element of that name. The four we read hold no markup, no
/// entities, and occur once.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.trim()).filter(|text| !text.is_empty() && !text.contains(['<', '&']))
}
