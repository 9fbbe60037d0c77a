//! A document under way from its chunks and the log's changes to a value.
//!
//! What changes is taken apart once, however many changes there are in it: making each of them to
//! a value would copy a large object as many times.
//!
//! Must not know: files, the database.
//!
//! Source: what `store/path.rs` does to a value, of which the tests hold this to be a copy.

use std::collections::BTreeMap;

use rego::{Value, View};

use super::layout::PARTITION_SEGMENTS_MAX;
use crate::store::path::PATH_SEGMENTS_MAX;
use crate::store::transaction::DataChange;

/// A document under way. Empty at first.
#[derive(Debug)]
pub(super) struct Assembly {
    root: Part,
}

/// A part of a document. Taken apart no deeper than a path is long.
#[derive(Debug)]
enum Part {
    Whole(Value),
    Object(BTreeMap<String, Part>),
    Array(Vec<Part>),
}

impl Default for Assembly {
    fn default() -> Self {
        Self { root: Part::Object(BTreeMap::new()) }
    }
}

impl Assembly {
    /// Returns a document to be changed.
    pub(super) fn of(document: &Value) -> Self {
        Self { root: Part::Whole(document.clone()) }
    }

    /// Adds a chunk; chunks above come before those below.
    ///
    /// Errors: it has no place: nothing, or no empty object, was put above it, or it is there twice.
    pub(super) fn add(&mut self, path: &[String], value: Value) -> Result<(), String> {
        let Some((last, above)) = path.split_last() else {
            return Err("a chunk without a path".to_string());
        };
        if above.len() > PARTITION_SEGMENTS_MAX {
            return Err("a chunk with too long a path".to_string());
        }
        let mut at = &mut self.root;
        for key in above {
            let Part::Object(parts) = at else {
                return Err("a chunk inside of another one".to_string());
            };
            at = parts.get_mut(key).ok_or("a chunk with nothing above it")?;
            let is_empty =
                |value: &Value| value.as_object().is_some_and(|object| object.is_empty());
            if matches!(at, Part::Whole(value) if is_empty(value)) {
                *at = Part::Object(BTreeMap::new());
            }
        }
        let Part::Object(parts) = at else {
            return Err("a chunk inside of another one".to_string());
        };
        match parts.insert(last.clone(), Part::Whole(value)) {
            None => Ok(()),
            Some(_) => Err("a chunk that is there twice".to_string()),
        }
    }

    /// Makes a change.
    ///
    /// Errors: there is no place for it, as for a write of a policy's store.
    pub(super) fn change(&mut self, change: DataChange) -> Result<(), String> {
        let (path, value, must_exist) = match change {
            DataChange::Add(path, value) => (path, Some(value), false),
            DataChange::Replace(path, value) => (path, Some(value), true),
            DataChange::Remove(path) => (path, None, true),
        };
        if path.len() > PATH_SEGMENTS_MAX {
            return Err(format!("a path of more than {PATH_SEGMENTS_MAX} segments"));
        }
        let Some((last, above)) = path.split_last() else {
            let value = value.filter(|value| value.as_object().is_some());
            self.root = Part::Whole(value.ok_or("the root is to be no object")?);
            return Ok(());
        };
        let mut at = &mut self.root;
        for key in above {
            at.take_apart();
            at = match at {
                Part::Object(parts) => parts.get_mut(key),
                Part::Array(items) => index(key, items.len()).and_then(|at| items.get_mut(at)),
                Part::Whole(_) => None,
            }
            .ok_or_else(|| format!("nothing at `{key}` to change"))?;
        }
        at.take_apart();
        let new = value.map(Part::Whole);
        match at {
            Part::Object(parts) if must_exist && !parts.contains_key(last) => None,
            Part::Object(parts) => {
                match new {
                    Some(new) => parts.insert(last.clone(), new),
                    None => parts.remove(last),
                };
                Some(())
            }
            Part::Array(items) => change_element(items, last, new, must_exist),
            Part::Whole(_) => None,
        }
        .ok_or_else(|| format!("nothing at `{last}` to change"))
    }

    /// Returns the document.
    pub(super) fn finish(self) -> Value {
        self.root.finish()
    }
}

impl Part {
    /// Takes an object or array apart, if it is one.
    fn take_apart(&mut self) {
        let Self::Whole(value) = self else { return };
        let whole = |value: &Value| Self::Whole(value.clone());
        *self = match value.view() {
            View::Array(items) => Self::Array(items.iter().map(whole).collect()),
            View::Object(object) => {
                let entries = object.iter();
                let entries = entries.map(|(key, value)| (key.to_json_key().into(), whole(value)));
                Self::Object(entries.collect())
            }
            _ => return,
        };
    }

    fn finish(self) -> Value {
        match self {
            Self::Whole(value) => value,
            Self::Array(items) => Value::array(items.into_iter().map(Self::finish).collect()),
            Self::Object(parts) => {
                let entries = parts.into_iter();
                let entries = entries.map(|(key, part)| (Value::from(key.as_str()), part.finish()));
                Value::object(entries.collect())
            }
        }
    }
}

/// Changes an element of an array. None where there is none to change.
fn change_element(
    items: &mut Vec<Part>,
    key: &str,
    new: Option<Part>,
    must_exist: bool,
) -> Option<()> {
    if key == "-" || key == items.len().to_string() {
        items.push(new?);
        return Some(());
    }
    let at = index(key, items.len())?;
    match new {
        Some(new) if must_exist => *items.get_mut(at)? = new,
        Some(new) => items.insert(at, new),
        None => drop(items.remove(at)),
    }
    Some(())
}

/// Returns the index of an element that is there.
fn index(key: &str, length: usize) -> Option<usize> {
    let is_number = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
    let index = if is_number { key.parse().ok() } else { None };
    index.filter(|index| *index < length)
}
