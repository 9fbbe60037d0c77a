//! Schemas that were read and make sense, kept for the rest of a query: a policy checks many
//! queries, or parts of one, with one schema.
//!
//! Must not know: what is checked.

use std::rc::Rc;

use rego_value::{Value, View};
use rego_vm::Context;

use super::document::SchemaDocument;
use super::report::Checked;
use super::schema::Schema;
use crate::charge;

/// How many schemas are kept; those that come later are read each time. (OPA keeps as many.)
const KEPT_MAX: usize = 10;

/// A schema, and the document that it was made of.
pub(super) struct Sound {
    pub(super) document: SchemaDocument,
    pub(super) schema: Schema,
}

#[derive(Default)]
struct Kept {
    schemas: Vec<(Value, Rc<Sound>)>,
}

/// Returns what is kept for a text or tree, or what `read` makes of it.
///
/// Errors: as `read`, and as [`Schema::new`].
pub(super) fn schema(
    context: &mut Context<'_>,
    value: &Value,
    read: impl FnOnce(&mut Context<'_>) -> Checked<SchemaDocument>,
) -> Checked<Rc<Sound>> {
    if let Some(sound) = find(context, value)? {
        return Ok(sound);
    }
    let document = read(context)?;
    let schema = Schema::new(context, &document)?;
    let sound = Rc::new(Sound { document, schema });
    if let Some(kept) = context.scratch::<Kept>("graphql")
        && kept.schemas.len() < KEPT_MAX
    {
        kept.schemas.push((value.clone(), Rc::clone(&sound)));
    }
    Ok(sound)
}

fn find(context: &mut Context<'_>, value: &Value) -> Checked<Option<Rc<Sound>>> {
    /// What comparing two trees costs at most, in steps: those of another size differ soon.
    const COMPARISON: u64 = 1_000;
    match value.view() {
        View::String(text) => charge::scan(context, text.len())?,
        _ => context.charge_steps(COMPARISON)?,
    }
    let Some(kept) = context.scratch::<Kept>("graphql") else { return Ok(None) };
    let found = kept.schemas.iter().find(|(kept, _)| kept == value);
    Ok(found.map(|(_, sound)| Rc::clone(sound)))
}
