//! A struct on the way: what is known of its fields, and the object that it becomes.
//!
//! Objects of one struct with the same fields share their list of keys, across bodies. Must not know:
//! what the fields hold.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use rego::{Keys, ObjectRef, Value};

use super::{Cause, Misfit, UNKNOWN_MAX};
use crate::api::{Type, TypeId, fold};

/// What is known of a field.
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

/// The field that each key of a list is.
type Places = Arc<[usize]>;

type Memory<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// What is known of key lists that are shared across bodies.
#[derive(Default)]
struct Known {
    /// The keys of a struct, by a bit for each field that holds something.
    keys: Memory<(TypeId, u128), Arc<Keys>>,
    /// The fields of a struct that the keys of a list are, by the list's address.
    // INVARIANT: the list at that address is kept beside, so that no other one comes to be there.
    places: Memory<(TypeId, usize), (Arc<Keys>, Places)>,
}

/// Most entries of one kind; at so many all of them are forgotten. Clients have a few dozen; together
/// they have less than 1 MB.
const KNOWN_MAX: usize = 256;

/// Whoever finds it in use does without.
static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

/// Returns the fields that the keys of an object are, one by one; nothing where a key is not the very
/// name of a field, or where nobody shares the object's keys.
pub(super) fn places(id: TypeId, target: &Type, object: ObjectRef<'_>) -> Option<Places> {
    let keys = object.shared_keys();
    if Arc::strong_count(keys) < 2 {
        return None;
    }
    let at = (id, Arc::as_ptr(keys) as usize);
    let mut known = KNOWN.try_lock().ok()?;
    if let Some((_, places)) = known.places.get(&at) {
        return Some(Arc::clone(places));
    }
    let place = |key: &Value| {
        let place = target.find(key.as_str()?)?;
        target.fields.get(place).filter(|field| field.name == *key).map(|_| place)
    };
    let places = keys.iter().map(place).collect::<Option<Places>>()?;
    if known.places.len() >= KNOWN_MAX {
        known.places.clear();
    }
    known.places.insert(at, (Arc::clone(keys), Arc::clone(&places)));
    Some(places)
}

/// Returns the keys of the fields that hold something; nothing where they are not shared.
fn shared_keys(id: TypeId, target: &Type, slots: &[Slot]) -> Option<Arc<Keys>> {
    if slots.len() > u128::BITS as usize {
        return None;
    }
    let bit = |held: u128, slot: &Slot| held << 1 | u128::from(matches!(slot, Slot::Holds(_)));
    let held = slots.iter().fold(0, bit);
    let mut known = KNOWN.try_lock().ok()?;
    if let Some(keys) = known.keys.get(&(id, held)) {
        return Some(Arc::clone(keys));
    }
    if known.keys.len() >= KNOWN_MAX {
        known.keys.clear();
    }
    let fields = target.fields.iter().zip(slots);
    let held_ones = fields.filter(|(_, slot)| matches!(slot, Slot::Holds(_)));
    let names = held_ones.map(|(field, _)| field.name.clone()).collect();
    let keys = Arc::new(Keys::from_unsorted(names));
    known.keys.insert((id, held), Arc::clone(&keys));
    Some(keys)
}
