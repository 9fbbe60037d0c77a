//! Compiled patterns, kept for the whole process: bounded, sharded, least recently used out first.
//!
//! Must not know: what a pattern is.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// How many parts the cache has, so that threads seldom wait for each other.
const SHARDS: usize = 8;

/// How many patterns one shard keeps: 256 in all. (OPA keeps 100.)
const SHARD_ENTRIES_MAX: usize = 32;

/// The longest pattern that is kept, in bytes.
const KEY_BYTES_MAX: usize = 8192;

/// A cache from a pattern's text to its compiled form.
pub(crate) struct Cache<T> {
    shards: [LazyLock<Mutex<Shard<T>>>; SHARDS],
    hasher: LazyLock<std::hash::RandomState>,
}

struct Shard<T> {
    entries: HashMap<Box<str>, Entry<T>>,
    /// Counts look-ups: the age of an entry is how long ago it was used.
    clock: u64,
}

struct Entry<T> {
    value: Arc<T>,
    used: u64,
}

impl<T> Shard<T> {
    fn new() -> Mutex<Self> {
        Mutex::new(Self { entries: HashMap::new(), clock: 0 })
    }
}

impl<T> Cache<T> {
    /// Returns an empty cache.
    pub(crate) const fn new() -> Self {
        Self {
            shards: [const { LazyLock::new(Shard::new) }; SHARDS],
            hasher: LazyLock::new(std::hash::RandomState::new),
        }
    }

    /// Returns what is kept for `key`, or what `make` returns, which is kept where it is no error.
    pub(crate) fn get<E>(
        &self,
        key: &str,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let Some(shard) = self.shard(key) else { return make().map(Arc::new) };
        if let Some(value) = shard.lock().unwrap_or_else(PoisonError::into_inner).find(key) {
            return Ok(value);
        }
        let value = Arc::new(make()?);
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.insert(key, Arc::clone(&value));
        Ok(value)
    }

    fn shard(&self, key: &str) -> Option<&Mutex<Shard<T>>> {
        if key.len() > KEY_BYTES_MAX {
            return None;
        }
        let hash = self.hasher.hash_one(key) as usize;
        self.shards.get(hash % SHARDS).map(|shard| &**shard)
    }
}

impl<T> Shard<T> {
    fn find(&mut self, key: &str) -> Option<Arc<T>> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(Arc::clone(&entry.value))
    }

    fn insert(&mut self, key: &str, value: Arc<T>) {
        if self.entries.len() >= SHARD_ENTRIES_MAX {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.entries.remove(&key);
            }
        }
        self.entries.insert(key.into(), Entry { value, used: self.clock });
    }
}

#[cfg(test)]
mod tests {
    use super::{Cache, SHARD_ENTRIES_MAX, SHARDS};

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let cache: Cache<usize> = Cache::new();
        for i in 0..10_000 {
            cache.get::<()>(&i.to_string(), || Ok(i)).unwrap();
            let kept = cache.get::<()>("0", || Err(()));
            assert_eq!(kept.map(|value| *value), Ok(0));
        }
        let kept = (0..10_000).filter(|i| cache.get(&i.to_string(), || Err(())).is_ok()).count();
        assert!(kept <= SHARDS * SHARD_ENTRIES_MAX);
    }
}
