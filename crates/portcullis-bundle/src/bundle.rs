//! Files to a bundle: what each is for, and whether they fit together.
//!
//! Must not know: archives, Rego's grammar, who activates the bundle.
//!
//! Source: OPA documentation, "Bundles", "Bundle File Format" and "Delta Bundles".

use rego::{RegoVersion, Value};

use crate::archive::{self, Entry, Limits};
use crate::error::BundleError;
use crate::manifest::{Manifest, Versions};
use crate::patch::Patch;
use crate::path::{basename, directory};
use crate::roots;
use crate::signature::{self, SIGNATURES_FILE, VerificationConfig};
use crate::tree::Tree;

/// The manifest's name.
pub const MANIFEST_FILE: &str = ".manifest";

/// The name of a delta bundle's patch.
pub const PATCH_FILE: &str = "patch.json";

/// How a bundle is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// How much is read.
    pub limits: Limits,
    /// What is done about signatures.
    pub verification: Verification,
    /// Stands in front of each module's path in its id: the bundle's name or directory, as it is.
    pub module_prefix: String,
}

/// What is done about signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// There is no key: a bundle that is signed is refused.
    #[default]
    NoKeys,
    /// Nothing.
    Skip,
    /// They are verified.
    Verify(VerificationConfig),
}

/// What a bundle holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// What it says about itself.
    pub manifest: Manifest,
    /// All its documents, merged: an object, empty in a delta bundle.
    pub data: Value,
    /// Its modules, by their path.
    pub modules: Vec<BundleModule>,
    /// Its Wasm modules: path and content.
    pub wasm: Vec<(String, Vec<u8>)>,
    /// Its plans: path and content.
    pub plans: Vec<(String, Vec<u8>)>,
    /// The changes of a delta bundle; nothing in any other.
    pub patch: Option<Patch>,
    /// The content of `.signatures.json`, where there is one.
    pub signatures: Option<Vec<u8>>,
}

/// A module of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleModule {
    /// Its name among all modules: the prefix of [`ReadOptions`], and its path.
    pub id: String,
    /// Its path in the bundle, as `/a/b.rego`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its grammar, where the manifest says one.
    pub rego_version: Option<RegoVersion>,
}

impl Default for Bundle {
    /// Returns a bundle that is empty and owns all of data.
    fn default() -> Self {
        Self {
            manifest: Manifest::default(),
            data: Value::object(Vec::new()),
            modules: Vec::new(),
            wasm: Vec::new(),
            plans: Vec::new(),
            patch: None,
            signatures: None,
        }
    }
}

impl Bundle {
    /// Whether it changes data instead of replacing it.
    pub fn is_delta(&self) -> bool {
        self.patch.is_some()
    }
}

/// Reads a bundle from a gzip tar.
///
/// Errors: what is wrong with the archive, a file, the signature or how they fit together.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<Bundle, BundleError> {
    assemble(archive::read_entries(bytes, &options.limits)?, options)
}

/// Makes a bundle of files, as a directory has them, their paths from its root. Files that a
/// bundle has no use for are passed over, but a signature must name them too.
///
/// Errors: as [`read`].
pub fn from_entries(entries: Vec<Entry>, options: &ReadOptions) -> Result<Bundle, BundleError> {
    assemble(archive::check(entries, &options.limits)?, options)
}

/// `entries` have paths in their one form, each once.
fn assemble(entries: Vec<Entry>, options: &ReadOptions) -> Result<Bundle, BundleError> {
    for name in [MANIFEST_FILE, SIGNATURES_FILE, PATCH_FILE] {
        if entries.iter().filter(|entry| basename(&entry.path) == name).count() > 1 {
            return Err(BundleError::MoreThanOne(name));
        }
    }
    // Before anything is looked at that was not signed.
    match &options.verification {
        Verification::Skip => {}
        Verification::Verify(config) => signature::verify(&entries, config)?,
        Verification::NoKeys => {
            if entries.iter().any(|entry| basename(&entry.path) == SIGNATURES_FILE) {
                return Err(BundleError::NoVerificationKey);
            }
        }
    }
    let manifest = entries.iter().find(|entry| basename(&entry.path) == MANIFEST_FILE);
    let manifest = match manifest {
        Some(entry) => Manifest::from_json(&entry.bytes)?,
        None => Manifest::default(),
    };
    let mut parts = Parts {
        versions: manifest.versions(),
        prefix: &options.module_prefix,
        has_data: false,
        data: Tree::Closed(Value::object(Vec::new())),
        bundle: Bundle { manifest, ..Bundle::default() },
    };
    for entry in entries {
        parts.add(entry)?;
    }
    parts.finish()
}

/// A bundle while files are added.
struct Parts<'o> {
    versions: Versions,
    prefix: &'o str,
    has_data: bool,
    data: Tree,
    bundle: Bundle,
}

impl Parts<'_> {
    fn add(&mut self, entry: Entry) -> Result<(), BundleError> {
        let failed = |message: String| BundleError::Document { path: entry.path.clone(), message };
        match basename(&entry.path) {
            "data.json" => {
                let value = Value::from_json(&entry.bytes).map_err(|e| failed(e.to_string()))?;
                self.add_data(&entry.path, &value)
            }
            "data.yaml" | "data.yml" => {
                let value = Value::from_yaml(&entry.bytes).map_err(|e| failed(e.to_string()))?;
                self.add_data(&entry.path, &value)
            }
            "policy.wasm" => {
                self.bundle.wasm.push((entry.path, entry.bytes));
                Ok(())
            }
            "plan.json" => {
                self.bundle.plans.push((entry.path, entry.bytes));
                Ok(())
            }
            SIGNATURES_FILE => {
                self.bundle.signatures = Some(entry.bytes);
                Ok(())
            }
            PATCH_FILE => {
                self.bundle.patch = Some(Patch::from_json(&entry.bytes)?);
                Ok(())
            }
            name if name.ends_with(".rego") => self.add_module(entry),
            _ => Ok(()),
        }
    }

    fn add_data(&mut self, path: &str, value: &Value) -> Result<(), BundleError> {
        let place: Vec<&str> = directory(path).collect();
        if place.is_empty() && value.as_object().is_none() {
            return Err(BundleError::RootNotObject(path.to_string()));
        }
        self.has_data = true;
        self.data.merge(&place, value).map_err(|conflict| BundleError::Conflict {
            path: path.to_string(),
            at: format!("/{}", conflict.0.join("/")),
        })
    }

    fn add_module(&mut self, entry: Entry) -> Result<(), BundleError> {
        let Entry { path, bytes } = entry;
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(BundleError::NotUtf8(path));
        };
        let rego_version = self.versions.of(&path)?;
        let id = format!("{}{path}", self.prefix);
        self.bundle.modules.push(BundleModule { id, path, text, rego_version });
        Ok(())
    }

    fn finish(self) -> Result<Bundle, BundleError> {
        let Parts { has_data, data, mut bundle, .. } = self;
        bundle.modules.sort_by(|a, b| a.path.cmp(&b.path));
        if let Some(patch) = &bundle.patch {
            let found = [
                ("data", has_data),
                ("policy", !bundle.modules.is_empty()),
                ("wasm", !bundle.wasm.is_empty()),
                ("plan", !bundle.plans.is_empty()),
            ];
            if let Some((what, _)) = found.into_iter().find(|(_, is_found)| *is_found) {
                return Err(BundleError::DeltaHolds(what));
            }
            patch.check_roots(&bundle.manifest)?;
            return Ok(bundle);
        }
        bundle.data = data.close();
        roots::check_data(&bundle.data, &bundle.manifest)?;
        roots::check_wasm(&bundle.manifest, &bundle.wasm)?;
        Ok(bundle)
    }
}
