//! `azure_managed_identity`: tokens that Azure gives to its machines and apps.
//!
//! Must not know: other credentials.

use std::time::Duration;

use http::{HeaderValue, Method};
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

use super::config::AzureIdentityConfig;
use crate::cached::{Cached, Dated, in_seconds, seconds};
use crate::config::invalid;
use crate::outgoing::{Outgoing, parse_url};
use crate::transport::{Realm, Transport};
use crate::{Environment, RemoteError, Secret};

const ENDPOINT: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
const API_VERSION: &str = "2018-02-01";
const APP_SERVICE_API_VERSION: &str = "2019-08-01";
const RESOURCE: &str = "https://storage.azure.com/";

/// A token with less life than this is not used any more.
const TOKEN_MARGIN: Duration = Duration::from_secs(60);

/// Gets tokens and puts them into requests.
pub(crate) struct AzureIdentity {
    key: String,
    url: Url,
    is_app_service: bool,
    token: Cached<Secret>,
}

impl AzureIdentity {
    pub(crate) fn new(
        config: &AzureIdentityConfig,
        key: &str,
        environment: &Environment,
    ) -> Result<Self, RemoteError> {
        let app_service = environment.get("IDENTITY_ENDPOINT");
        let (endpoint, is_app_service) = match (config.endpoint.as_str(), app_service) {
            ("", Some(endpoint)) => (endpoint, true),
            ("", None) if config.use_app_service_msi => {
                let reason = "neither it nor `IDENTITY_ENDPOINT` is set";
                return Err(invalid(&format!("{key}.endpoint"), reason));
            }
            ("", None) => (ENDPOINT.to_string(), false),
            (endpoint, _) => (endpoint.to_string(), config.use_app_service_msi),
        };
        let version = if is_app_service { APP_SERVICE_API_VERSION } else { API_VERSION };
        let or = |given: &'_ String, default: &str| {
            if given.is_empty() { default.to_string() } else { given.clone() }
        };
        let mut url = parse_url(&format!("{key}.endpoint"), &endpoint)?;
        let fields = [
            ("api-version", or(&config.api_version, version)),
            ("resource", or(&config.resource, RESOURCE)),
            ("object_id", config.object_id.clone()),
            ("client_id", config.client_id.clone()),
            ("mi_res_id", config.mi_res_id.clone()),
        ];
        let given = fields.iter().filter(|(_, value)| !value.is_empty());
        url.query_pairs_mut().extend_pairs(given);
        let token = Cached::new(TOKEN_MARGIN);
        Ok(Self { key: key.to_string(), url, is_app_service, token })
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
        if self.is_app_service {
            let header = transport.environment().get("IDENTITY_HEADER").ok_or_else(|| {
                let text = format!("`{}`: `IDENTITY_HEADER` is not set", self.key);
                RemoteError::Credentials(text)
            })?;
            outgoing.header("IDENTITY_HEADER", "x-identity-header", &Secret::new(header))?;
        } else {
            outgoing.headers.insert("metadata", HeaderValue::from_static("true"));
        }
        let what = "a token of `azure_managed_identity`";
        let answer: Answer = transport.fetch_json(Realm::Local, what, outgoing).await?;
        Ok((answer.access_token.clone(), Some(in_seconds(answer.life()))))
    }
}

/// Azure writes numbers as text, App Service gives a time of the clock.
#[derive(Deserialize)]
struct Answer {
    access_token: Secret,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    expires_on: Value,
}

impl Answer {
    /// Returns the seconds the token has left. 0: nobody says.
    fn life(&self) -> u64 {
        if let Some(left) = seconds(&self.expires_in) {
            return left;
        }
        let now = jiff::Timestamp::now().as_second();
        let now = u64::try_from(now).unwrap_or(0);
        seconds(&self.expires_on).map_or(0, |time| time.saturating_sub(now))
    }
}
