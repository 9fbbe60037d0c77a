//! What a policy is made of: modules, base data, active bundles. Plain data, never changed in
//! place.
//!
//! Must not know: compilation (that is `snapshot`), who writes (that is `store`).

use std::collections::BTreeMap;
use std::sync::Arc;

use rego::{RegoVersion, Value};

/// A module as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleRecord {
    /// What messages call it: a path, or the id.
    pub file: String,
    /// Its text.
    pub text: Arc<str>,
    /// Its grammar, where it has one of its own.
    pub version: Option<RegoVersion>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Who put a module in, and so who may replace or remove it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The program itself.
    Embedded,
    /// A file or directory that was named at the start.
    File,
    /// A client of the REST API.
    Api,
    /// The bundle of this name.
    Bundle(String),
}

/// A bundle in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveBundle {
    /// Its revision; empty where the manifest has none.
    pub revision: String,
    /// The parts of data that it owns, without slashes at the ends; `""` is everything.
    pub roots: Vec<String>,
    /// What the server called the version that was downloaded; empty where it did not say.
    pub etag: String,
    /// The manifest as a document.
    pub manifest: Value,
}

/// Modules, base data and bundles at one moment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct State {
    /// Modules by id.
    pub modules: BTreeMap<String, Arc<ModuleRecord>>,
    /// The base document, an object.
    pub data: Value,
    /// Bundles by name.
    pub bundles: BTreeMap<String, Arc<ActiveBundle>>,
}

impl Default for State {
    fn default() -> Self {
        Self { modules: BTreeMap::new(), data: Value::object(Vec::new()), bundles: BTreeMap::new() }
    }
}

impl State {
    /// Returns why `path` below data must not be written by a client: a bundle owns it.
    ///
    /// Source: OPA `v1/server/server.go` (`checkPathScope`).
    pub fn owner_of(&self, path: &[String]) -> Option<String> {
        if path.is_empty() && !self.bundles.is_empty() {
            let message = "can't write to document root with bundle roots configured";
            return Some(message.to_string());
        }
        for (name, bundle) in &self.bundles {
            for root in &bundle.roots {
                if root.is_empty() {
                    return Some(format!("all paths owned by bundle {name:?}"));
                }
                // Either may lie inside the other: a write above a root would erase what is below.
                if path.iter().zip(root.split('/')).all(|(key, part)| key == part) {
                    return Some(format!("path {} is owned by bundle {name:?}", path.join("/")));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(roots: &[&str], path: &str) -> Option<String> {
        let bundle = ActiveBundle {
            revision: String::new(),
            roots: roots.iter().map(|root| (*root).to_string()).collect(),
            etag: String::new(),
            manifest: Value::NULL,
        };
        let mut state = State::default();
        state.bundles.insert("b".to_string(), Arc::new(bundle));
        let path: Vec<_> = path.split('/').filter(|p| !p.is_empty()).map(str::to_string).collect();
        state.owner_of(&path)
    }

    #[test]
    fn a_bundle_owns_its_roots_and_what_lies_above_them() {
        assert_eq!(owner(&["a/b"], "a/b/c").unwrap(), "path a/b/c is owned by bundle \"b\"");
        assert!(owner(&["a/b"], "a").is_some());
        assert_eq!(owner(&["a/b"], "a/c"), None);
        assert_eq!(owner(&["a/b"], "a/bc"), None);
        assert_eq!(owner(&[""], "x").unwrap(), "all paths owned by bundle \"b\"");
        assert!(owner(&["a"], "").unwrap().starts_with("can't write to document root"));
    }
}
