//! What text costs: the steps of looking at it and the bytes of making it.

use rego_value::{Value, View};
use rego_vm::{BuiltinError, Context};

/// How many bytes of text one step looks at.
const BYTES_PER_STEP: usize = 64;

/// Pays for looking at `bytes` bytes of text once.
pub(crate) fn scan(context: &mut Context<'_>, bytes: usize) -> Result<(), BuiltinError> {
    context.charge_steps((bytes / BYTES_PER_STEP + 1) as u64)
}

/// Pays for a text of `bytes` bytes that is about to be made.
pub(crate) fn make(context: &mut Context<'_>, bytes: usize) -> Result<(), BuiltinError> {
    scan(context, bytes)?;
    context.charge_bytes(bytes as u64)
}

/// Pays for the text of a value that is about to be made. Parts that a value shares with itself
/// count each time, as they do in its text.
pub(crate) fn text_of(context: &mut Context<'_>, value: &Value) -> Result<(), BuiltinError> {
    /// What a number, a name or the marks between two elements take, in bytes.
    const SMALL: usize = 8;
    let mut todo = vec![value];
    while let Some(value) = todo.pop() {
        match value.view() {
            View::String(text) => make(context, text.len() + SMALL)?,
            View::Number(number) => make(context, number.text().len() + SMALL)?,
            View::Array(items) => {
                make(context, SMALL)?;
                todo.extend(items);
            }
            View::Set(set) => {
                make(context, SMALL)?;
                todo.extend(set.iter());
            }
            View::Object(object) => {
                make(context, SMALL)?;
                todo.extend(object.keys().iter());
                todo.extend(object.values());
            }
            View::Null | View::Bool(_) | View::Int(_) => make(context, SMALL)?,
        }
    }
    Ok(())
}

/// Returns the array of `texts`, and pays for it.
pub(crate) fn array<'t>(
    context: &mut Context<'_>,
    texts: impl Iterator<Item = &'t str>,
) -> Result<Value, BuiltinError> {
    let mut items = Vec::new();
    for text in texts {
        make(context, text.len() + size_of::<Value>())?;
        items.push(Value::from(text));
    }
    Ok(Value::array(items))
}
