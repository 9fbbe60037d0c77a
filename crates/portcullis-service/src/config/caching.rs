//! `caching`: what builtins may keep from one query to the next.
//!
//! Must not know: what is cached.

use std::collections::BTreeMap;
use std::time::Duration;

use super::read::Section;

/// Caches by name that have a limit unless one is configured.
const NAMED_DEFAULTS: &[(&str, u64)] = &[("graphql", 10)];

/// Caches by name there are.
const NAMED: &[&str] = &["graphql", "io_jwt"];

/// What builtins may keep from one query to the next.
///
/// Source: OPA's configuration reference, `caching`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CachingConfig {
    /// `inter_query_builtin_cache`: responses of `http.send`.
    pub builtin_cache: BuiltinCacheConfig,
    /// `inter_query_builtin_value_cache`: patterns, tokens, schemas.
    pub value_cache: ValueCacheConfig,
}

/// The cache of responses.
#[derive(Clone, Debug, PartialEq)]
pub struct BuiltinCacheConfig {
    /// Most bytes; none: no limit, the default.
    pub max_size_bytes: Option<u64>,
    /// From which part of the size on entries are evicted, in percent; 100 by default.
    pub forced_eviction_threshold_percentage: u64,
    /// How often what has become stale is evicted; none: never, the default.
    pub stale_entry_eviction_period: Option<Duration>,
}

impl Default for BuiltinCacheConfig {
    fn default() -> Self {
        Self {
            max_size_bytes: None,
            forced_eviction_threshold_percentage: 100,
            stale_entry_eviction_period: None,
        }
    }
}

/// The caches of values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValueCacheConfig {
    /// Most entries of the cache without a name; none: no limit, the default.
    pub max_num_entries: Option<u64>,
    /// What is configured of caches by name.
    named: BTreeMap<String, NamedCache>,
}

/// What is configured of a cache by name.
#[derive(Clone, Debug, PartialEq)]
struct NamedCache {
    is_disabled: bool,
    max_num_entries: Option<u64>,
}

/// Whether a cache is kept, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheLimit {
    /// It is not kept.
    Off,
    /// It is kept, with so many entries at most.
    Entries(u64),
    /// It is kept without a limit.
    Unlimited,
}

impl ValueCacheConfig {
    /// Returns how large the cache of this name, such as `io_jwt` or `graphql`, may become. By
    /// default `graphql` keeps 10 entries, and others are off.
    pub fn named(&self, name: &str) -> CacheLimit {
        let default = NAMED_DEFAULTS.iter().find(|(named, _)| *named == name);
        let default = default.map_or(CacheLimit::Off, |(_, limit)| CacheLimit::Entries(*limit));
        match self.named.get(name) {
            None => default,
            Some(NamedCache { is_disabled: true, .. }) => CacheLimit::Off,
            Some(NamedCache { max_num_entries: None, .. }) => default,
            Some(NamedCache { max_num_entries: Some(0), .. }) => CacheLimit::Unlimited,
            Some(NamedCache { max_num_entries: Some(limit), .. }) => CacheLimit::Entries(*limit),
        }
    }
}

impl CachingConfig {
    /// Reads `caching`.
    pub(super) fn read(top: &Section<'_>) -> Self {
        let section = top.section_or_empty("caching");
        let builtin = section.section_or_empty("inter_query_builtin_cache");
        let value = section.section_or_empty("inter_query_builtin_value_cache");
        if value.is_set("max_num_entries") {
            let message = "`max_num_entries` has no effect: patterns of `regex.*` and `glob.*` are \
                           kept in memories of 256 each";
            value.warn("max_num_entries", message);
        }
        let some = |number: Option<u64>| number.filter(|number| *number > 0);
        Self {
            builtin_cache: BuiltinCacheConfig {
                max_size_bytes: some(builtin.whole("max_size_bytes", 0..=u64::MAX)),
                forced_eviction_threshold_percentage: builtin
                    .whole("forced_eviction_threshold_percentage", 0..=100)
                    .unwrap_or(100),
                stale_entry_eviction_period: builtin
                    .seconds("stale_entry_eviction_period_seconds", 0)
                    .filter(|period| !period.is_zero()),
            },
            value_cache: ValueCacheConfig {
                max_num_entries: some(value.whole("max_num_entries", 0..=u64::MAX)),
                named: named(&value),
            },
        }
    }
}

fn named(section: &Section<'_>) -> BTreeMap<String, NamedCache> {
    let mut caches = BTreeMap::new();
    for (name, value) in section.entries("named") {
        let path = section.path("named").key(name);
        if !NAMED.contains(&name) {
            let message = format!("no cache is called `{name}`: there are `graphql` and `io_jwt`");
            section.report().warn(path.clone(), message);
        }
        let cache = Section::new(value, path, section.report());
        let cache = NamedCache {
            is_disabled: cache.flag("disabled").unwrap_or(false),
            max_num_entries: cache.whole("max_num_entries", 0..=u64::MAX),
        };
        caches.insert(name.to_owned(), cache);
    }
    caches
}
