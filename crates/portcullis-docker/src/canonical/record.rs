//! A struct on the way: what is known of its fields, and the object that it becomes.
//!
//! Objects of one struct with the same fields share their list of keys, across bodies. Must not know:
//! what the fields hold.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use rego::{Keys, Value};

use super::{Cause, Misfit, UNKNOWN_MAX};
use crate::api::{Type, TypeId, fold};

/// What is known of a field.
#[derive(Clone)]
pub(super) enum Slot {
    /// No key was decoded into it.
    Free,
    /// There was one, and it says nothing.
    LeftOut,
    /// There was one, or the field was filled in.
    Holds(Value),
}

impl Slot {
    fn into_value(self) -> Option<Value> {
        match self {
            Self::Holds(value) => Some(value),
            Self::Free | Self::LeftOut => None,
        }
    }
}

/// Keys that no field has, with their values.
#[derive(Default)]
pub(super) struct Others {
    folded: BTreeSet<String>,
    pub(super) entries: Vec<(Value, Value)>,
}

impl Others {
    /// Takes a key.
    ///
    /// Errors: one that differs from another in case only, as newer engines may know it; one too many.
    pub(super) fn take(&mut self, key: &Value, value: &Value) -> Result<(), Misfit> {
        let text = key.as_str().unwrap_or_default();
        if !self.folded.insert(fold(text)) {
            return Err(Misfit::new(Cause::Repeated(text.to_string())));
        }
        if self.folded.len() > UNKNOWN_MAX {
            return Err(Misfit::new(Cause::Many("fields that the API does not have")));
        }
        self.entries.push((key.clone(), value.clone()));
        Ok(())
    }
}

/// Returns the object of a struct.
pub(super) fn object(
    id: TypeId,
    target: &Type,
    slots: Vec<Slot>,
    others: Vec<(Value, Value)>,
) -> Value {
    if others.is_empty()
        && let Some(keys) = shared_keys(id, target, &slots)
    {
        let values: Vec<Value> = slots.into_iter().filter_map(Slot::into_value).collect();
        return Value::object_from_parts(keys, values);
    }
    let known = target.fields.iter().zip(slots);
    let known = known.filter_map(|(field, slot)| Some((field.name.clone(), slot.into_value()?)));
    Value::object(known.chain(others).collect())
}

/// A struct, and a bit for each field that holds something.
type Held = (TypeId, u128);

/// At this many lists all are forgotten. Clients have a few dozen; together they have less than 1 MB.
const LISTS_MAX: usize = 256;

/// Returns the keys of the fields that hold something; nothing where they are not shared: the struct
/// has too many fields, or somebody else looks for theirs.
fn shared_keys(id: TypeId, target: &Type, slots: &[Slot]) -> Option<Arc<Keys>> {
    static LISTS: LazyLock<Mutex<HashMap<Held, Arc<Keys>, foldhash::fast::RandomState>>> =
        LazyLock::new(Mutex::default);
    if slots.len() > u128::BITS as usize {
        return None;
    }
    let bit = |held: u128, slot: &Slot| held << 1 | u128::from(matches!(slot, Slot::Holds(_)));
    let held = slots.iter().fold(0, bit);
    let mut lists = LISTS.try_lock().ok()?;
    if let Some(keys) = lists.get(&(id, held)) {
        return Some(Arc::clone(keys));
    }
    if lists.len() >= LISTS_MAX {
        lists.clear();
    }
    let fields = target.fields.iter().zip(slots);
    let held_ones = fields.filter(|(_, slot)| matches!(slot, Slot::Holds(_)));
    let names = held_ones.map(|(field, _)| field.name.clone()).collect();
    let keys = Arc::new(Keys::from_unsorted(names));
    lists.insert((id, held), Arc::clone(&keys));
    Some(keys)
}
