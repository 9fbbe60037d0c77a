//! Which files contribute to which part of `data`.
//!
//! Must not know: how that is shown.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use rego::Value;

/// Files by the path of data that they contribute to, such as `data.a.b`.
pub(super) struct Namespaces {
    /// The directory that the bundle was read from; nothing for an archive.
    directory: Option<PathBuf>,
    files: BTreeMap<String, Vec<String>>,
}

impl Namespaces {
    /// Returns none yet. Files of a directory are named with its path, those of an archive from its
    /// root.
    pub(super) fn new(directory: Option<&str>) -> Self {
        let clean = |path: &str| {
            Path::new(path).components().filter(|part| *part != Component::CurDir).collect()
        };
        Self { directory: directory.map(clean), files: BTreeMap::new() }
    }

    fn add(&mut self, namespace: String, file: &str) {
        let file = match &self.directory {
            None => file.to_string(),
            Some(directory) => {
                directory.join(file.trim_start_matches('/')).to_string_lossy().into_owned()
            }
        };
        self.files.entry(namespace).or_default().push(file);
    }

    pub(super) fn add_module(&mut self, package: &[String], file: &str) {
        self.add(package_text(package), file);
    }

    /// Adds a file where it holds data.
    pub(super) fn add_data(&mut self, file: &str) {
        let (directory, name) = file.rsplit_once('/').unwrap_or(("", file));
        if matches!(name, "data.json" | "data.yaml" | "data.yml") {
            self.add(below_data(directory), file);
        }
    }

    pub(super) fn add_wasm(&mut self, entrypoint: &str, module: &str) {
        self.files.entry(below_data(entrypoint)).or_default().push(module.to_string());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.files.iter().map(|(namespace, files)| (namespace.as_str(), files.as_slice()))
    }

    pub(super) fn to_value(&self) -> Value {
        let entry = |(namespace, files): (&String, &Vec<String>)| {
            let files = files.iter().map(|file| Value::from(file.as_str())).collect();
            (Value::from(namespace.as_str()), Value::array(files))
        };
        Value::object(self.files.iter().map(entry).collect())
    }
}

/// Returns `data.a.b` for `/a/b`, whatever characters the names have, as OPA does.
fn below_data(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    ["data"].into_iter().chain(segments).collect::<Vec<_>>().join(".")
}

/// Returns a path of data as a policy writes it: `data.a["b c"]`.
pub(super) fn package_text(path: &[String]) -> String {
    path.iter().fold("data".to_string(), |text, segment| {
        let mut chars = segment.chars();
        let is_name = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
        match is_name {
            true => format!("{text}.{segment}"),
            false => format!("{text}[{}]", Value::from(segment.as_str()).to_json()),
        }
    })
}
