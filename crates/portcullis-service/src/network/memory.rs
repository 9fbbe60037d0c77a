//! What queries share of answers: bounded in bytes, first in first out.
//!
//! Source: OPA's configuration reference, `caching.inter_query_builtin_cache`.
//!
//! Must not know: what is kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rego::Value;
use rego::world::{Kept, Memory};

use crate::config::BuiltinCacheConfig;

/// Most bytes that are kept where no limit is configured. Ours; OPA has none then.
const BYTES_MAX_DEFAULT: u64 = 256 << 20;

/// What an entry takes at least: its key, and its place in two maps.
const ENTRY_BYTES: u64 = 512;

/// The memory that queries share.
#[derive(Default)]
pub(super) struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    entries: HashMap<Value, Entry>,
    /// Keys in the order in which they came.
    order: BTreeMap<u64, Value>,
    came: u64,
    bytes: u64,
    limits: Limits,
    swept: Option<Instant>,
}

struct Entry {
    kept: Kept,
    bytes: u64,
    came: u64,
}

struct Limits {
    bytes_max: u64,
    sweep_period: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes_max: BYTES_MAX_DEFAULT, sweep_period: None }
    }
}

impl Shared {
    /// Sets the limits. What does not fit them is forgotten.
    pub(super) fn configure(&self, config: &BuiltinCacheConfig) {
        let part = config.forced_eviction_threshold_percentage.min(100);
        let bytes_max = config.max_size_bytes.unwrap_or(BYTES_MAX_DEFAULT);
        let bytes_max = u128::from(bytes_max) * u128::from(part) / 100;
        let mut state = self.lock();
        state.limits = Limits {
            bytes_max: u64::try_from(bytes_max).unwrap_or(u64::MAX),
            sweep_period: config.stale_entry_eviction_period,
        };
        state.make_room(0);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in between leaves at worst a count that is off by one entry.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory for Shared {
    fn get(&self, key: &Value) -> Option<Kept> {
        let mut state = self.lock();
        state.sweep();
        state.entries.get(key).map(|entry| entry.kept.clone())
    }

    fn insert(&self, key: Value, kept: Kept) {
        let mut state = self.lock();
        state.sweep();
        state.remove(&key);
        let bytes = kept.bytes.saturating_add(ENTRY_BYTES);
        if bytes > state.limits.bytes_max {
            return;
        }
        state.make_room(bytes);
        state.came += 1;
        state.bytes += bytes;
        let came = state.came;
        state.order.insert(came, key.clone());
        state.entries.insert(key, Entry { kept, bytes, came });
    }

    fn remove(&self, key: &Value) {
        self.lock().remove(key);
    }
}

impl State {
    fn remove(&mut self, key: &Value) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&entry.came);
            self.bytes = self.bytes.saturating_sub(entry.bytes);
        }
    }

    /// Forgets what came first until there is room for so many bytes more.
    fn make_room(&mut self, bytes: u64) {
        while self.bytes.saturating_add(bytes) > self.limits.bytes_max {
            let Some((_, key)) = self.order.pop_first() else { return };
            self.remove(&key);
        }
    }

    /// Forgets what has expired, if it is time to. Nothing is asked for while nobody looks, so
    /// looking is when it is done.
    fn sweep(&mut self) {
        let Some(period) = self.limits.sweep_period else { return };
        let now = Instant::now();
        let swept = *self.swept.get_or_insert(now);
        if now.saturating_duration_since(swept) < period {
            return;
        }
        self.swept = Some(now);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ns = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
        let has_expired = |key: &&Value| {
            let entry = self.entries.get(*key);
            entry.and_then(|entry| entry.kept.expires_ns).is_some_and(|expires| expires < now_ns)
        };
        let expired: Vec<Value> = self.order.values().filter(has_expired).cloned().collect();
        for key in expired {
            self.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(bytes: u64, expires_ns: Option<i64>) -> Kept {
        Kept { value: Value::NULL, expires_ns, bytes: bytes - ENTRY_BYTES }
    }

    fn held(memory: &Shared) -> String {
        let names = ["a", "b", "c", "d"];
        names.into_iter().filter(|name| memory.get(&Value::from(*name)).is_some()).collect()
    }

    #[test]
    fn what_came_first_goes_first() {
        let memory = Shared::default();
        let config = BuiltinCacheConfig { max_size_bytes: Some(4000), ..Default::default() };
        let config = BuiltinCacheConfig { forced_eviction_threshold_percentage: 75, ..config };
        memory.configure(&config);
        for name in ["a", "b", "c"] {
            memory.insert(Value::from(name), kept(1000, None));
        }
        assert_eq!(held(&memory), "abc");
        memory.insert(Value::from("a"), kept(1000, None));
        memory.insert(Value::from("d"), kept(1000, None));
        assert_eq!(held(&memory), "acd");
        memory.insert(Value::from("b"), kept(3001, None));
        assert_eq!(held(&memory), "acd");
        memory.insert(Value::from("b"), kept(3000, None));
        assert_eq!(held(&memory), "b");
        memory.configure(&BuiltinCacheConfig { max_size_bytes: Some(1), ..Default::default() });
        assert_eq!(held(&memory), "");
        assert_eq!(memory.lock().bytes, 0);
    }

    #[test]
    fn what_has_expired_goes_when_it_is_time() {
        let memory = Shared::default();
        memory.insert(Value::from("a"), kept(1000, Some(1)));
        memory.insert(Value::from("b"), kept(1000, None));
        memory.insert(Value::from("c"), kept(1000, Some(i64::MAX)));
        assert_eq!(held(&memory), "abc");
        let period = Some(Duration::from_nanos(1));
        let config =
            BuiltinCacheConfig { stale_entry_eviction_period: period, ..Default::default() };
        memory.configure(&config);
        held(&memory);
        assert_eq!(held(&memory), "bc");
    }
}
