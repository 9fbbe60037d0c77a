//! The keys of a service in the configuration, named as OPA names them.
//!
//! Unknown keys are left for the reader of the whole configuration to report. What serde cannot
//! say (two credentials at once, a missing URL) is checked when the service is made.
//!
//! Must not know: connections.

use std::collections::BTreeMap;

use serde::Deserialize;

pub use crate::credentials::config::{
    AssumeRoleConfig, AwsKmsConfig, AwsSigningConfig, AzureIdentityConfig, AzureKeyVaultConfig,
    AzureSigningConfig, BearerConfig, ClientTlsConfig, GcpMetadataConfig, MetadataConfig,
    OAuth2Config, ProfileConfig, SsoConfig, WebIdentityConfig,
};
use crate::{RemoteError, Secret};

/// Seconds a service may take to begin its answer where the configuration names none.
pub const RESPONSE_HEADER_TIMEOUT_SECONDS: u64 = 10;

/// One entry of `services`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct ServiceConfig {
    /// The name, where `services` is a list.
    pub name: String,
    /// Where the service is; paths of requests are appended to it.
    pub url: String,
    /// Headers of every request. Their values may be secrets.
    pub headers: BTreeMap<String, Secret>,
    /// Longest wait for an answer to begin, in seconds. 0: no limit.
    pub response_header_timeout_seconds: u64,
    /// Whether any certificate of the service is good enough.
    pub allow_insecure_tls: bool,
    /// `oci` for a registry.
    #[serde(rename = "type")]
    pub kind: ServiceKind,
    /// Whom to trust.
    pub tls: Option<TlsConfig>,
    /// Who we are.
    pub credentials: CredentialsConfig,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            url: String::new(),
            headers: BTreeMap::new(),
            response_header_timeout_seconds: RESPONSE_HEADER_TIMEOUT_SECONDS,
            allow_insecure_tls: false,
            kind: ServiceKind::Http,
            tls: None,
            credentials: CredentialsConfig::default(),
        }
    }
}

/// What a service speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum ServiceKind {
    /// Plain HTTP requests.
    #[default]
    #[serde(rename = "")]
    Http,
    /// The distribution protocol of OCI registries.
    #[serde(rename = "oci")]
    Oci,
}

/// `tls` of a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TlsConfig {
    /// A file of certificates to trust, in PEM.
    pub ca_cert: Option<String>,
    /// Whether the system's certificates are trusted as well.
    pub system_ca_required: bool,
}

/// `credentials` of a service: at most one of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CredentialsConfig {
    /// A token.
    pub bearer: Option<BearerConfig>,
    /// A client certificate.
    pub client_tls: Option<ClientTlsConfig>,
    /// Tokens of an authorization server.
    pub oauth2: Option<OAuth2Config>,
    /// Signatures of AWS.
    pub s3_signing: Option<AwsSigningConfig>,
    /// Tokens of Google's metadata service.
    pub gcp_metadata: Option<GcpMetadataConfig>,
    /// Tokens of Azure's metadata service.
    pub azure_managed_identity: Option<AzureIdentityConfig>,
    /// The name of a custom plugin; there are none.
    pub plugin: Option<String>,
}

impl CredentialsConfig {
    /// Returns the keys that are set.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        let all = [
            ("bearer", self.bearer.is_some()),
            ("client_tls", self.client_tls.is_some()),
            ("oauth2", self.oauth2.is_some()),
            ("s3_signing", self.s3_signing.is_some()),
            ("gcp_metadata", self.gcp_metadata.is_some()),
            ("azure_managed_identity", self.azure_managed_identity.is_some()),
            ("plugin", self.plugin.is_some()),
        ];
        all.iter().filter(|(_, is_given)| *is_given).map(|(key, _)| *key).collect()
    }
}

/// One entry of `keys`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct KeyConfig {
    /// A public key in PEM, or the secret of an HMAC.
    pub key: Secret,
    /// A private key in PEM, or the secret of an HMAC.
    pub private_key: Secret,
    /// How it signs.
    pub algorithm: String,
    /// What it may be used for.
    pub scope: String,
}

impl Default for KeyConfig {
    fn default() -> Self {
        Self {
            key: Secret::default(),
            private_key: Secret::default(),
            algorithm: "RS256".to_string(),
            scope: String::new(),
        }
    }
}

/// Returns an error of the configuration that names the key.
pub(crate) fn invalid(key: &str, reason: impl std::fmt::Display) -> RemoteError {
    RemoteError::Config(format!("`{key}`: {reason}"))
}
