//! Aggregates: `count`, …
//!
//! Source: OPA policy reference, "Aggregates".

use rego_value::{Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::operand;

/// The family.
pub(crate) const FAMILY: &[Builtin] =
    &[Builtin::new(Decl::function("count", &[Type::Any], Type::Number), count)];

/// Returns the number of elements, or of a string's characters.
fn count(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let value = operand::any(operands, 0)?;
    let count = match value.view() {
        View::String(s) => s.chars().count(),
        View::Array(a) => a.len(),
        View::Object(o) => o.len(),
        View::Set(s) => s.len(),
        _ => {
            let want = ["array", "object", "set", "string"];
            return Err(BuiltinError::operand(1, value, &want));
        }
    };
    Ok(Value::from(count as i64))
}
