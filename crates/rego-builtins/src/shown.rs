//! How values show in printed lines and template strings.
//!
//! Must not know: families.

use rego_value::{Value, View};
use rego_vm::{BuiltinError, Context};

use crate::charge;

/// What stands for an operand without a value.
pub(crate) const UNDEFINED: &str = "<undefined>";

/// Returns the texts of one operand of `internal.print` or of a template string.
pub(crate) fn column(
    context: &mut Context<'_>,
    value: &Value,
) -> Result<Vec<String>, BuiltinError> {
    match value.view() {
        View::Set(set) if set.is_empty() => Ok(vec![UNDEFINED.to_string()]),
        View::Set(set) => set.iter().map(|value| text(context, value)).collect(),
        View::Array(_) | View::Object(_) => {
            let kind = value.type_name();
            Err(BuiltinError::Failed(format!("illegal argument type: {kind}")))
        }
        _ => Ok(vec![text(context, value)?]),
    }
}

/// Returns a string as it is, and anything else as Rego writes it.
pub(crate) fn text(context: &mut Context<'_>, value: &Value) -> Result<String, BuiltinError> {
    charge::text_of(context, value)?;
    Ok(value.as_str().map_or_else(|| value.to_rego(), str::to_string))
}
