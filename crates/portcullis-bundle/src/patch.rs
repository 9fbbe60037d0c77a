//! Delta bundles: changes of data instead of data.
//!
//! Must not know: archives, whose data it is.
//!
//! Source: OPA documentation, "Bundles", "Delta Bundles"; RFC 6901 for paths; RFC 6902 for arrays.

use std::collections::btree_map::Entry;

use rego::Value;

use crate::error::{BundleError, Outside};
use crate::manifest::Manifest;
use crate::path::PATH_SEGMENTS_MAX;
use crate::roots::RootIndex;
use crate::tree::Tree;

/// Most operations of a patch. Ours.
pub const PATCH_OPERATIONS_MAX: usize = 100_000;

/// Most array elements that the operations of a patch move aside or close up. Ours.
pub const PATCH_MOVES_MAX: usize = 1 << 28;

/// Changes of data, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// The operations, at least one.
    pub data: Vec<PatchOp>,
}

/// A change of data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchOp {
    /// What is done.
    pub op: Op,
    /// Where, segment by segment, decoded.
    pub path: Vec<String>,
    /// The new value; null for [`Op::Remove`].
    pub value: Value,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Writes a value whether there was one or not; makes the objects that lead to it. In an array
    /// it inserts before the index, or at the end for `-`.
    Upsert,
    /// Removes the value, which must be there.
    Remove,
    /// Writes over the value, which must be there.
    Replace,
}

impl Op {
    /// Returns the name it has in a patch.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upsert => "upsert",
            Self::Remove => "remove",
            Self::Replace => "replace",
        }
    }
}

impl Patch {
    /// Reads `patch.json`.
    ///
    /// Errors: what is not JSON or not `{"data": […]}`; no operation or more than
    /// [`PATCH_OPERATIONS_MAX`]; operations with another name, without a path, or without the value
    /// they write.
    pub fn from_json(bytes: &[u8]) -> Result<Patch, BundleError> {
        let value = Value::from_json(bytes).map_err(|e| wrong(e.to_string()))?;
        let data = value.as_object().and_then(|object| object.get_str("data"));
        let items =
            data.and_then(Value::as_array).ok_or_else(|| wrong("`data` must be an array"))?;
        match items.len() {
            0 => return Err(wrong("`data` must have an operation")),
            count if count > PATCH_OPERATIONS_MAX => {
                return Err(wrong(format!("more than {PATCH_OPERATIONS_MAX} operations")));
            }
            _ => {}
        }
        let read = |(number, item): (usize, &Value)| {
            read_op(item).map_err(|message| operation_error(number, message))
        };
        Ok(Patch { data: items.iter().enumerate().map(read).collect::<Result<_, _>>()? })
    }

    /// Returns the patch as it is written in `patch.json`.
    pub fn to_value(&self) -> Value {
        let operation = |op: &PatchOp| {
            let mut entries = vec![
                (Value::from("op"), Value::from(op.op.name())),
                (Value::from("path"), Value::from(pointer(&op.path))),
            ];
            if op.op != Op::Remove {
                entries.push((Value::from("value"), op.value.clone()));
            }
            Value::object(entries)
        };
        let operations = self.data.iter().map(operation).collect();
        Value::object_from_strs([("data", Value::array(operations))])
    }

    /// Checks that every path lies under a root.
    ///
    /// Errors: the first that does not.
    pub fn check_roots(&self, manifest: &Manifest) -> Result<(), BundleError> {
        let roots = RootIndex::new(&manifest.roots);
        match self.data.iter().find(|op| !roots.permits(&op.path)) {
            None => Ok(()),
            Some(op) => {
                let what = Outside::Patch(op.path.join("/"));
                Err(BundleError::OutsideRoots { roots: manifest.roots.clone(), what })
            }
        }
    }

    /// Returns the data with all changes made, or none.
    ///
    /// Errors: the first operation that cannot be carried out: nothing is there to remove or
    /// replace, or a path leads through something that has no such part.
    pub fn apply(&self, data: Value) -> Result<Value, BundleError> {
        let mut tree = Tree::Closed(data);
        let mut moves = PATCH_MOVES_MAX;
        for (number, op) in self.data.iter().enumerate() {
            apply_op(&mut tree, op, &mut moves)
                .map_err(|message| operation_error(number, message))?;
        }
        Ok(tree.close())
    }
}

fn wrong(message: impl Into<String>) -> BundleError {
    BundleError::Patch { operation: None, message: message.into() }
}

fn operation_error(number: usize, message: String) -> BundleError {
    BundleError::Patch { operation: Some(number), message }
}

fn read_op(item: &Value) -> Result<PatchOp, String> {
    let object = item.as_object().ok_or("must be an object")?;
    let text = |key: &str| {
        let value = object.get_str(key).and_then(Value::as_str);
        value.ok_or_else(|| format!("`{key}` must be a string"))
    };
    let op = match text("op")? {
        "upsert" => Op::Upsert,
        "remove" => Op::Remove,
        "replace" => Op::Replace,
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(format!("`op` must be `upsert`, `remove` or `replace`, not `{other}`"));
        }
    };
    let path = read_pointer(text("path")?)?;
    let value = match object.get_str("value") {
        _ if op == Op::Remove => Value::NULL,
        Some(value) => value.clone(),
        None => return Err(format!("`{}` needs a `value`", op.name())),
    };
    if path.is_empty() && (op == Op::Remove || value.as_object().is_none()) {
        return Err("the root of data can only become another object".to_string());
    }
    Ok(PatchOp { op, path, value })
}

/// Reads a path. The `/` in front may be missing, as OPA has it.
fn read_pointer(text: &str) -> Result<Vec<String>, String> {
    let text = text.trim_matches('/');
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let segments: Vec<&str> = text.splitn(PATH_SEGMENTS_MAX + 2, '/').collect();
    if segments.len() > PATH_SEGMENTS_MAX {
        return Err(format!("`path` has more than {PATH_SEGMENTS_MAX} segments"));
    }
    segments.into_iter().map(|segment| unescape(segment).ok_or_else(bad_escape)).collect()
}

fn bad_escape() -> String {
    "`path` has a `~` that neither `0` nor `1` follows".to_string()
}

fn unescape(segment: &str) -> Option<String> {
    let mut text = String::with_capacity(segment.len());
    let mut chars = segment.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            c => c,
        });
    }
    Some(text)
}

fn pointer(path: &[String]) -> String {
    let segments = path.iter().map(|segment| segment.replace('~', "~0").replace('/', "~1"));
    segments.fold("/".to_string(), |mut text, segment| {
        if text.len() > 1 {
            text.push('/');
        }
        text.push_str(&segment);
        text
    })
}

fn apply_op(tree: &mut Tree, op: &PatchOp, moves: &mut usize) -> Result<(), String> {
    let Some((last, parents)) = op.path.split_last() else {
        *tree = Tree::Closed(op.value.clone());
        return Ok(());
    };
    let mut parent = tree;
    for key in parents {
        parent = step(parent, key, op)?;
    }
    match parent.open() {
        Tree::Closed(_) => Err(not_found(op)),
        Tree::Object(entries) => match (op.op, entries.entry(Value::from(last.as_str()))) {
            (Op::Remove, Entry::Occupied(entry)) => {
                entry.remove();
                Ok(())
            }
            (Op::Replace, Entry::Vacant(_)) | (Op::Remove, Entry::Vacant(_)) => Err(not_found(op)),
            (_, entry) => {
                entry.insert_entry(Tree::Closed(op.value.clone()));
                Ok(())
            }
        },
        Tree::Array(items) => apply_to_array(items, last, op, moves),
    }
}

/// Goes one segment down; an upsert makes the object that is missing there.
fn step<'t>(parent: &'t mut Tree, key: &str, op: &PatchOp) -> Result<&'t mut Tree, String> {
    match parent.open() {
        Tree::Closed(_) => Err(not_found(op)),
        Tree::Array(items) => {
            let at = index(key).and_then(|at| items.get_mut(at));
            at.ok_or_else(|| not_found(op))
        }
        Tree::Object(entries) => match entries.entry(Value::from(key)) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) if op.op == Op::Upsert => {
                Ok(entry.insert(Tree::Closed(Value::object(Vec::new()))))
            }
            Entry::Vacant(_) => Err(not_found(op)),
        },
    }
}

fn apply_to_array(
    items: &mut Vec<Tree>,
    key: &str,
    op: &PatchOp,
    moves: &mut usize,
) -> Result<(), String> {
    let value = Tree::Closed(op.value.clone());
    if op.op == Op::Upsert && key == "-" {
        items.push(value);
        return Ok(());
    }
    let at = index(key).filter(|at| *at < items.len()).ok_or_else(|| not_found(op))?;
    if op.op == Op::Replace {
        items.get_mut(at).into_iter().for_each(|item| *item = Tree::Closed(op.value.clone()));
        return Ok(());
    }
    *moves = moves.checked_sub(items.len() - at).ok_or("moves too many array elements")?;
    if op.op == Op::Remove {
        items.remove(at);
    } else {
        items.insert(at, value);
    }
    Ok(())
}

/// Reads an array's index: digits without a sign or a nought in front.
fn index(key: &str) -> Option<usize> {
    let is_plain = key.bytes().all(|b| b.is_ascii_digit()) && (key == "0" || !key.starts_with('0'));
    key.parse().ok().filter(|_| is_plain)
}

fn not_found(op: &PatchOp) -> String {
    let shown: String = pointer(&op.path).chars().take(256).collect();
    format!("cannot {} `{shown}`: there is no such place", op.op.name())
}
