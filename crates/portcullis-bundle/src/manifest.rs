//! The manifest: what a bundle says about itself.
//!
//! Must not know: archives, how modules are compiled.
//!
//! Source: OPA documentation, "Bundles", "Bundle File Format".

use std::collections::BTreeMap;

use rego::{ObjectRef, RegoVersion, Value};

use crate::error::{BundleError, Outside};
use crate::glob::{Dialect, Glob};
use crate::roots;

/// What `.manifest` says. The default is that of a bundle without one: it owns all of data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The revision, any text.
    pub revision: String,
    /// The paths of data that the bundle owns, without `/` at either end; `""` is all of it.
    pub roots: Vec<String>,
    /// Rules that Wasm modules answer.
    pub wasm: Vec<WasmResolver>,
    /// The grammar of modules where no pattern says another.
    pub rego_version: Option<RegoVersion>,
    /// The grammar of single files: paths or patterns.
    pub file_rego_versions: BTreeMap<String, RegoVersion>,
    /// Anything else: an object, or null.
    pub metadata: Value,
}

/// A rule that a Wasm module answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasmResolver {
    /// The rule's path, as `a/b/rule`.
    pub entrypoint: String,
    /// The module's file, as `/policy.wasm`.
    pub module: String,
    /// The rule's annotations: an array, or null.
    pub annotations: Value,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            revision: String::new(),
            roots: vec![String::new()],
            wasm: Vec::new(),
            rego_version: None,
            file_rego_versions: BTreeMap::new(),
            metadata: Value::NULL,
        }
    }
}

/// Most roots of a manifest. Ours.
pub const ROOTS_MAX: usize = 10_000;

/// Most entries of `file_rego_versions`. Ours.
pub const FILE_VERSIONS_MAX: usize = 10_000;

impl Manifest {
    /// Reads a manifest from JSON. A key that is not known is passed over, one that is null counts
    /// as absent, as in OPA.
    ///
    /// Errors: what is not JSON or no object, a known key with a wrong value, and roots of which
    /// one holds another.
    pub fn from_json(bytes: &[u8]) -> Result<Manifest, BundleError> {
        let value = Value::from_json(bytes).map_err(|e| BundleError::Document {
            path: "/.manifest".to_string(),
            message: e.to_string(),
        })?;
        Self::from_value(&value)
    }

    /// Reads a manifest from its value.
    ///
    /// Errors: as [`Manifest::from_json`].
    pub fn from_value(value: &Value) -> Result<Manifest, BundleError> {
        let object = value.as_object().ok_or_else(|| wrong(".manifest", "must be an object"))?;
        let mut manifest = Manifest::default();
        if let Some(revision) = present(object, "revision") {
            manifest.revision = string(revision, "revision")?;
        }
        if let Some(roots) = present(object, "roots") {
            manifest.roots = strings(roots, "roots")?;
        }
        if let Some(wasm) = present(object, "wasm") {
            let items = wasm.as_array().ok_or_else(|| wrong("wasm", "must be an array"))?;
            let resolvers = items.iter().enumerate().map(|(at, item)| resolver(item, at));
            manifest.wasm = resolvers.collect::<Result<_, _>>()?;
        }
        if let Some(number) = present(object, "rego_version") {
            manifest.rego_version = Some(version(number, "rego_version")?);
        }
        if let Some(versions) = present(object, "file_rego_versions") {
            manifest.file_rego_versions = file_versions(versions)?;
        }
        if let Some(metadata) = present(object, "metadata") {
            metadata.as_object().ok_or_else(|| wrong("metadata", "must be an object"))?;
            manifest.metadata = metadata.clone();
        }
        for root in &mut manifest.roots {
            *root = root.trim_matches('/').to_string();
        }
        roots::check_disjoint(&manifest.roots)?;
        Ok(manifest)
    }

    /// Whether the bundle owns the path of data, given segment by segment.
    pub fn permits(&self, path: &[String]) -> bool {
        self.roots.iter().any(|root| roots::holds(root, path))
    }

    /// Checks that a module's package, without `data`, lies under a root. `file` is for the
    /// message.
    ///
    /// Errors: that it does not.
    pub fn check_module_root(&self, package: &[String], file: &str) -> Result<(), BundleError> {
        if self.permits(package) {
            return Ok(());
        }
        let what = Outside::Module { package: package_text(package), file: file.to_string() };
        Err(BundleError::OutsideRoots { roots: self.roots.clone(), what })
    }

    /// Returns what tells the grammar of each file.
    pub(crate) fn versions(&self) -> Versions {
        let parse = |(pattern, version): (&String, &RegoVersion)| {
            Some((Glob::parse(pattern, Dialect::Paths)?, *version))
        };
        let patterns = self.file_rego_versions.iter().filter_map(parse).collect();
        Versions { patterns, otherwise: self.rego_version, steps: PATTERN_STEPS_MAX }
    }

    /// Returns the manifest as OPA stores it: `revision` and `roots` always, the rest where there
    /// is something to say.
    pub fn to_value(&self) -> Value {
        let entries = self.entries().into_iter();
        Value::object(entries.map(|(key, value)| (Value::from(key), value)).collect())
    }

    /// Returns the manifest as `opa build` writes it: one line, keys in the documentation's order.
    pub fn to_json(&self) -> String {
        let entry = |(key, value): &(&str, Value)| format!("\"{key}\":{}", value.to_json());
        let entries: Vec<_> = self.entries().iter().map(entry).collect();
        format!("{{{}}}", entries.join(","))
    }

    fn entries(&self) -> Vec<(&'static str, Value)> {
        let text = |text: &String| Value::from(text.as_str());
        let number = |version: RegoVersion| Value::from(i64::from(version != RegoVersion::V0));
        let mut entries = vec![
            ("revision", text(&self.revision)),
            ("roots", Value::array(self.roots.iter().map(text).collect())),
        ];
        if !self.wasm.is_empty() {
            entries
                .push(("wasm", Value::array(self.wasm.iter().map(WasmResolver::value).collect())));
        }
        if let Some(version) = self.rego_version {
            entries.push(("rego_version", number(version)));
        }
        if !self.file_rego_versions.is_empty() {
            let versions = self.file_rego_versions.iter();
            let versions = versions.map(|(path, version)| (text(path), number(*version)));
            entries.push(("file_rego_versions", Value::object(versions.collect())));
        }
        if self.metadata != Value::NULL {
            entries.push(("metadata", self.metadata.clone()));
        }
        entries
    }
}

impl WasmResolver {
    fn value(&self) -> Value {
        let mut entries = vec![
            (Value::from("entrypoint"), Value::from(self.entrypoint.as_str())),
            (Value::from("module"), Value::from(self.module.as_str())),
        ];
        if self.annotations != Value::NULL {
            entries.push((Value::from("annotations"), self.annotations.clone()));
        }
        Value::object(entries)
    }
}

/// The grammar of each file.
pub(crate) struct Versions {
    /// In the order of the patterns' text.
    patterns: Vec<(Glob, RegoVersion)>,
    otherwise: Option<RegoVersion>,
    steps: u64,
}

/// Most steps that matching the files of a bundle with its patterns takes. Ours.
const PATTERN_STEPS_MAX: u64 = 1 << 30;

impl Versions {
    /// Returns the grammar of a file: that of the first pattern it fits, in the order of their
    /// text (OPA since 1.18; undefined before), or else the bundle's.
    ///
    /// Errors: patterns and files that take too many steps altogether.
    pub(crate) fn of(&mut self, path: &str) -> Result<Option<RegoVersion>, BundleError> {
        let steps = &mut self.steps;
        let path: Vec<char> = path.chars().collect();
        let hit = self.patterns.iter().find(|(pattern, _)| pattern.matches(&path, steps));
        if *steps == 0 {
            return Err(wrong("file_rego_versions", "takes too many steps to match"));
        }
        Ok(hit.map(|(_, version)| *version).or(self.otherwise))
    }
}

/// Writes a package as a module does: `a.b["c d"]`.
fn package_text(package: &[String]) -> String {
    let mut text = String::new();
    for segment in package {
        let mut chars = segment.chars();
        let is_name = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
        match (is_name, text.is_empty()) {
            (true, true) => text.push_str(segment),
            (true, false) => {
                text.push('.');
                text.push_str(segment);
            }
            (false, _) => text.push_str(&format!("[{}]", Value::from(segment.as_str()).to_json())),
        }
    }
    text
}

fn wrong(key: impl Into<String>, message: impl Into<String>) -> BundleError {
    BundleError::Manifest { key: key.into(), message: message.into() }
}

/// Returns the value of a key that is there and not null.
fn present<'a>(object: ObjectRef<'a>, key: &str) -> Option<&'a Value> {
    object.get_str(key).filter(|value| **value != Value::NULL)
}

fn string(value: &Value, key: &str) -> Result<String, BundleError> {
    value.as_str().map(str::to_string).ok_or_else(|| wrong(key, "must be a string"))
}

fn strings(value: &Value, key: &str) -> Result<Vec<String>, BundleError> {
    let items = value.as_array().ok_or_else(|| wrong(key, "must be an array of strings"))?;
    if items.len() > ROOTS_MAX {
        return Err(wrong(key, format!("has more than {ROOTS_MAX} items")));
    }
    items.iter().enumerate().map(|(at, item)| string(item, &format!("{key}[{at}]"))).collect()
}

fn version(value: &Value, key: &str) -> Result<RegoVersion, BundleError> {
    match value.as_i64() {
        Some(0) => Ok(RegoVersion::V0),
        Some(1) => Ok(RegoVersion::V1),
        _ => Err(wrong(key, format!("must be 0 or 1, not {}", shown(value)))),
    }
}

/// Returns the beginning of a value's JSON text.
fn shown(value: &Value) -> String {
    value.to_json().chars().take(40).collect()
}

fn resolver(value: &Value, at: usize) -> Result<WasmResolver, BundleError> {
    let key = |name: &str| format!("wasm[{at}].{name}");
    let object =
        value.as_object().ok_or_else(|| wrong(format!("wasm[{at}]"), "must be an object"))?;
    let text = |name: &str| match present(object, name) {
        Some(value) => string(value, &key(name)),
        None => Ok(String::new()),
    };
    let annotations = present(object, "annotations");
    if annotations.is_some_and(|value| value.as_array().is_none()) {
        return Err(wrong(key("annotations"), "must be an array"));
    }
    Ok(WasmResolver {
        entrypoint: text("entrypoint")?,
        module: text("module")?,
        annotations: annotations.cloned().unwrap_or(Value::NULL),
    })
}

fn file_versions(value: &Value) -> Result<BTreeMap<String, RegoVersion>, BundleError> {
    const KEY: &str = "file_rego_versions";
    let object = value.as_object().ok_or_else(|| wrong(KEY, "must be an object"))?;
    if object.len() > FILE_VERSIONS_MAX {
        return Err(wrong(KEY, format!("has more than {FILE_VERSIONS_MAX} entries")));
    }
    let entry = |(path, number): (&Value, &Value)| {
        let path = path.to_json_key().into_owned();
        let key = format!("{KEY}[{}]", Value::from(path.as_str()).to_json());
        if Glob::parse(&path, Dialect::Paths).is_none() {
            return Err(wrong(key, "is not a pattern"));
        }
        Ok((path, version(number, &key)?))
    };
    object.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_take_long_are_refused() {
        let text = format!(r#"{{"file_rego_versions": {{"*{}b": 1}}}}"#, "a".repeat(1000));
        let mut versions = Manifest::from_json(text.as_bytes()).unwrap().versions();
        versions.steps = 100_000;
        assert_eq!(versions.of("/a/b.rego"), Ok(None));
        let error = versions.of(&"a".repeat(2000)).unwrap_err().to_string();
        assert!(error.contains("takes too many steps to match"), "{error}");
    }
}
