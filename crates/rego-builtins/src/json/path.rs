//! Paths into documents: `a/b/0`, or `["a", "b", 0]`.

use rego_value::{Value, View};
use rego_vm::{BuiltinError, Context};

use crate::charge;

/// The keys from the root of a document to a place in it.
pub(super) type Path = Vec<Value>;

/// Returns the paths in an array or set, sorted, without those that have no key.
pub(super) fn paths(context: &mut Context<'_>, value: &Value) -> Result<Vec<Path>, BuiltinError> {
    let wrong = || BuiltinError::operand(2, value, &["set", "array"]);
    let items = value.as_elements().ok_or_else(wrong)?;
    let mut paths = Vec::with_capacity(items.len());
    for item in items {
        let path = path(context, item)?.ok_or_else(|| {
            let shape = "containing string paths or array of path segments";
            let got = item.type_name();
            BuiltinError::Type(format!(
                "operand 2 must be one of {{set, array}} {shape} but got {got}"
            ))
        })?;
        if !path.is_empty() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Returns the path of a value, or nothing where it is neither text nor an array.
pub(super) fn path(context: &mut Context<'_>, value: &Value) -> Result<Option<Path>, BuiltinError> {
    Ok(match value.view() {
        View::String("") => Some(Vec::new()),
        View::String(text) => {
            let keys = text.trim_start_matches('/').split('/');
            charge::make(context, text.len() + keys.clone().count() * size_of::<Value>())?;
            Some(keys.map(|key| Value::from(key.replace("~1", "/").replace("~0", "~"))).collect())
        }
        View::Array(keys) => {
            charge::make(context, size_of_val(keys))?;
            Some(keys.to_vec())
        }
        _ => None,
    })
}

/// Returns the index that a key is for an array: only text in the canonical form, as the parts of a
/// path are.
pub(super) fn text_index(key: &Value) -> Option<usize> {
    let text = key.as_str()?;
    let canonical = text == "0" || !text.starts_with('0');
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if canonical && digits { text.parse().ok() } else { None }
}
