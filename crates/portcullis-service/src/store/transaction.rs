//! One write: changes collected, to take effect together or not at all.

use std::sync::Arc;

use rego::Value;

use super::error::WriteError;
use super::path::{self, Change};
use crate::state::{ActiveBundle, ModuleRecord, State};

/// A change of the base document, as the durable store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataChange {
    /// A value was put at a path, whatever was there; an index of an array is inserted before.
    Add(Vec<String>, Value),
    /// A value was put in place of one.
    Replace(Vec<String>, Value),
    /// What was at a path is gone.
    Remove(Vec<String>),
}

/// What a transaction changes, in order.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Of the base document. Applied in this order.
    pub data: Vec<DataChange>,
    /// Of modules: the id, and the record or nothing where it is gone.
    pub modules: Vec<(String, Option<Arc<ModuleRecord>>)>,
    /// Of bundles: the name, and what is active or nothing where it is gone.
    pub bundles: Vec<(String, Option<Arc<ActiveBundle>>)>,
}

impl Changes {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty() && self.modules.is_empty() && self.bundles.is_empty()
    }
}

/// A write under way. What it reads is what it has written.
pub struct Transaction {
    pub(super) state: State,
    pub(super) changes: Changes,
}

impl Transaction {
    pub(super) fn new(state: State) -> Self {
        Self { state, changes: Changes::default() }
    }

    /// Returns modules, data and bundles as they would be.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns what is at a path of the base document.
    ///
    /// Errors: nothing is there.
    pub fn read(&self, path: &[String]) -> Result<&Value, WriteError> {
        path::read(&self.state.data, path)
    }

    /// Puts a value at a path, objects above it where there is nothing yet.
    ///
    /// Errors: something that is no object is in the way.
    pub fn put(&mut self, path: &[String], value: Value) -> Result<(), WriteError> {
        if self.read(path).is_err() {
            let (_, above) = path.split_last().unwrap_or((&EMPTY, &[]));
            for length in 1..=above.len() {
                let Some(part) = above.get(..length) else { break };
                match path::read(&self.state.data, part) {
                    Ok(there) if there.as_object().is_some() => {}
                    Ok(_) => return Err(WriteError::Conflict(path::path_text(part))),
                    Err(_) => self.add(part, Value::object(Vec::new()))?,
                }
            }
        }
        self.add(path, value)
    }

    /// Puts a value at a path as a JSON patch does.
    ///
    /// Errors: there is no object or array to add to.
    pub fn add(&mut self, path: &[String], value: Value) -> Result<(), WriteError> {
        self.state.data = path::write(&self.state.data, path, Change::Add(&value))?;
        self.changes.data.push(DataChange::Add(path.to_vec(), value));
        Ok(())
    }

    /// Puts a value in place of what is at a path.
    ///
    /// Errors: nothing is there.
    pub fn replace(&mut self, path: &[String], value: Value) -> Result<(), WriteError> {
        self.state.data = path::write(&self.state.data, path, Change::Replace(&value))?;
        self.changes.data.push(DataChange::Replace(path.to_vec(), value));
        Ok(())
    }

    /// Takes away what is at a path.
    ///
    /// Errors: nothing is there.
    pub fn remove(&mut self, path: &[String]) -> Result<(), WriteError> {
        self.state.data = path::write(&self.state.data, path, Change::Remove)?;
        self.changes.data.push(DataChange::Remove(path.to_vec()));
        Ok(())
    }

    /// Puts a whole document in place of the base document, which must be an object.
    ///
    /// Errors: it is none.
    pub fn set_data(&mut self, data: Value) -> Result<(), WriteError> {
        self.replace(&[], data)
    }

    /// Adds a module, or puts it in place of the one of that id. The same record changes nothing.
    pub fn put_module(&mut self, id: &str, record: ModuleRecord) {
        if self.state.modules.get(id).is_some_and(|there| **there == record) {
            return;
        }
        let record = Arc::new(record);
        self.state.modules.insert(id.to_string(), Arc::clone(&record));
        self.changes.modules.push((id.to_string(), Some(record)));
    }

    /// Takes a module away. Returns whether it was there.
    pub fn remove_module(&mut self, id: &str) -> bool {
        let was_there = self.state.modules.remove(id).is_some();
        if was_there {
            self.changes.modules.push((id.to_string(), None));
        }
        was_there
    }

    /// Says that a bundle is active, in place of what was active under its name.
    pub fn put_bundle(&mut self, name: &str, bundle: ActiveBundle) {
        let bundle = Arc::new(bundle);
        self.state.bundles.insert(name.to_string(), Arc::clone(&bundle));
        self.changes.bundles.push((name.to_string(), Some(bundle)));
    }

    /// Says that a bundle is no longer active. Its data and modules are the caller's to remove.
    pub fn remove_bundle(&mut self, name: &str) {
        if self.state.bundles.remove(name).is_some() {
            self.changes.bundles.push((name.to_string(), None));
        }
    }
}

/// Stands for the last segment of a path that has none.
static EMPTY: String = String::new();
