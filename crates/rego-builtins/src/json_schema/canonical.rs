//! One text for each JSON value, by which values are compared: numbers as doubles, so that `1` and
//! `1.0` are one value, and so are integers that no double tells apart, as in OPA.

use rego_value::{Number, Value, View};
use rego_vm::{BuiltinError, Context};

use crate::charge;

/// Returns the canonical JSON of a value.
///
/// Errors: a number beyond a double's range.
pub(super) fn text(context: &mut Context<'_>, value: &Value) -> Result<String, BuiltinError> {
    charge::text_of(context, value)?;
    Ok(rounded(value)?.to_json())
}

fn rounded(value: &Value) -> Result<Value, BuiltinError> {
    Ok(match value.view() {
        View::Int(int) if int.unsigned_abs() < 1 << 53 => value.clone(),
        View::Int(_) | View::Number(_) => match value.as_number() {
            Some(number) => Value::from(double(&number)?),
            None => Value::NULL,
        },
        View::Array(items) => {
            let items: Result<Vec<Value>, BuiltinError> = items.iter().map(rounded).collect();
            Value::array(items?)
        }
        View::Object(object) => {
            let entries: Result<Vec<(Value, Value)>, BuiltinError> =
                object.iter().map(|(key, value)| Ok((key.clone(), rounded(value)?))).collect();
            Value::object(entries?)
        }
        _ => value.clone(),
    })
}

fn double(number: &Number) -> Result<Number, BuiltinError> {
    let double = number.to_f64();
    let too_large = || {
        let text = number.text();
        let why = format!("json: cannot unmarshal number {text} into Go value of type float64");
        BuiltinError::Failed(why)
    };
    if !double.is_finite() {
        return Err(too_large());
    }
    let magnitude = double.abs();
    // As Go's `encoding/json` writes doubles.
    let text = if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) {
        format!("{double}")
    } else {
        format!("{double:e}").replace('e', if magnitude < 1.0 { "e" } else { "e+" })
    };
    Number::parse(&text).ok_or_else(too_large)
}
