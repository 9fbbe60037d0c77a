//! Data while it is put together: only what changes is opened up, the rest stays a shared value.
//!
//! Opening each object once, instead of copying it for every document or operation, keeps a bundle
//! of many small files, or a patch of many operations, in proportion to what it holds.
//!
//! Must not know: files, patches.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rego::Value;

/// A document, opened as far as it was changed.
pub(crate) enum Tree {
    Closed(Value),
    Object(BTreeMap<Value, Tree>),
    Array(Vec<Tree>),
}

/// Where two documents disagree.
pub(crate) struct Conflict(pub(crate) Vec<String>);

impl Tree {
    /// Opens an object or an array; anything else stays closed.
    pub(crate) fn open(&mut self) -> &mut Tree {
        if let Tree::Closed(value) = self {
            let closed = |value: &Value| Tree::Closed(value.clone());
            if let Some(object) = value.as_object() {
                let entries = object.iter().map(|(key, value)| (key.clone(), closed(value)));
                *self = Tree::Object(entries.collect());
            } else if let Some(items) = value.as_array() {
                *self = Tree::Array(items.iter().map(closed).collect());
            }
        }
        self
    }

    /// Returns the value. No deeper than it was opened.
    pub(crate) fn close(self) -> Value {
        match self {
            Tree::Closed(value) => value,
            Tree::Object(entries) => {
                Value::object(entries.into_iter().map(|(key, tree)| (key, tree.close())).collect())
            }
            Tree::Array(items) => Value::array(items.into_iter().map(Tree::close).collect()),
        }
    }

    fn is_object(&self) -> bool {
        match self {
            Tree::Closed(value) => value.as_object().is_some(),
            Tree::Object(_) => true,
            Tree::Array(_) => false,
        }
    }

    /// Puts a document at a path; objects merge key by key.
    ///
    /// Errors: where both say something and one of them is no object.
    pub(crate) fn merge(&mut self, path: &[&str], value: &Value) -> Result<(), Conflict> {
        let mut at = Vec::new();
        if self.merge_at(path, value, &mut at) { Ok(()) } else { Err(Conflict(at)) }
    }

    /// On failure `at` is left at the place of disagreement. The depth is that of the path and of
    /// the value, which are both bounded.
    fn merge_at(&mut self, path: &[&str], value: &Value, at: &mut Vec<String>) -> bool {
        if path.is_empty() && (!self.is_object() || value.as_object().is_none()) {
            return false;
        }
        let Tree::Object(entries) = self.open() else { return false };
        if let Some((first, rest)) = path.split_first() {
            at.push((*first).to_string());
            let is_merged = match entries.entry(Value::from(*first)) {
                Entry::Occupied(mut entry) => entry.get_mut().merge_at(rest, value, at),
                Entry::Vacant(entry) => {
                    entry.insert(Tree::Closed(place(rest, value)));
                    true
                }
            };
            if is_merged {
                at.pop();
            }
            return is_merged;
        }
        let Some(object) = value.as_object() else { return false };
        for (key, value) in object.iter() {
            match entries.entry(key.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert(Tree::Closed(value.clone()));
                }
                Entry::Occupied(mut entry) => {
                    at.push(key.to_json_key().into_owned());
                    if !entry.get_mut().merge_at(&[], value, at) {
                        return false;
                    }
                    at.pop();
                }
            }
        }
        true
    }
}

/// Returns the object in which the value stands at a path.
fn place(path: &[&str], value: &Value) -> Value {
    path.iter().rev().fold(value.clone(), |value, key| Value::object_from_strs([(*key, value)]))
}
