//! The policy in force: one pointer, swapped whole; and the transactions that replace it.
//!
//! A request in flight keeps the snapshot it began with. Writers come one after the other; readers
//! never wait. What does not compile never takes the place of what did, and where a durable store
//! is, nothing is in force (or acknowledged) before it is on the disk.

mod disk;
mod error;
mod path;
mod transaction;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

pub use self::disk::{
    DiskError, DiskOptions, DiskStore, LOG_BYTES_MIN, LOG_CHANGES_MAX, LOG_SHARE,
    PARTITION_SEGMENTS_MAX, PARTITIONS_MAX,
};
pub use self::error::WriteError;
pub use self::path::{PATH_SEGMENTS_MAX, path_text, read};
pub use self::transaction::{Changes, DataChange, Transaction};
use crate::snapshot::{CompileOptions, Snapshot, SnapshotError};
use crate::state::State;

/// What is in force.
#[derive(Clone)]
pub struct Current {
    /// The last policy that compiled.
    pub snapshot: Arc<Snapshot>,
    /// Why it must not be used any more, if so.
    pub unavailable: Option<String>,
}

/// Where changes are kept across restarts.
pub trait Durable: Send {
    /// Makes changes durable; `state` is what they lead to. All of it or, on an error, nothing is
    /// there after a crash at any moment.
    ///
    /// Errors: what the disk or the system says.
    fn commit(&mut self, changes: &Changes, state: &State) -> Result<(), String>;
}

/// Holds the policy in force and replaces it.
pub struct Store {
    current: ArcSwap<Current>,
    writer: Mutex<Option<Box<dyn Durable>>>,
}

impl Store {
    /// Returns a store with this state in force.
    ///
    /// Errors: modules or queries do not compile.
    pub fn open(state: State, options: CompileOptions) -> Result<Self, SnapshotError> {
        let snapshot = Arc::new(Snapshot::compile(state, Arc::new(options), 1)?);
        let current = ArcSwap::from_pointee(Current { snapshot, unavailable: None });
        Ok(Self { current, writer: Mutex::new(None) })
    }

    /// Returns it with a place that keeps every later change. What is in force already is not
    /// written to it.
    #[must_use]
    pub fn with_durable(self, durable: Box<dyn Durable>) -> Self {
        Self { writer: Mutex::new(Some(durable)), ..self }
    }

    /// Returns what is in force at this moment.
    pub fn current(&self) -> Arc<Current> {
        self.current.load_full()
    }

    /// Returns the snapshot in force at this moment, usable or not.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.load().snapshot)
    }

    /// Makes every decision a refusal, for this reason; or lets the policy decide again.
    pub fn set_unavailable(&self, reason: Option<String>) {
        let _one_at_a_time = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = self.snapshot();
        self.current.store(Arc::new(Current { snapshot, unavailable: reason }));
    }

    /// Runs a transaction: what `work` changes takes effect together, or not at all where it or the
    /// compiler or the disk refuses. Whether the policy may decide stays as it is.
    ///
    /// Errors: what `work` returns, and what compilation or the durable store say.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&mut Transaction) -> Result<T, WriteError>,
    ) -> Result<T, WriteError> {
        // A panic of a writer before this one left nothing behind that could be wrong.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.current();
        let mut transaction = Transaction::new(before.snapshot.state().clone());
        let answer = work(&mut transaction)?;
        let Transaction { state, changes } = transaction;
        if changes.is_empty() {
            return Ok(answer);
        }
        let next = || before.snapshot.next(state, !changes.modules.is_empty());
        let snapshot = match catch_unwind(AssertUnwindSafe(next)) {
            Ok(next) => next?,
            Err(_) => return Err(WriteError::Internal("compilation panicked".to_string())),
        };
        if let Some(durable) = writer.as_mut() {
            durable.commit(&changes, snapshot.state()).map_err(WriteError::Disk)?;
        }
        let snapshot = Arc::new(snapshot);
        let unavailable = before.unavailable.clone();
        self.current.store(Arc::new(Current { snapshot, unavailable }));
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use rego::{EvalOptions, Value};

    use super::*;
    use crate::state::{ModuleRecord, Origin};

    fn module(text: &str) -> ModuleRecord {
        ModuleRecord {
            file: "p.rego".to_string(),
            text: text.into(),
            version: None,
            origin: Origin::Api,
        }
    }

    fn store() -> Store {
        let queries = vec!["data.p.x".to_string()];
        Store::open(State::default(), CompileOptions { queries, ..CompileOptions::default() })
            .unwrap()
    }

    fn x(store: &Store) -> Option<Value> {
        let query = store.snapshot().query(0).unwrap().clone();
        query.value(None, &EvalOptions::default()).unwrap()
    }

    #[test]
    fn a_write_takes_effect_whole_or_not_at_all() {
        let store = store();
        store
            .write(|txn| {
                txn.put_module("m", module("package p\n\nx := data.a.b\n"));
                txn.put(&["a".to_string(), "b".to_string()], Value::from(1))
            })
            .unwrap();
        assert_eq!(x(&store), Some(Value::from(1)));
        let failed = store.write(|txn| {
            txn.put(&["a".to_string(), "b".to_string()], Value::from(2))?;
            txn.remove(&["nope".to_string()])
        });
        assert!(matches!(failed, Err(WriteError::NotFound(_))));
        assert_eq!(x(&store), Some(Value::from(1)));
        let broken = store.write(|txn| {
            txn.put_module("m", module("package p\n\nx := y\n"));
            Ok(())
        });
        assert!(matches!(broken, Err(WriteError::Compile(_))));
        assert_eq!(x(&store), Some(Value::from(1)));
    }

    #[test]
    fn data_must_not_slip_under_a_rule() {
        let store = store();
        store
            .write(|txn| {
                txn.put_module("m", module("package p\n\nx := 1\n"));
                Ok(())
            })
            .unwrap();
        let path = ["p".to_string(), "x".to_string()];
        let Err(WriteError::Compile(errors)) = store.write(|t| t.put(&path, Value::from(1))) else {
            panic!("accepted")
        };
        assert!(errors.to_string().contains("conflicting rule for data path p/x"), "{errors}");
        assert!(store.snapshot().state().data.as_object().unwrap().is_empty());
    }

    #[test]
    fn a_panic_or_a_full_disk_changes_nothing() {
        struct Full;
        impl Durable for Full {
            fn commit(&mut self, _: &Changes, _: &State) -> Result<(), String> {
                Err("no space left".to_string())
            }
        }
        let store = store().with_durable(Box::new(Full));
        let put = || store.write(|txn| txn.put(&["a".to_string()], Value::from(1)));
        assert!(matches!(put(), Err(WriteError::Disk(_))));
        assert!(store.snapshot().state().data.as_object().unwrap().is_empty());
    }
}
