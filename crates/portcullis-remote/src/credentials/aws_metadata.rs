//! Keys of AWS from where the process runs: its environment, its container, its machine.
//!
//! Must not know: what is signed.

use http::{HeaderValue, Method};
use reqwest::Url;

use super::aws::{AwsKeys, KEYS_MARGIN, KeysDocument, region};
use super::config::MetadataConfig;
use crate::cached::{Cached, Dated};
use crate::files::read_trimmed;
use crate::outgoing::{Outgoing, parse_url};
use crate::transport::{Realm, Transport};
use crate::{Environment, RemoteError, Secret};

/// `environment_credentials`.
pub(crate) struct EnvironmentKeys;

impl EnvironmentKeys {
    /// Reads the variables anew for each request, as everything else does.
    pub(crate) fn keys(&self, environment: &Environment) -> Result<AwsKeys, RemoteError> {
        let need = |name: &str| {
            let missing = || RemoteError::Credentials(format!("`{name}` is not set"));
            environment.get(name).ok_or_else(missing)
        };
        let token =
            environment.get("AWS_SESSION_TOKEN").or_else(|| environment.get("AWS_SECURITY_TOKEN"));
        Ok(AwsKeys {
            access_key: need("AWS_ACCESS_KEY_ID")?,
            secret_key: Secret::new(need("AWS_SECRET_ACCESS_KEY")?),
            session_token: token.map(Secret::new),
            region: need("AWS_REGION")?,
        })
    }
}

/// Where a machine's metadata is; `AWS_EC2_METADATA_SERVICE_ENDPOINT` overrides it.
const MACHINE: &str = "http://169.254.169.254";

/// Where a container's keys are.
const CONTAINER: &str = "http://169.254.170.2";

/// How long a machine's metadata may be asked with one token.
const SESSION_SECONDS: &str = "21600";

const ROLES: &str = "latest/meta-data/iam/security-credentials/";

const WHAT: &str = "keys of the metadata service";

/// `metadata_credentials`.
pub(crate) struct MetadataKeys {
    key: String,
    region: String,
    role: String,
    keys: Cached<AwsKeys>,
}

impl MetadataKeys {
    pub(crate) fn new(config: &MetadataConfig, key: &str) -> Self {
        Self {
            key: key.to_string(),
            region: config.aws_region.clone(),
            role: config.iam_role.clone(),
            keys: Cached::new(KEYS_MARGIN),
        }
    }

    pub(crate) async fn keys(&self, transport: &Transport) -> Result<AwsKeys, RemoteError> {
        self.keys.get(self.fetch(transport)).await
    }

    async fn fetch(&self, transport: &Transport) -> Result<Dated<AwsKeys>, RemoteError> {
        let environment = transport.environment();
        let region = region(&self.key, &self.region, environment)?;
        let container = match self.role.is_empty() {
            true => self.container(environment)?,
            false => None,
        };
        let outgoing = match container {
            Some(outgoing) => outgoing,
            None => self.machine(transport).await?,
        };
        let keys: KeysDocument = transport.fetch_json(Realm::Local, WHAT, outgoing).await?;
        Ok(keys.dated(region))
    }

    /// Returns the request for a container's keys. None: this is no container of AWS.
    fn container(&self, environment: &Environment) -> Result<Option<Outgoing>, RemoteError> {
        let relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        let (name, url) = match relative {
            Some(path) => (
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                format!("{CONTAINER}/{}", path.trim_start_matches('/')),
            ),
            None => match environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
                Some(url) => ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url),
                None => return Ok(None),
            },
        };
        let mut outgoing = Outgoing::new(Method::GET, parse_url(name, &url)?);
        let file = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
        let token = match environment.get(file) {
            Some(path) => Some(read_trimmed(file, path)?),
            None => environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
        };
        if let Some(token) = token {
            outgoing.header(&self.key, "authorization", &Secret::new(token))?;
        }
        Ok(Some(outgoing))
    }

    /// Returns the request for a machine's keys, in the form that needs a token of the session
    /// (version 2): it is what keeps others from asking through us.
    async fn machine(&self, transport: &Transport) -> Result<Outgoing, RemoteError> {
        let name = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
        let endpoint = transport.environment().get(name).unwrap_or_else(|| MACHINE.to_string());
        let base = parse_url(name, &format!("{}/", endpoint.trim_end_matches('/')))?;
        let mut start = Outgoing::new(Method::PUT, self.join(&base, "latest/api/token")?);
        let seconds = HeaderValue::from_static(SESSION_SECONDS);
        start.headers.insert("x-aws-ec2-metadata-token-ttl-seconds", seconds);
        let token = transport.fetch(Realm::Local, WHAT, start).await?;
        let token = Secret::new(String::from_utf8_lossy(&token).trim());
        let ask = |url: Url| {
            let mut outgoing = Outgoing::new(Method::GET, url);
            outgoing.header(&self.key, "x-aws-ec2-metadata-token", &token)?;
            Ok::<_, RemoteError>(outgoing)
        };
        let mut role = self.role.clone();
        if role.is_empty() {
            let list = ask(self.join(&base, ROLES)?)?;
            let list = transport.fetch(Realm::Local, WHAT, list).await?;
            let list = String::from_utf8_lossy(&list).to_string();
            role = list.lines().next().unwrap_or_default().trim().to_string();
        }
        ask(self.join(&base, &format!("{ROLES}{role}"))?)
    }

    fn join(&self, base: &Url, path: &str) -> Result<Url, RemoteError> {
        base.join(path).map_err(|_| {
            RemoteError::Credentials(format!("`{}.iam_role`: no usable role", self.key))
        })
    }
}
