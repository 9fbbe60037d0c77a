//! Schemas that were read and make sense, kept for the rest of a query, and between queries where the
//! host has a memory for that: a policy checks many queries, or parts of one, with one schema.
//!
//! Must not know: what is checked.

use std::any::Any;
use std::sync::Arc;

use rego_value::{Value, View};
use rego_vm::Context;

use super::document::SchemaDocument;
use super::report::Checked;
use super::schema::Schema;
use crate::charge;

/// How many schemas are kept; those that come later are read each time. (OPA keeps as many.)
const KEPT_MAX: usize = 10;

/// The name of the host's memory. Source: OPA's configuration reference,
/// `caching.inter_query_builtin_value_cache.named`.
const CACHE: &str = "graphql";

/// A schema, and the document that it was made of.
pub(super) struct Sound {
    pub(super) document: SchemaDocument,
    pub(super) schema: Schema,
}

#[derive(Default)]
struct Kept {
    schemas: Vec<(Value, Arc<Sound>)>,
}

/// Returns what is kept for a text or tree, or what `read` makes of it.
///
/// Errors: as `read`, and as [`Schema::new`].
pub(super) fn schema(
    context: &mut Context<'_>,
    value: &Value,
    read: impl FnOnce(&mut Context<'_>) -> Checked<SchemaDocument>,
) -> Checked<Arc<Sound>> {
    if let Some(sound) = find(context, value)? {
        return Ok(sound);
    }
    let document = read(context)?;
    let schema = Schema::new(context, &document)?;
    let sound = Arc::new(Sound { document, schema });
    if let Some(values) = context.host().values(CACHE) {
        let shared: Arc<dyn Any + Send + Sync> = Arc::<Sound>::clone(&sound);
        values.insert(value.clone(), shared);
    }
    if let Some(kept) = context.scratch::<Kept>("graphql")
        && kept.schemas.len() < KEPT_MAX
    {
        kept.schemas.push((value.clone(), Arc::clone(&sound)));
    }
    Ok(sound)
}

fn find(context: &mut Context<'_>, value: &Value) -> Checked<Option<Arc<Sound>>> {
    /// What comparing two trees costs at most, in steps: those of another size differ soon.
    const COMPARISON: u64 = 1_000;
    match value.view() {
        View::String(text) => charge::scan(context, text.len())?,
        _ => context.charge_steps(COMPARISON)?,
    }
    let kept = context.scratch::<Kept>("graphql").into_iter().flat_map(|kept| &kept.schemas);
    let found = kept.into_iter().find(|(kept, _)| kept == value);
    if let Some((_, sound)) = found {
        return Ok(Some(Arc::clone(sound)));
    }
    let shared = context.host().values(CACHE).and_then(|values| values.get(value));
    Ok(shared.and_then(|shared| shared.downcast::<Sound>().ok()))
}
