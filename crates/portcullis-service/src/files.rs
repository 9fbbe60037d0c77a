//! A policy that comes from files: loaded at the start, and again when they change.
//!
//! A policy that does not compile never replaces one that did; a file that is gone does make every
//! decision a refusal, since nobody can tell what it said.

use std::sync::{Arc, Mutex, PoisonError};

use rego::Value;

use crate::load::{self, LoadErrors, LoadOptions, Loaded};
use crate::snapshot::{CompileOptions, SnapshotError};
use crate::source::PolicySource;
use crate::state::{ModuleRecord, Origin, State};
use crate::store::{Store, Transaction, WriteError};
use crate::watch::Watched;

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

/// Keeps the modules and the data of files in a store.
pub struct PolicyFiles {
    source: PolicySource,
    store: Arc<Store>,
    /// The data that the files held when they were last in force.
    data: Mutex<Value>,
}

impl PolicySource {
    /// Returns what the files and the program itself hold now.
    ///
    /// Errors: files that cannot be read.
    pub fn state(&self) -> Result<State, LoadErrors> {
        let options = LoadOptions { ignore: self.ignore.clone(), ..LoadOptions::default() };
        let Loaded { modules, data, versions, .. } = load::load(&self.paths, &options)?;
        let data = match &self.made {
            Some(made) => made.merge_into(&data)?,
            None => data,
        };
        let embedded = self.embedded.iter().cloned().map(|module| (module, Origin::Embedded));
        let loaded = modules.into_iter();
        let loaded = loaded.map(|(name, text)| ((name, Arc::from(text)), Origin::File));
        let record = |((name, text), origin): ((String, Arc<str>), Origin)| {
            let version = versions.get(&name).copied();
            let record = ModuleRecord { file: name.clone(), text, version, origin };
            (name, Arc::new(record))
        };
        Ok(State {
            modules: embedded.chain(loaded).map(record).collect(),
            data,
            ..State::default()
        })
    }

    /// Returns how its modules are compiled, with these queries always ready.
    pub fn compile_options(&self, queries: Vec<String>) -> CompileOptions {
        CompileOptions {
            rego_version: self.rego_version,
            annotations: self.annotations,
            queries,
            ..CompileOptions::default()
        }
    }
}

impl PolicyFiles {
    /// Returns the files of `source` with what they hold now in force, in a store of their own.
    ///
    /// Errors: files that cannot be read, modules or queries that do not compile.
    pub fn open(source: PolicySource, queries: Vec<String>) -> Result<Self, SnapshotError> {
        let state = source.state().map_err(SnapshotError::Load)?;
        let data = state.data.clone();
        let store = Store::open(state, source.compile_options(queries))?;
        Ok(Self::over(source, Arc::new(store), data))
    }

    /// Returns the files of `source` as those whose content is in `store` already; `data` is what
    /// they hold of data.
    pub fn over(source: PolicySource, store: Arc<Store>, data: Value) -> Self {
        Self { source, store, data: Mutex::new(data) }
    }

    /// Returns the store that holds what they say.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Puts what the files hold in force.
    ///
    /// Errors: files that cannot be read, modules that do not compile beside what is there.
    pub fn load(&self) -> Result<(), String> {
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        self.activate(&mut data)
    }

    fn activate(&self, data: &mut Value) -> Result<(), String> {
        let new = self.source.state().map_err(|errors| errors.to_string())?;
        let written = self.store.write(|txn| {
            let is_ours = |record: &ModuleRecord| record.origin <= Origin::File;
            let there = txn.state().modules.clone();
            let gone = there
                .iter()
                .filter(|(id, record)| is_ours(record) && !new.modules.contains_key(id.as_str()));
            for (id, _) in gone {
                txn.remove_module(id);
            }
            for (id, record) in &new.modules {
                txn.put_module(id, ModuleRecord::clone(record));
            }
            replace_data(txn, data, &new.data)
        });
        written.map_err(|error: WriteError| error.to_string())?;
        *data = new.data;
        Ok(())
    }
}

impl Watched for PolicyFiles {
    fn source(&self) -> &PolicySource {
        &self.source
    }

    fn is_unavailable(&self) -> bool {
        self.store.current().unavailable.is_some()
    }

    /// Reads and compiles the policy again and puts it in force. What bundles and clients have put
    /// in beside it stays.
    fn reload(&self) -> Reload {
        // One at a time; what a panic left behind is what was last in force.
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = self.source.missing() {
            let reason = format!("policy source `{path}` is missing");
            self.store.set_unavailable(Some(reason.clone()));
            return Reload::Missing(reason);
        }
        let before = self.store.current();
        match self.activate(&mut data) {
            Err(reason) => {
                // The files are there again, if broken: what was last good may decide again.
                self.store.set_unavailable(None);
                Reload::Rejected(reason)
            }
            Ok(()) => {
                let revision = self.store.snapshot().revision();
                let was_unavailable = before.unavailable.is_some();
                if was_unavailable {
                    self.store.set_unavailable(None);
                }
                match was_unavailable || revision != before.snapshot.revision() {
                    true => Reload::Activated(revision),
                    false => Reload::Unchanged,
                }
            }
        }
    }
}

/// Puts what the files hold of data in place of what they held: each key of the root that has
/// changed, whole. Keys that are others' stay.
fn replace_data(txn: &mut Transaction, old: &Value, new: &Value) -> Result<(), WriteError> {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return Ok(()) };
    let path = |key: &Value| [key.as_str().unwrap_or_default().to_string()];
    for (key, _) in old.iter().filter(|(key, _)| new.get(key).is_none()) {
        if txn.read(&path(key)).is_ok() {
            txn.remove(&path(key))?;
        }
    }
    for (key, value) in new.iter() {
        if old.get(key) != Some(value) {
            txn.add(&path(key), value.clone())?;
        }
    }
    Ok(())
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
        let files = PolicyFiles::open(source, vec!["data.p.allow".to_string()]).unwrap();
        let revision = || files.store().current().snapshot.revision();
        assert_eq!(files.reload(), Reload::Unchanged);
        fs::write(&path, "package p\n\nallow if {").unwrap();
        let Reload::Rejected(reason) = files.reload() else { panic!("not rejected") };
        assert!(reason.contains("p.rego:3"), "{reason}");
        assert_eq!((revision(), &files.store().current().unavailable), (1, &None));
        fs::write(&path, "package p\n\nallow := false\n").unwrap();
        assert_eq!(files.reload(), Reload::Activated(2));
        fs::remove_file(&path).unwrap();
        assert!(matches!(files.reload(), Reload::Missing(_)));
        assert!(files.store().current().unavailable.is_some());
        files.store().write(|txn| txn.put(&["other".to_string()], rego::Value::TRUE)).unwrap();
        assert!(files.store().current().unavailable.is_some(), "others do not bring the file back");
        fs::write(&path, GOOD).unwrap();
        assert_eq!(files.reload(), Reload::Activated(4));
        assert_eq!(files.store().current().unavailable, None);
    }

    #[test]
    fn a_first_policy_must_be_good() {
        let source = PolicySource { paths: vec!["/no/such".to_string()], ..Default::default() };
        assert!(PolicyFiles::open(source, Vec::new()).is_err());
    }
}
