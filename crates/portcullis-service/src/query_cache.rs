//! Queries that were prepared once and are asked again: paths of the REST API, decisions about
//! logging.
//!
//! One cache for each program. Queries are over the newest data; what one sees is what it is asked with.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{PoisonError, RwLock};

use rego::{Errors, Policy, Query, QueryOptions, RegoVersion};

/// Most queries that are kept. OPA's number.
const QUERIES_MAX: usize = 100;

/// Longest query that is kept, in bytes.
const QUERY_BYTES_MAX: usize = 16 << 10;

/// Prepared queries by their text and how it was read.
#[derive(Default)]
pub(crate) struct QueryCache(RwLock<Kept>);

#[derive(Default)]
struct Kept {
    queries: BTreeMap<&'static str, BTreeMap<String, Query>>,
    /// In the order in which they came; the first goes first.
    order: VecDeque<(&'static str, String)>,
}

impl QueryCache {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Has the queries see the data of this policy, so that no older data is kept for their sake.
    pub(crate) fn follow(&self, policy: &Policy) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for query in kept.queries.values_mut().flat_map(BTreeMap::values_mut) {
            *query = query.over(policy);
        }
    }

    /// Returns the query over the policy's data, and whether it was ready already.
    pub(crate) fn get_or_prepare(
        &self,
        policy: &Policy,
        (kind, text): (&'static str, &str),
        options: &QueryOptions,
    ) -> Result<(Query, bool), Errors> {
        let plain = options.package.is_none()
            && options.imports.is_empty()
            && !options.strict
            && !options.print
            && options.version != RegoVersion::V0;
        if !plain || text.len() > QUERY_BYTES_MAX {
            return Ok((policy.prepare_with(text, options)?, false));
        }
        // What a panic left behind is a query or none.
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(query) = kept.queries.get(kind).and_then(|of_kind| of_kind.get(text)) {
            return Ok((query.over(policy), true));
        }
        drop(kept);
        let query = policy.prepare_with(text, options)?;
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let of_kind = kept.queries.entry(kind).or_default();
        if of_kind.insert(text.to_string(), query.clone()).is_none() {
            kept.order.push_back((kind, text.to_string()));
        }
        while kept.order.len() > QUERIES_MAX {
            if let Some((kind, oldest)) = kept.order.pop_front()
                && let Some(of_kind) = kept.queries.get_mut(kind)
            {
                of_kind.remove(&oldest);
            }
        }
        Ok((query, false))
    }
}

#[cfg(test)]
mod tests {
    use rego::{Compiler, EvalOptions, Value};

    use super::*;

    #[test]
    fn a_kept_query_follows_the_data() {
        let data = |n: i64| Value::object_from_strs([("n", Value::from(n))]);
        let policy = Compiler::new().module("p.rego", "package p\nout := data.n + 1").data(data(1));
        let first = policy.compile().unwrap();
        let second = first.with_data(data(5));
        let cache = QueryCache::new();
        let ask = |policy: &Policy| {
            let options = QueryOptions::default();
            let (query, was_ready) =
                cache.get_or_prepare(policy, ("", "data.p.out"), &options).unwrap();
            (query.value(None, &EvalOptions::default()).unwrap(), was_ready)
        };
        assert_eq!(ask(&first), (Some(Value::from(2)), false));
        assert_eq!(ask(&first), (Some(Value::from(2)), true));
        cache.follow(&second);
        assert_eq!(ask(&second), (Some(Value::from(6)), true));
        // A request that began before the data changed.
        assert_eq!(ask(&first), (Some(Value::from(2)), true));
        assert_eq!(ask(&second), (Some(Value::from(6)), true));
    }
}
