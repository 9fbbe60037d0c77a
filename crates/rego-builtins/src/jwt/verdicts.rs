//! Signatures that were checked, kept between queries where the host has a memory for that: a token
//! is shown many times.
//!
//! Must not know: how a signature is checked.

use std::sync::Arc;

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use crate::charge;

/// The name of the memory. Source: OPA's configuration reference,
/// `caching.inter_query_builtin_value_cache.named`.
const CACHE: &str = "io_jwt";

/// Returns what `check` says, or said before of the same parts: whatever a verdict depends on.
///
/// Errors: as `check`; none is kept.
pub(super) fn recalled(
    context: &mut Context<'_>,
    parts: impl FnOnce() -> Vec<Value>,
    check: impl FnOnce(&mut Context<'_>) -> Result<bool, BuiltinError>,
) -> Result<bool, BuiltinError> {
    if context.host().values(CACHE).is_none() {
        return check(context);
    }
    let key = Value::array(parts());
    charge::text_of(context, &key)?;
    let known = context.host().values(CACHE).and_then(|values| values.get(&key));
    if let Some(known) = known.and_then(|known| known.downcast::<bool>().ok()) {
        return Ok(*known);
    }
    let verdict = check(context)?;
    if let Some(values) = context.host().values(CACHE) {
        values.insert(key, Arc::new(verdict));
    }
    Ok(verdict)
}
