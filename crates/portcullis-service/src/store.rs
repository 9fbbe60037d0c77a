//! The policy in force: one pointer, swapped whole.
//!
//! A request in flight keeps the snapshot it began with. A policy that does not compile never
//! replaces one that did; a file that is gone does make every decision a refusal, since nobody can
//! tell what it said.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

use crate::snapshot::{Snapshot, SnapshotError};
use crate::source::PolicySource;

/// What is in force.
#[derive(Clone)]
pub struct Current {
    /// The last policy that compiled.
    pub snapshot: Arc<Snapshot>,
    /// Why it must not be used any more, if so.
    pub unavailable: Option<String>,
}

/// What a reload did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reload {
    /// A new policy is in force: its revision.
    Activated(u64),
    /// The files say what they said before.
    Unchanged,
    /// The files are wrong, and the last good policy stays in force: what is wrong.
    Rejected(String),
    /// A file is gone, and everything is refused until it is back: what is missing.
    Missing(String),
}

/// Holds the policy in force and replaces it.
pub struct PolicyStore {
    source: PolicySource,
    queries: Vec<String>,
    current: ArcSwap<Current>,
    revisions: AtomicU64,
    reloading: Mutex<()>,
}

impl PolicyStore {
    /// Returns a store with the policy that `source` holds now.
    ///
    /// Errors: as for [`Snapshot::build`].
    pub fn open(source: PolicySource, queries: Vec<String>) -> Result<Self, SnapshotError> {
        let snapshot = Arc::new(Snapshot::build(&source, &queries, 1)?);
        let current = ArcSwap::from_pointee(Current { snapshot, unavailable: None });
        let revisions = AtomicU64::new(1);
        Ok(Self { source, queries, current, revisions, reloading: Mutex::new(()) })
    }

    /// Returns what is in force at this moment.
    pub fn current(&self) -> Arc<Current> {
        self.current.load_full()
    }

    /// Returns where the policy comes from.
    pub fn source(&self) -> &PolicySource {
        &self.source
    }

    /// Reads and compiles the policy again and puts it in force.
    pub fn reload(&self) -> Reload {
        // A panic in a reload before this one left nothing behind that could be wrong.
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some(path) = self.source.missing() {
            let reason = format!("policy source `{path}` is missing");
            self.set_unavailable(Some(reason.clone()));
            return Reload::Missing(reason);
        }
        let revision = self.revisions.load(Ordering::Relaxed) + 1;
        let before = self.current();
        match self.build(revision) {
            Err(reason) => {
                // The files are there again, if broken: what was last good may decide again.
                self.set_unavailable(None);
                Reload::Rejected(reason)
            }
            Ok(new) if before.unavailable.is_none() && new.same_as(&before.snapshot) => {
                Reload::Unchanged
            }
            Ok(new) => {
                self.revisions.store(revision, Ordering::Relaxed);
                let snapshot = Arc::new(new);
                self.current.store(Arc::new(Current { snapshot, unavailable: None }));
                Reload::Activated(revision)
            }
        }
    }

    /// Compiles what the files say now; a panic of the compiler is one more reason not to use it.
    fn build(&self, revision: u64) -> Result<Snapshot, String> {
        let build = || Snapshot::build(&self.source, &self.queries, revision);
        match catch_unwind(AssertUnwindSafe(build)) {
            Ok(built) => built.map_err(|error| error.to_string()),
            Err(_) => Err("internal error: compilation panicked".to_string()),
        }
    }

    fn set_unavailable(&self, unavailable: Option<String>) {
        let snapshot = Arc::clone(&self.current().snapshot);
        self.current.store(Arc::new(Current { snapshot, unavailable }));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const GOOD: &str = "package p\n\nallow := true\n";

    #[test]
    fn only_a_policy_that_compiles_takes_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("p.rego");
        fs::write(&path, GOOD).unwrap();
        let paths = vec![path.to_str().unwrap().to_string()];
        let source = PolicySource { paths, ..PolicySource::default() };
        let store = PolicyStore::open(source, vec!["data.p.allow".to_string()]).unwrap();
        let revision = || store.current().snapshot.revision();
        assert_eq!(store.reload(), Reload::Unchanged);
        fs::write(&path, "package p\n\nallow if {").unwrap();
        let Reload::Rejected(reason) = store.reload() else { panic!("not rejected") };
        assert!(reason.contains("p.rego:3"), "{reason}");
        assert_eq!((revision(), &store.current().unavailable), (1, &None));
        fs::write(&path, "package p\n\nallow := false\n").unwrap();
        assert_eq!(store.reload(), Reload::Activated(2));
        fs::remove_file(&path).unwrap();
        assert!(matches!(store.reload(), Reload::Missing(_)));
        assert!(store.current().unavailable.is_some());
        fs::write(&path, GOOD).unwrap();
        assert_eq!(store.reload(), Reload::Activated(3));
        assert_eq!(store.current().unavailable, None);
    }

    #[test]
    fn a_first_policy_must_be_good() {
        let source = PolicySource { paths: vec!["/no/such".to_string()], ..Default::default() };
        assert!(PolicyStore::open(source, Vec::new()).is_err());
    }
}
