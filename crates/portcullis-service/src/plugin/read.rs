//! Bytes or a directory to a bundle, with the times it took.
//!
//! Must not know: where the bytes come from, who activates the bundle.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::Instant;

use portcullis_bundle::{
    Bundle, Entry, Limits, MANIFEST_FILE, PATCH_FILE, ReadOptions, SIGNATURES_FILE,
    SignatureAlgorithm, Unsigned, Verification, VerificationConfig, VerificationKey, from_entries,
    read_entries,
};
use portcullis_remote::KeyConfig;

use super::error::{Failure, PluginError};
use super::fetch::bytes_max;
use crate::config::SigningConfig;
use crate::telemetry::metrics::Metrics;

/// Deepest directory of a bundle, so that symbolic links that lead back up end.
const DIRECTORY_DEPTH_MAX: usize = 64;

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
    assemble(read_entries(bytes, &options.limits)?, options, metrics)
}

/// Reads a bundle from a directory or an archive on the disk.
///
/// Errors: what cannot be read, and what is wrong with it.
pub(super) fn path(
    path: &Path,
    options: &ReadOptions,
    metrics: &mut Metrics,
) -> Result<Bundle, Failure> {
    let failed = |error: &io::Error| Failure::new(format!("open {}: {error}", path.display()));
    let is_directory = fs::metadata(path).map_err(|error| failed(&error))?.is_dir();
    if !is_directory {
        let limit = bytes_max(options.limits.file_bytes_max);
        let bytes = read_file(path, limit).map_err(|error| failed(&error))?;
        return archive(&bytes, options, metrics);
    }
    let is_signed = matches!(options.verification, Verification::Verify(_));
    let mut found = Found {
        entries: Vec::new(),
        bytes_left: options.limits.total_bytes_max,
        is_signed,
        options,
    };
    found.directory(path, "", 0)?;
    assemble(found.entries, options, metrics)
}

fn assemble(
    entries: Vec<Entry>,
    options: &ReadOptions,
    metrics: &mut Metrics,
) -> Result<Bundle, Failure> {
    let has_data = entries.iter().any(|entry| is_data(&entry.path));
    let started = Instant::now();
    let bundle = from_entries(entries, options)?;
    if has_data {
        metrics.timer("rego_data_parse").record_since(started);
    }
    Ok(bundle)
}

/// The files of a directory while they are collected.
struct Found<'o> {
    entries: Vec<Entry>,
    bytes_left: u64,
    /// Whether a signature may name files that nothing else needs.
    is_signed: bool,
    options: &'o ReadOptions,
}

impl Found<'_> {
    fn directory(&mut self, path: &Path, inside: &str, depth: usize) -> Result<(), Failure> {
        let failed = |error: io::Error| Failure::new(format!("open {}: {error}", path.display()));
        if depth > DIRECTORY_DEPTH_MAX {
            let message =
                format!("{}: deeper than {DIRECTORY_DEPTH_MAX} directories", path.display());
            return Err(Failure::new(message));
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name());
            if names.len() + self.entries.len() > self.options.limits.entries_max {
                let max = self.options.limits.entries_max;
                return Err(Failure::new(format!("bundle has more than {max} entries")));
            }
        }
        names.sort();
        for name in names {
            let (path, name) = (path.join(&name), name.to_string_lossy().into_owned());
            let inside = format!("{inside}/{name}");
            let kind = fs::metadata(&path).map_err(failed)?;
            if kind.is_dir() {
                self.directory(&path, &inside, depth + 1)?;
            } else if kind.is_file() && (self.is_signed || is_of_use(&name)) {
                self.file(&path, inside)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, inside: String) -> Result<(), Failure> {
        let limit = self.options.limits.file_bytes_max.min(self.bytes_left);
        let bytes = read_file(path, limit)
            .map_err(|error| Failure::new(format!("open {}: {error}", path.display())))?;
        self.bytes_left = self.bytes_left.saturating_sub(bytes.len() as u64);
        self.entries.push(Entry { path: inside, bytes });
        Ok(())
    }
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

fn is_of_use(name: &str) -> bool {
    let other = ["policy.wasm", "plan.json", MANIFEST_FILE, PATCH_FILE, SIGNATURES_FILE];
    name.ends_with(".rego") || is_data(name) || other.contains(&name)
}
