//! A record of what the nondeterministic builtins answered, so that a decision can be understood
//! later.
//!
//! Must not know: who reads it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rego_value::Value;

use crate::builtin::BuiltinError;
use crate::failure::Failure;

/// Most text of operands and results, in bytes, that a record holds. Later calls are counted only.
pub const RECORD_BYTES_MAX: usize = 4 << 20;

/// Takes down each call of a nondeterministic builtin that had a result. Handed to a run by
/// [`crate::Setting::recorder`]; read when the run has ended, however it did.
///
/// Source: OPA's `nd_builtin_cache`.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Record>);

#[derive(Debug, Default)]
struct Record {
    calls: BTreeMap<&'static str, BTreeMap<String, Value>>,
    bytes: usize,
    dropped: u64,
}

impl Recorder {
    /// Returns a recorder of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns `{builtin: {operands: result}}`, the operands as the JSON text of their array; an
    /// empty object where no such builtin was called.
    pub fn to_value(&self) -> Value {
        let record = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = |calls: &BTreeMap<String, Value>| {
            let entry = |(key, value): (&String, &Value)| (Value::from(&**key), value.clone());
            Value::object(calls.iter().map(entry).collect())
        };
        let builtins = record.calls.iter();
        Value::object(builtins.map(|(name, all)| (Value::from(*name), calls(all))).collect())
    }

    /// Returns how many calls were left out, since the record would have passed
    /// [`RECORD_BYTES_MAX`].
    pub fn dropped(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).dropped
    }

    #[cold]
    pub(crate) fn note(
        &self,
        name: &'static str,
        operands: &[&Value],
        result: &Result<Value, BuiltinError>,
    ) {
        let Ok(result) = result else { return };
        let operands = operands.iter().map(|value| (*value).clone()).collect();
        let key = Value::array(operands).to_json();
        let mut record = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if record.calls.get(name).is_some_and(|calls| calls.contains_key(&key)) {
            return; // answers are the same within one query
        }
        let bytes = record.bytes.saturating_add(name.len() + key.len() + result.to_json().len());
        if bytes > RECORD_BYTES_MAX {
            record.dropped += 1;
            return;
        }
        record.bytes = bytes;
        record.calls.entry(name).or_default().insert(key, result.clone());
    }
}

/// Most errors of builtins that are taken down in one run. Ours.
pub const BUILTIN_ERRORS_MAX: usize = 1000;

/// Takes down errors of builtins that made a call undefined. Source: OPA's
/// `--show-builtin-errors`.
#[derive(Debug, Default)]
pub struct BuiltinErrors(Mutex<Vec<Failure>>);

impl BuiltinErrors {
    /// Returns a list without errors yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the errors so far, in the order they came, the first [`BUILTIN_ERRORS_MAX`].
    pub fn to_list(&self) -> Vec<Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[cold]
    pub(crate) fn note(&self, failure: Failure) {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if list.len() < BUILTIN_ERRORS_MAX {
            list.push(failure);
        }
    }
}
