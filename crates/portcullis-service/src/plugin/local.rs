//! Bundles on the disk that were named at the start: loaded once, and again when they change.
//!
//! Must not know: configurations, services.
//!
//! Source: OPA documentation, "opa run --bundle".

use std::path::PathBuf;
use std::sync::Arc;

use portcullis_bundle::{FILE_BYTES_MAX, Verification};

use super::activate::{Incoming, activate};
use super::error::{Failure, PluginError};
use super::read;
use crate::files::Reload;
use crate::service::Service;
use crate::source::PolicySource;
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use crate::watch::Watched;

/// A bundle on the disk that was named at the start.
#[derive(Clone, Debug)]
pub struct LocalBundle {
    /// Its name.
    pub name: String,
    /// A directory or an archive.
    pub path: PathBuf,
    /// Patterns of names that are passed over, inside a directory.
    pub ignore: Vec<String>,
    /// What is done about its signature.
    pub verification: Verification,
}

/// Activates bundles that were named at the start, together: they may need each other's modules.
///
/// Errors: one cannot be read, or they cannot be in force together. None is in force then.
pub(super) async fn load(service: &Service, bundles: Vec<LocalBundle>) -> Result<(), PluginError> {
    let store = Arc::clone(service.store());
    let work = tokio::task::spawn_blocking(move || activate_all(&store, &bundles));
    let failed = |error| PluginError::Failed(Failure::new(format!("internal error: {error}")));
    work.await.unwrap_or_else(|error| Err(failed(error)))
}

fn activate_all(store: &Store, bundles: &[LocalBundle]) -> Result<(), PluginError> {
    if bundles.is_empty() {
        return Ok(());
    }
    let mut metrics = Metrics::new();
    let mut incoming = Vec::new();
    for LocalBundle { name, path, ignore, verification } in bundles {
        let options = read::options(name, FILE_BYTES_MAX, verification.clone());
        let mut bundle = read::path(path, ignore, &options, &mut metrics)
            .map_err(|failure| PluginError::Bundle(path.display().to_string(), failure))?;
        for module in &mut bundle.modules {
            // Who named the bundle knows its files by their whole path.
            module.path.clone_from(&module.id);
        }
        let (name, etag, retired) = (name.clone(), String::new(), Arc::default());
        incoming.push(Incoming { name, bundle, etag, retired });
    }
    let names = || bundles.iter().map(|local| local.name.as_str()).collect::<Vec<_>>().join(", ");
    activate(store, incoming, &mut metrics).map_err(|failure| PluginError::Bundle(names(), failure))
}

/// Bundles on the disk that are watched. What is broken, or gone, never replaces what is in force.
pub struct LocalBundles {
    source: PolicySource,
    bundles: Vec<LocalBundle>,
    store: Arc<Store>,
}

impl LocalBundles {
    /// Returns bundles whose content is in `store` already.
    pub fn new(bundles: Vec<LocalBundle>, store: Arc<Store>) -> Self {
        let paths = bundles.iter().map(|local| local.path.display().to_string()).collect();
        Self { source: PolicySource { paths, ..PolicySource::default() }, bundles, store }
    }
}

impl Watched for LocalBundles {
    fn source(&self) -> &PolicySource {
        &self.source
    }

    fn is_unavailable(&self) -> bool {
        false
    }

    fn reload(&self) -> Reload {
        let before = self.store.snapshot().revision();
        match activate_all(&self.store, &self.bundles) {
            Err(error) => Reload::Rejected(error.to_string()),
            Ok(()) => match self.store.snapshot().revision() {
                revision if revision == before => Reload::Unchanged,
                revision => Reload::Activated(revision),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rego::EvalOptions;

    use super::*;
    use crate::snapshot::CompileOptions;
    use crate::state::State;

    #[test]
    fn a_bundle_that_changes_is_loaded_again_and_a_broken_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("p.rego");
        let queries = vec!["data.p.x".to_string()];
        let options = CompileOptions { queries, ..CompileOptions::default() };
        let store = Arc::new(Store::open(State::default(), options).unwrap());
        let bundle = LocalBundle {
            name: "b".to_string(),
            path: directory.path().to_path_buf(),
            ignore: Vec::new(),
            verification: Verification::NoKeys,
        };
        let bundles = LocalBundles::new(vec![bundle], Arc::clone(&store));
        let x = || store.snapshot().query(0).unwrap().value(None, &EvalOptions::default()).unwrap();
        fs::write(&file, "package p\n\nx := 1\n").unwrap();
        assert!(matches!(bundles.reload(), Reload::Activated(_)));
        assert_eq!(x().unwrap().as_i64(), Some(1));
        fs::write(&file, "package p\n\nx := y\n").unwrap();
        assert!(matches!(bundles.reload(), Reload::Rejected(_)));
        assert_eq!(x().unwrap().as_i64(), Some(1));
        fs::write(&file, "package p\n\nx := 2\n").unwrap();
        assert!(matches!(bundles.reload(), Reload::Activated(_)));
        assert_eq!(x().unwrap().as_i64(), Some(2));
    }
}
