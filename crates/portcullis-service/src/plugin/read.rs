//! Bytes or a directory to a bundle, with the times it took.
//!
//! Must not know: where the bytes come from, who activates the bundle.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Instant;

use portcullis_bundle::{
    Bundle, BundleError, Limits, ReadOptions, SignatureAlgorithm, Unsigned, Verification,
    VerificationConfig, VerificationKey, from_entries, read_entries,
};
use portcullis_remote::KeyConfig;

use super::error::{Failure, PluginError};
use crate::config::SigningConfig;
use crate::load::{BundleLoadOptions, LoadCause, load_bundle};
use crate::telemetry::metrics::Metrics;

/// What a `file:` resource begins with.
pub(super) const FILE_SCHEME: &str = "file://";

/// Returns how bundles are verified with the keys of a configuration. Keys without `signing` verify
/// what is signed, and take what is not, as in OPA.
///
/// Errors: a key that cannot be used.
pub(super) fn verification(
    signing: Option<&SigningConfig>,
    keys: &BTreeMap<String, KeyConfig>,
) -> Result<Verification, PluginError> {
    let mut known = BTreeMap::new();
    for (id, key) in keys.iter().filter(|(_, key)| !key.key.is_empty()) {
        let algorithm = SignatureAlgorithm::from_name(&key.algorithm);
        let algorithm = algorithm.map_err(|error| PluginError::Key(id.clone(), error))?;
        let (text, scope) = (key.key.expose().to_string(), key.scope.clone());
        known.insert(id.clone(), VerificationKey { key: text, algorithm, scope });
    }
    let Some(signing) = signing else {
        if known.is_empty() {
            return Ok(Verification::NoKeys);
        }
        let unsigned = Unsigned::Accept;
        let config = VerificationConfig { keys: known, unsigned, ..VerificationConfig::default() };
        return Ok(Verification::Verify(config));
    };
    // Known before the first bundle comes: the key that is named must be one.
    if let Some(id) = &signing.key_id {
        let missing = || BundleError::Key("has no `key` to verify with".to_string());
        let key = known.get(id).ok_or_else(missing).and_then(VerificationKey::check);
        key.map_err(|error| PluginError::Key(id.clone(), error))?;
    }
    Ok(Verification::Verify(VerificationConfig {
        keys: known,
        key_id: signing.key_id.clone().unwrap_or_default(),
        scope: signing.scope.clone().unwrap_or_default(),
        exclude_files: signing.exclude_files.clone(),
        unsigned: Unsigned::Refuse,
    }))
}

/// Returns how the bundle of this name is read.
pub(super) fn options(name: &str, file_bytes_max: u64, verification: Verification) -> ReadOptions {
    let limits = Limits { file_bytes_max, ..Limits::default() };
    ReadOptions { limits, verification, module_prefix: name.to_string() }
}

/// Reads a bundle from a gzip tar.
///
/// Errors: what is wrong with it.
pub(super) fn archive(
    bytes: &[u8],
    options: &ReadOptions,
    metrics: &mut Metrics,
) -> Result<Bundle, Failure> {
    let entries = read_entries(bytes, &options.limits)?;
    let has_data = entries.iter().any(|entry| is_data(&entry.path));
    let started = Instant::now();
    let bundle = from_entries(entries, options)?;
    if has_data {
        metrics.timer("rego_data_parse").record_since(started);
    }
    Ok(bundle)
}

/// Reads a bundle from a directory or an archive on the disk. Names that match a pattern of
/// `ignore` are passed over.
///
/// Errors: what cannot be read, and what is wrong with it.
pub(super) fn path(
    path: &Path,
    ignore: &[String],
    options: &ReadOptions,
    metrics: &mut Metrics,
) -> Result<Bundle, Failure> {
    let options = BundleLoadOptions {
        ignore: ignore.to_vec(),
        // A mounted volume of Kubernetes is made of them.
        follow_symlinks: true,
        read: options.clone(),
    };
    let started = Instant::now();
    let bundle =
        load_bundle(&path.to_string_lossy(), &options).map_err(|error| match error.cause {
            LoadCause::Bundle(error) => error.into(),
            _ => Failure::new(error.to_string()),
        })?;
    if bundle.data.as_object().is_some_and(|data| !data.is_empty()) {
        metrics.timer("rego_data_parse").record_since(started);
    }
    Ok(bundle)
}

/// Reads a file.
///
/// Errors: what the system says; more bytes than `limit`.
pub(super) fn read_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("larger than the maximum size ({limit} bytes)")));
    }
    Ok(bytes)
}

fn is_data(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    matches!(name, "data.json" | "data.yaml" | "data.yml")
}
