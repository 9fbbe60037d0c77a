//! Who we are, in one of the ways a service may ask for it.
//!
//! Must not know: what a request is about.

mod aws;
mod aws_metadata;
mod aws_profile;
mod aws_sign;
mod aws_sso;
mod aws_sts;
mod azure;
mod bearer;
mod client_tls;
pub(crate) mod config;
mod gcp;
mod key_vault;
mod kms;
mod oauth2;
mod sign;

use std::collections::BTreeMap;

use crate::config::{CredentialsConfig, KeyConfig, ServiceKind, invalid};
use crate::outgoing::Outgoing;
use crate::tls::Trust;
use crate::transport::Transport;
use crate::{ClientOptions, RemoteError};

/// What credentials are set up with.
pub(crate) struct Setting<'a> {
    /// The key of the service in the configuration.
    pub(crate) service: &'a str,
    pub(crate) keys: &'a BTreeMap<String, KeyConfig>,
    pub(crate) options: &'a ClientOptions,
    pub(crate) trust: &'a Trust,
    pub(crate) kind: ServiceKind,
}

impl Setting<'_> {
    /// Returns the whole key of a credential's key.
    fn key(&self, rest: &str) -> String {
        format!("{}.credentials.{rest}", self.service)
    }
}

/// The credentials of a service.
pub(crate) enum Credentials {
    None,
    Bearer(bearer::Bearer),
    ClientTls(client_tls::ClientTls),
    OAuth2(Box<oauth2::OAuth2>),
    Aws(Box<aws::AwsSigning>),
    Gcp(gcp::GcpMetadata),
    Azure(azure::AzureIdentity),
}

impl Credentials {
    /// Errors: more than one credential, one we do not have, or one that cannot work.
    pub(crate) fn new(
        config: &CredentialsConfig,
        setting: &Setting<'_>,
    ) -> Result<Self, RemoteError> {
        if let [first, second, ..] = config.given().as_slice() {
            let both = format!("both `{first}` and `{second}` are given, where at most one may be");
            return Err(invalid(&format!("{}.credentials", setting.service), both));
        }
        if let Some(plugin) = &config.plugin {
            return Err(invalid(&setting.key("plugin"), format_args!("unknown plugin `{plugin}`")));
        }
        Ok(if let Some(config) = &config.bearer {
            Self::Bearer(bearer::Bearer::new(config, setting)?)
        } else if let Some(config) = &config.client_tls {
            Self::ClientTls(client_tls::ClientTls::new(config, setting)?)
        } else if let Some(config) = &config.oauth2 {
            Self::OAuth2(Box::new(oauth2::OAuth2::new(config, setting)?))
        } else if let Some(config) = &config.s3_signing {
            Self::Aws(Box::new(aws::AwsSigning::new(config, &setting.key("s3_signing"))?))
        } else if let Some(config) = &config.gcp_metadata {
            Self::Gcp(gcp::GcpMetadata::new(config, setting)?)
        } else if let Some(config) = &config.azure_managed_identity {
            let key = setting.key("azure_managed_identity");
            Self::Azure(azure::AzureIdentity::new(config, &key, &setting.options.environment)?)
        } else {
            Self::None
        })
    }

    pub(crate) fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Puts the credentials into a request that is complete but for them. Returns the client to
    /// send it with where they are part of the connection.
    pub(crate) async fn apply(
        &self,
        transport: &Transport,
        outgoing: &mut Outgoing,
    ) -> Result<Option<reqwest::Client>, RemoteError> {
        match self {
            Self::None => {}
            Self::Bearer(bearer) => bearer.apply(outgoing)?,
            Self::ClientTls(client_tls) => return client_tls.client(transport).map(Some),
            Self::OAuth2(oauth2) => oauth2.apply(transport, outgoing).await?,
            Self::Aws(aws) => aws.apply(transport, outgoing).await?,
            Self::Gcp(gcp) => gcp.apply(transport, outgoing).await?,
            Self::Azure(azure) => azure.apply(transport, outgoing).await?,
        }
        Ok(None)
    }
}
