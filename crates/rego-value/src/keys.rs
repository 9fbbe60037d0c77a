//! A sorted list of distinct values: the keys of objects, and sets.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::{LazyLock, OnceLock};

use crate::value::Value;

/// Up to this many keys a look-up compares its way through the sorted list; beyond it, it hashes.
const SEARCH_KEYS_MAX: usize = 12;

/// Seeded once a process, so that nobody can prepare keys that collide.
static HASHER: LazyLock<foldhash::fast::RandomState> = LazyLock::new(Default::default);

/// Distinct values sorted in Rego's total order.
pub struct Keys {
    // INVARIANT: strictly increasing.
    items: Box<[Value]>,
    /// Open addressing; 0 is empty, else the item's position + 1.
    index: OnceLock<Box<[u32]>>,
}

impl Keys {
    /// Returns the distinct values among `items`, sorted; of equal ones that are written differently
    /// (`1` and `1.0`) the first.
    pub fn from_unsorted(mut items: Vec<Value>) -> Self {
        if !items.is_sorted_by(|a, b| a < b) {
            items.sort(); // stable, so that the first of equal ones comes first
            items.dedup();
        }
        Self::from_sorted(items)
    }

    /// Returns the keys of a list that is strictly increasing already.
    pub(crate) fn from_sorted(items: Vec<Value>) -> Self {
        debug_assert!(items.is_sorted_by(|a, b| a < b));
        Self { items: items.into_boxed_slice(), index: OnceLock::new() }
    }

    /// Returns the values in order.
    #[inline]
    pub fn as_slice(&self) -> &[Value] {
        &self.items
    }

    /// Returns the values in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Value> {
        self.items.iter()
    }

    /// Returns how many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether `key` is one of them.
    pub fn contains(&self, key: &Value) -> bool {
        self.find(key).is_some()
    }

    /// Returns the position of `key`, trying position `hint` first.
    #[inline]
    pub fn find_hinted(&self, key: &Value, hint: usize) -> Option<usize> {
        match self.items.get(hint) {
            Some(item) if item == key => Some(hint),
            _ => self.find(key),
        }
    }

    /// Returns the position of `key`.
    pub fn find(&self, key: &Value) -> Option<usize> {
        if self.items.len() <= SEARCH_KEYS_MAX {
            return self.items.iter().position(|item| item == key);
        }
        let index = self.index.get_or_init(|| self.build_index());
        let mask = index.len().wrapping_sub(1);
        let mut at = HASHER.hash_one(key) as usize & mask;
        loop {
            let position = (*index.get(at)? as usize).checked_sub(1)?;
            if self.items.get(position)? == key {
                return Some(position);
            }
            at = (at + 1) & mask;
        }
    }

    /// At most half full, so a probe always meets an empty place.
    fn build_index(&self) -> Box<[u32]> {
        let size = (self.items.len() * 2).next_power_of_two();
        let mut index = vec![0u32; size].into_boxed_slice();
        for (position, item) in self.items.iter().enumerate() {
            let mut at = HASHER.hash_one(item) as usize & (size - 1);
            while index.get(at).is_some_and(|place| *place != 0) {
                at = (at + 1) & (size - 1);
            }
            if let Some(place) = index.get_mut(at) {
                *place = position as u32 + 1;
            }
        }
        index
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
