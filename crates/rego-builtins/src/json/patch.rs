//! `json.patch`: operations on a document, one after another.
//!
//! Source: OPA policy reference, `json.patch`; RFC 6902. A patch that does not apply, of whatever
//! reason, is undefined.

use rego_value::{JSON_DEPTH_MAX, ObjectRef, Value};
use rego_vm::builtin::Halt;
use rego_vm::{BuiltinError, Context};

use self::tree::Tree;
use super::path::{Path, path};
use crate::operand;

mod tree;

/// Returns the document after the operations `add`, `remove`, `replace`, `move`, `copy` and `test`
/// of an array: `json.patch({"a": 1}, [{"op": "add", "path": "b", "value": 2}])` is
/// `{"a": 1, "b": 2}`. In a set a path's key is the element itself.
///
/// Source: OPA policy reference, `json.patch`.
pub(super) fn patch(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let document = operand::any(operands, 0)?;
    let mut root = Some(Tree::Whole(document.clone()));
    for operation in operand::array(operands, 1)? {
        let operation = operation.as_object().ok_or(BuiltinError::Undefined)?;
        apply(context, &mut root, operation)?;
    }
    root.ok_or(BuiltinError::Undefined)?.render(context)
}

/// Applies one operation. `root` is nothing while the whole document is removed.
fn apply(
    context: &mut Context<'_>,
    root: &mut Option<Tree>,
    operation: ObjectRef<'_>,
) -> Result<(), BuiltinError> {
    let undefined = || BuiltinError::Undefined;
    let value = || operation.get_str("value").cloned().ok_or_else(undefined);
    let place = |context: &mut Context<'_>, name| {
        path(context, operation.get_str(name).ok_or_else(undefined)?)?.ok_or_else(undefined)
    };
    let at = place(context, "path")?;
    context.charge_steps(1 + at.len() as u64)?;
    match operation.get_str("op").and_then(Value::as_str) {
        Some("add") => insert(context, root, &at, value()?),
        Some("remove") => remove(context, root, &at),
        Some("replace") => {
            let value = value()?;
            remove(context, root, &at)?;
            insert(context, root, &at, value)
        }
        Some("move") => {
            let from = place(context, "from")?;
            let value = render_at(context, root, &from)?;
            remove(context, root, &from)?;
            insert(context, root, &at, value)
        }
        Some("copy") => {
            let from = place(context, "from")?;
            let value = render_at(context, root, &from)?;
            insert(context, root, &at, value)
        }
        Some("test") if render_at(context, root, &at)? == value()? => Ok(()),
        _ => Err(undefined()),
    }
}

/// Puts a value at a path; in an array, before what is there.
fn insert(
    context: &mut Context<'_>,
    root: &mut Option<Tree>,
    at: &Path,
    value: Value,
) -> Result<(), BuiltinError> {
    match at.split_last() {
        Some((key, parents)) => {
            let tree = root.as_mut().ok_or(BuiltinError::Undefined)?;
            let edit = &mut |context: &mut Context<'_>, tree: &mut Tree| {
                tree.insert(context, key, value.clone())
            };
            tree.edit(context, parents, edit)?;
        }
        None => *root = Some(Tree::Whole(value.clone())),
    }
    // A document copied into itself grows twice as large and one deeper with each operation.
    measure(context, &value, JSON_DEPTH_MAX.saturating_sub(at.len()))
}

/// Removes what is at a path.
fn remove(
    context: &mut Context<'_>,
    root: &mut Option<Tree>,
    at: &Path,
) -> Result<(), BuiltinError> {
    let Some((key, parents)) = at.split_last() else {
        return root.take().map(drop).ok_or(BuiltinError::Undefined);
    };
    let tree = root.as_mut().ok_or(BuiltinError::Undefined)?;
    tree.edit(context, parents, &mut |context, tree| tree.remove(context, key))
}

/// Returns what is at a path.
fn render_at(
    context: &mut Context<'_>,
    root: &mut Option<Tree>,
    at: &Path,
) -> Result<Value, BuiltinError> {
    let tree = root.as_mut().ok_or(BuiltinError::Undefined)?;
    let mut found = Value::NULL;
    tree.edit(context, at, &mut |context, tree| {
        found = tree.render(context)?;
        Ok(())
    })?;
    Ok(found)
}

/// Pays for the size a value has when written out, and checks that it is not deeper than
/// `depth_left`.
fn measure(
    context: &mut Context<'_>,
    value: &Value,
    depth_left: usize,
) -> Result<(), BuiltinError> {
    context.charge_steps(1)?;
    let halt = BuiltinError::Halt(Halt::Depth);
    let mut inner =
        |value: &Value| measure(context, value, depth_left.checked_sub(1).ok_or(halt.clone())?);
    match (value.as_elements(), value.as_object()) {
        (Some(items), _) => items.iter().try_for_each(inner),
        (_, Some(object)) => object.iter().try_for_each(|(key, value)| {
            inner(key)?;
            inner(value)
        }),
        _ => Ok(()),
    }
}
