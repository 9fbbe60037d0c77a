//! Keys that were read, kept for the rest of a query: a policy looks at many tokens with one key.

use std::collections::HashMap;
use std::rc::Rc;

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use crate::charge;
use crate::keys::{self, NamedKey};

/// How many operands' keys are kept; those that come later are read each time.
const KEPT_MAX: usize = 64;

/// What reading a byte of a key costs, in steps: a private key is checked while it is read.
const STEPS_PER_BYTE: u64 = 32;

#[derive(Default)]
struct Kept {
    verifying: HashMap<Value, Rc<Vec<NamedKey>>>,
    signing: HashMap<Value, Rc<Vec<NamedKey>>>,
}

/// Returns the keys of a text that verify.
///
/// Errors: as [`keys::verification_keys`].
pub(super) fn verification_keys(
    context: &mut Context<'_>,
    text: &Value,
) -> Result<Rc<Vec<NamedKey>>, BuiltinError> {
    kept(
        context,
        |kept| &mut kept.verifying,
        text,
        |text| keys::verification_keys(text.as_str().unwrap_or_default()),
    )
}

/// Returns the keys of a JSON Web Key that sign: of its text or of its value.
///
/// Errors: as [`keys::from_text`] and [`keys::from_value`].
pub(super) fn signing_keys(
    context: &mut Context<'_>,
    key: &Value,
) -> Result<Rc<Vec<NamedKey>>, BuiltinError> {
    kept(
        context,
        |kept| &mut kept.signing,
        key,
        |key| match key.as_str() {
            Some(text) => keys::from_text(text),
            None => keys::from_value(key),
        },
    )
}

fn kept(
    context: &mut Context<'_>,
    part: fn(&mut Kept) -> &mut HashMap<Value, Rc<Vec<NamedKey>>>,
    operand: &Value,
    read: impl FnOnce(&Value) -> Result<Vec<NamedKey>, String>,
) -> Result<Rc<Vec<NamedKey>>, BuiltinError> {
    let length = operand.as_str().map_or(0, str::len);
    charge::make(context, length)?;
    let found = context.scratch::<Kept>("io.jwt").and_then(|kept| part(kept).get(operand).cloned());
    if let Some(keys) = found {
        return Ok(keys);
    }
    context.charge_steps(length as u64 * STEPS_PER_BYTE)?;
    let keys = Rc::new(read(operand).map_err(BuiltinError::Failed)?);
    if let Some(kept) = context.scratch::<Kept>("io.jwt").map(part)
        && kept.len() < KEPT_MAX
    {
        kept.insert(operand.clone(), Rc::clone(&keys));
    }
    Ok(keys)
}
