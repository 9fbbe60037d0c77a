//! The keys of each credential, named as OPA names them.
//!
//! Must not know: what is done with them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Secret;

/// `bearer`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BearerConfig {
    /// The token.
    pub token: Secret,
    /// A file with the token, read for each request.
    pub token_path: String,
    /// What stands before the token; `Bearer` where it is empty.
    pub scheme: String,
}

/// `client_tls`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClientTlsConfig {
    /// A file with the certificate and its chain, in PEM.
    pub cert: String,
    /// A file with the private key, in PEM.
    pub private_key: String,
    /// What decrypts the private key.
    pub private_key_passphrase: Secret,
    /// As `tls.ca_cert`, which counts where both are given.
    pub ca_cert: Option<String>,
    /// As `tls.system_ca_required`.
    pub system_ca_required: bool,
    /// Least seconds between two readings of the files. 0: they are read for each request.
    pub cert_reread_interval_seconds: u64,
}

/// `oauth2`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct OAuth2Config {
    /// `client_credentials` or `jwt_bearer`.
    pub grant_type: String,
    /// Where tokens are given out; https.
    pub token_url: String,
    /// Who asks.
    pub client_id: String,
    /// The password of who asks.
    pub client_secret: Secret,
    /// A key of `keys` that signs assertions.
    pub signing_key: String,
    /// SHA-1 of the certificate of the key, in hex.
    pub thumbprint: String,
    /// Claims of the assertion.
    pub additional_claims: serde_json::Map<String, serde_json::Value>,
    /// Whether each assertion has an id of its own.
    pub include_jti_claim: bool,
    /// What the token shall be good for.
    pub scopes: Vec<String>,
    /// Headers of the request for a token.
    pub additional_headers: BTreeMap<String, Secret>,
    /// Parameters of the request for a token.
    pub additional_parameters: BTreeMap<String, Secret>,
    /// A key of AWS that signs assertions.
    pub aws_kms: Option<AwsKmsConfig>,
    /// Who asks AWS to sign.
    pub aws_signing: Option<AwsSigningConfig>,
    /// A key of Azure that signs assertions.
    pub azure_keyvault: Option<AzureKeyVaultConfig>,
    /// Who asks Azure to sign.
    pub azure_signing: Option<AzureSigningConfig>,
    /// What kind of assertion the next two are.
    pub client_assertion_type: String,
    /// A ready assertion.
    pub client_assertion: Secret,
    /// A file with a ready assertion, read for each token.
    pub client_assertion_path: String,
}

impl Default for OAuth2Config {
    fn default() -> Self {
        Self {
            grant_type: "client_credentials".to_string(),
            token_url: String::new(),
            client_id: String::new(),
            client_secret: Secret::default(),
            signing_key: String::new(),
            thumbprint: String::new(),
            additional_claims: serde_json::Map::new(),
            include_jti_claim: false,
            scopes: Vec::new(),
            additional_headers: BTreeMap::new(),
            additional_parameters: BTreeMap::new(),
            aws_kms: None,
            aws_signing: None,
            azure_keyvault: None,
            azure_signing: None,
            client_assertion_type: String::new(),
            client_assertion: Secret::default(),
            client_assertion_path: String::new(),
        }
    }
}

/// `aws_kms` of `oauth2`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AwsKmsConfig {
    /// Id, ARN or alias of the key.
    pub name: String,
    /// A signing algorithm as KMS names it, like `ECDSA_SHA_256`.
    pub algorithm: String,
}

/// `azure_keyvault` of `oauth2`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct AzureKeyVaultConfig {
    /// The name of the key.
    pub key: String,
    /// The version of the key.
    pub key_version: String,
    /// A signing algorithm, like `ES256`.
    pub key_algorithm: String,
    /// The name of the vault, or its whole URL where it is not in Azure's public cloud.
    pub vault: String,
    /// The version of the vault's API.
    pub api_version: String,
}

impl Default for AzureKeyVaultConfig {
    fn default() -> Self {
        Self {
            key: String::new(),
            key_version: String::new(),
            key_algorithm: String::new(),
            vault: String::new(),
            api_version: "7.4".to_string(),
        }
    }
}

/// `azure_signing` of `oauth2`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct AzureSigningConfig {
    /// `keyvault`.
    pub service: String,
    /// Who asks.
    pub azure_managed_identity: Option<AzureIdentityConfig>,
}

impl Default for AzureSigningConfig {
    fn default() -> Self {
        Self { service: "keyvault".to_string(), azure_managed_identity: None }
    }
}

/// `s3_signing` of a service, and `aws_signing` elsewhere.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AwsSigningConfig {
    /// The service that is signed for; `s3` where it is empty.
    pub service: String,
    /// `4` (also where it is empty) or `4a`.
    pub signature_version: String,
    /// Keys of the environment. It has no keys of its own.
    pub environment_credentials: Option<EmptyConfig>,
    /// Keys of a file.
    pub profile_credentials: Option<ProfileConfig>,
    /// Keys of the machine or the container.
    pub metadata_credentials: Option<MetadataConfig>,
    /// Keys of a role, got with other keys.
    pub assume_role_credentials: Option<Box<AssumeRoleConfig>>,
    /// Keys of a role, got with a token.
    pub web_identity_credentials: Option<WebIdentityConfig>,
    /// Keys of somebody who signed in.
    pub sso_credentials: Option<SsoConfig>,
}

/// A table without keys.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct EmptyConfig {}

/// `profile_credentials`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ProfileConfig {
    /// The file; `AWS_SHARED_CREDENTIALS_FILE`, then `~/.aws/credentials`.
    pub path: String,
    /// The profile; `AWS_PROFILE`, then `default`.
    pub profile: String,
    /// The region; `AWS_REGION`.
    pub aws_region: String,
}

/// `metadata_credentials`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MetadataConfig {
    /// The region; `AWS_REGION`.
    pub aws_region: String,
    /// The role of a machine. Where it is empty, a container's role is asked for, and on a machine
    /// the role it has.
    pub iam_role: String,
}

/// `assume_role_credentials`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AssumeRoleConfig {
    /// The role; `AWS_ROLE_ARN`.
    pub iam_role_arn: String,
    /// The region; `AWS_REGION`.
    pub aws_region: String,
    /// What the session is called; `open-policy-agent`.
    pub session_name: String,
    /// The domain of AWS; `AWS_DOMAIN`, then `amazonaws.com`.
    pub aws_domain: String,
    /// Who assumes the role.
    pub aws_signing: Option<AwsSigningConfig>,
}

/// `web_identity_credentials`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WebIdentityConfig {
    /// The region; `AWS_REGION`.
    pub aws_region: String,
    /// What the session is called; `open-policy-agent`.
    pub session_name: String,
    /// The domain of AWS; `AWS_DOMAIN`, then `amazonaws.com`.
    pub aws_domain: String,
}

/// `sso_credentials`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SsoConfig {
    /// The configuration file; `AWS_CONFIG_FILE`, then `~/.aws/config`.
    pub path: String,
    /// The directory of tokens; `~/.aws/sso/cache`.
    pub cache_path: String,
    /// The profile; `AWS_PROFILE`, then `default`.
    pub profile: String,
}

/// `gcp_metadata`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GcpMetadataConfig {
    /// For whom an identity token shall be.
    pub audience: String,
    /// What an access token shall be good for.
    pub scopes: Vec<String>,
    /// Where the metadata service is.
    pub endpoint: String,
    /// Where it gives out access tokens.
    pub access_token_path: String,
    /// Where it gives out identity tokens; OPA's manual calls it `id_token_path`.
    #[serde(alias = "id_token_path")]
    pub identity_token_path: String,
}

/// `azure_managed_identity`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AzureIdentityConfig {
    /// Where the metadata service is; `IDENTITY_ENDPOINT`, which makes it that of App Service.
    pub endpoint: String,
    /// The version of the API; `2018-02-01`, of App Service `2019-08-01`.
    pub api_version: String,
    /// What the token shall be for.
    pub resource: String,
    /// The identity, by object.
    pub object_id: String,
    /// The identity, by client.
    pub client_id: String,
    /// The identity, by resource.
    pub mi_res_id: String,
    /// Whether it is the metadata service of App Service.
    pub use_app_service_msi: bool,
}
