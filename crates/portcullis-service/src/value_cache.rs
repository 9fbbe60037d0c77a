//! Memories of what builtins make of values at some cost, one by name, which queries share.
//!
//! Source: OPA's configuration reference, `caching.inter_query_builtin_value_cache`.
//!
//! Must not know: what is made.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rego::Value;
use rego::world::Values;

use crate::config::{CacheLimit, ValueCacheConfig};

/// Most entries of a memory without a limit. Ours.
const ENTRIES_MAX: u64 = 10_000;

/// What is kept under a key.
type Made = Arc<dyn Any + Send + Sync>;

/// The memories there are. By default, each has OPA's default size.
pub struct ValueCaches {
    graphql: ValueCache,
    io_jwt: ValueCache,
}

impl Default for ValueCaches {
    fn default() -> Self {
        let caches = Self { graphql: ValueCache::default(), io_jwt: ValueCache::default() };
        caches.configure(&ValueCacheConfig::default());
        caches
    }
}

impl ValueCaches {
    /// Sets how large they may become. What does not fit is forgotten.
    pub fn configure(&self, config: &ValueCacheConfig) {
        self.graphql.limit(config.named("graphql"));
        self.io_jwt.limit(config.named("io_jwt"));
    }

    /// Returns the memory of a name, where it is kept.
    pub(crate) fn named(&self, name: &str) -> Option<&dyn Values> {
        let cache = match name {
            "graphql" => &self.graphql,
            "io_jwt" => &self.io_jwt,
            _ => return None,
        };
        (cache.entries_max.load(Ordering::Relaxed) > 0).then_some(cache as &dyn Values)
    }
}

#[derive(Default)]
struct ValueCache {
    /// 0: it is not kept.
    entries_max: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashMap<Value, (u64, Made)>,
    /// Keys in the order in which they came; the first goes first.
    order: BTreeMap<u64, Value>,
    came: u64,
}

impl ValueCache {
    fn limit(&self, limit: CacheLimit) {
        let entries_max = match limit {
            CacheLimit::Off => 0,
            CacheLimit::Entries(entries) => entries.min(ENTRIES_MAX),
            CacheLimit::Unlimited => ENTRIES_MAX,
        };
        self.entries_max.store(entries_max, Ordering::Relaxed);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.make_room(entries_max);
    }
}

impl State {
    fn make_room(&mut self, entries_max: u64) {
        while self.entries.len() as u64 > entries_max {
            let Some((_, key)) = self.order.pop_first() else { return };
            self.entries.remove(&key);
        }
    }
}

impl Values for ValueCache {
    fn get(&self, key: &Value) -> Option<Made> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.entries.get(key).map(|(_, made)| Arc::clone(made))
    }

    fn insert(&self, key: Value, made: Made) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.came += 1;
        let came = state.came;
        if let Some((old, _)) = state.entries.insert(key.clone(), (came, made)) {
            state.order.remove(&old);
        }
        state.order.insert(came, key);
        state.make_room(self.entries_max.load(Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_as_large_as_configured() {
        let caches = ValueCaches::default();
        assert!(caches.named("io_jwt").is_none() && caches.named("x").is_none());
        let graphql = caches.named("graphql").unwrap();
        for number in 0..12 {
            graphql.insert(Value::from(number), Arc::new(number));
        }
        let held = |cache: &dyn Values| {
            (0..12).filter(|number| cache.get(&Value::from(*number)).is_some()).count()
        };
        assert_eq!(held(graphql), 10);
        graphql.insert(Value::from(11), Arc::new(0));
        assert_eq!(held(graphql), 10);
        assert!(graphql.get(&Value::from(11)).is_some_and(|made| made.is::<i32>()));
        caches.graphql.limit(CacheLimit::Entries(3));
        assert_eq!(held(graphql), 3);
        caches.graphql.limit(CacheLimit::Off);
        assert!(caches.named("graphql").is_none());
        assert_eq!(held(graphql), 0);
    }
}
