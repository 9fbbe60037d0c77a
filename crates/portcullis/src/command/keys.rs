//! Flags that say how bundles are signed and verified.
//!
//! Must not know: which command has them.
//!
//! Source: OPA documentation, "opa build --help" and "opa sign --help".

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use portcullis_bundle::{SignatureAlgorithm, SigningKey, VerificationConfig, VerificationKey};
use portcullis_service::load;
use rego::Value;

/// Largest file of a key, in bytes. Ours.
const KEY_BYTES_MAX: u64 = 1 << 20;

/// The plugin that signs where none is named.
const DEFAULT_SIGNER: &str = "_default";

/// How bundles are verified that are read.
#[derive(clap::Args)]
pub(crate) struct VerificationArgs {
    /// Key that verifies bundles: a secret, or the path of a PEM file
    #[arg(long, value_name = "KEY")]
    verification_key: Option<String>,
    /// Name of that key
    #[arg(long, value_name = "ID", default_value = "default")]
    verification_key_id: String,
    /// Scope that signatures must have
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
    /// Files of bundles that need not be signed
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    exclude_files_verify: Vec<String>,
}

/// How a bundle is signed.
#[derive(clap::Args)]
pub(super) struct SigningArgs {
    /// Key that signs: a secret, or the path of a PEM file
    #[arg(long, value_name = "KEY")]
    signing_key: Option<String>,
    /// Algorithm of the key
    #[arg(long, value_name = "ALGORITHM", default_value = "RS256")]
    pub(super) signing_alg: String,
    /// JSON file of more claims for the signature
    #[arg(long, value_name = "PATH")]
    claims_file: Option<String>,
    /// Plugin that signs; there are none beside the default
    #[arg(long, value_name = "NAME")]
    signing_plugin: Option<String>,
}

/// A key, and what is claimed beside the files.
pub(super) struct Signer {
    pub(super) key: SigningKey,
    pub(super) claims: Value,
}

impl VerificationArgs {
    /// Returns how signatures are verified, or nothing where no key is given.
    ///
    /// Errors: an unknown algorithm, a key that cannot be read or does not fit it.
    pub(super) fn config(&self, algorithm: &str) -> Result<Option<VerificationConfig>> {
        let Some(key) = given(&self.verification_key) else { return Ok(None) };
        let scope = self.scope.clone().unwrap_or_default();
        let algorithm = SignatureAlgorithm::from_name(algorithm)?;
        let key = VerificationKey { key: read_key(key)?, algorithm, scope: scope.clone() };
        key.check()?;
        Ok(Some(VerificationConfig {
            keys: BTreeMap::from([(self.verification_key_id.clone(), key)]),
            key_id: self.verification_key_id.clone(),
            scope,
            exclude_files: self.exclude_files_verify.clone(),
            ..VerificationConfig::default()
        }))
    }

    /// Returns the name that verifiers know the key by.
    pub(super) fn key_id(&self) -> &str {
        &self.verification_key_id
    }
}

impl SigningArgs {
    /// Whether there is a key.
    pub(super) fn has_key(&self) -> bool {
        given(&self.signing_key).is_some()
    }

    /// Returns what signs, or nothing where no key is given. `key_id` names the key in the
    /// signature unless there is a file of claims, which may name it itself, as in OPA.
    ///
    /// Errors: claims or a plugin without a key, a plugin that there is not, an unknown algorithm,
    /// files that cannot be read.
    pub(super) fn signer(&self, key_id: &str) -> Result<Option<Signer>> {
        let (plugin, claims) = (given(&self.signing_plugin), given(&self.claims_file));
        let Some(key) = given(&self.signing_key) else {
            if plugin.is_some() || claims.is_some() {
                bail!("{KEY_MISSING}");
            }
            return Ok(None);
        };
        if let Some(plugin) = plugin.filter(|plugin| *plugin != DEFAULT_SIGNER) {
            bail!("no signer exists under id {plugin}");
        }
        let id = if claims.is_some() { "" } else { key_id };
        let claims = match claims {
            Some(path) => load::read_document(path)?,
            None => Value::object(Vec::new()),
        };
        let algorithm = SignatureAlgorithm::from_name(&self.signing_alg)?;
        let key = SigningKey { id: id.to_string(), algorithm, key: read_key(key)? };
        Ok(Some(Signer { key, claims }))
    }
}

/// OPA's words.
pub(super) const KEY_MISSING: &str = "specify the secret (HMAC) or path of the PEM file containing \
                                      the private key (RSA and ECDSA)";

/// An empty flag is none.
fn given(flag: &Option<String>) -> Option<&str> {
    flag.as_deref().filter(|text| !text.is_empty())
}

/// Returns the content of the file of this name or, where there is none, the text itself.
fn read_key(text: &str) -> Result<String> {
    let path = text.strip_prefix("file://").unwrap_or(text);
    // A secret may be anything, also what no file can be called.
    if !Path::new(path).try_exists().unwrap_or(false) {
        return Ok(text.to_string());
    }
    let read = || -> std::io::Result<String> {
        let mut key = String::new();
        File::open(path)?.take(KEY_BYTES_MAX + 1).read_to_string(&mut key)?;
        Ok(key)
    };
    let key = read().with_context(|| format!("cannot read the key `{path}`"))?;
    if key.len() as u64 > KEY_BYTES_MAX {
        bail!("the key `{path}` is larger than {KEY_BYTES_MAX} bytes");
    }
    Ok(key)
}
