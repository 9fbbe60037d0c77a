//! A document that is changed in place: opened only as far as changes go.
//!
//! Must not know: why something is changed.

use std::collections::BTreeMap;

use rego::{Value, View};

/// A part of a document.
pub(super) enum Tree {
    /// As it was.
    Whole(Value),
    /// An object that was opened.
    Object(BTreeMap<Value, Tree>),
    /// An array that was opened.
    Array(Vec<Tree>),
}

impl Tree {
    /// Returns the document.
    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Whole(value) => value,
            Self::Object(entries) => {
                Value::object(entries.into_iter().map(|(k, tree)| (k, tree.into_value())).collect())
            }
            Self::Array(items) => Value::array(items.into_iter().map(Self::into_value).collect()),
        }
    }

    /// Removes what is at `path`, which is not empty. Returns whether something was there.
    pub(super) fn remove(&mut self, path: &[String]) -> bool {
        let Some((last, parents)) = path.split_last() else { return false };
        let mut node = self;
        for key in parents {
            let Some(child) = node.child(key) else { return false };
            node = child;
        }
        match node.open() {
            Self::Object(entries) => entries.remove(&Value::from(last.as_str())).is_some(),
            Self::Array(items) => match index(last, items.len()) {
                Some(at) => {
                    items.remove(at);
                    true
                }
                None => false,
            },
            Self::Whole(_) => false,
        }
    }

    /// Puts a value at `path`, which is not empty; objects on the way are made, elements of arrays
    /// are not. Returns whether there was such a place.
    pub(super) fn upsert(&mut self, path: &[String], value: Value) -> bool {
        let Some((last, parents)) = path.split_last() else { return false };
        let mut node = self;
        for key in parents {
            let child = match node.open() {
                Self::Object(entries) => {
                    let empty = || Self::Object(BTreeMap::new());
                    Some(entries.entry(Value::from(key.as_str())).or_insert_with(empty))
                }
                Self::Array(items) => index(key, items.len()).and_then(|at| items.get_mut(at)),
                Self::Whole(_) => None,
            };
            let Some(child) = child else { return false };
            node = child;
        }
        match node.open() {
            Self::Object(entries) => {
                entries.insert(Value::from(last.as_str()), Self::Whole(value));
                true
            }
            Self::Array(items) => match index(last, items.len()).and_then(|at| items.get_mut(at)) {
                Some(item) => {
                    *item = Self::Whole(value);
                    true
                }
                None => false,
            },
            Self::Whole(_) => false,
        }
    }

    fn child(&mut self, key: &str) -> Option<&mut Self> {
        match self.open() {
            Self::Object(entries) => entries.get_mut(&Value::from(key)),
            Self::Array(items) => index(key, items.len()).and_then(|at| items.get_mut(at)),
            Self::Whole(_) => None,
        }
    }

    /// Opens an object or array, one level.
    fn open(&mut self) -> &mut Self {
        let opened = match self {
            Self::Whole(value) => match value.view() {
                View::Object(object) => {
                    let entry =
                        |(key, value): (&Value, &Value)| (key.clone(), Self::Whole(value.clone()));
                    Some(Self::Object(object.iter().map(entry).collect()))
                }
                View::Array(items) => {
                    Some(Self::Array(items.iter().cloned().map(Self::Whole).collect()))
                }
                _ => None,
            },
            _ => None,
        };
        if let Some(opened) = opened {
            *self = opened;
        }
        self
    }
}

fn index(key: &str, length: usize) -> Option<usize> {
    key.parse().ok().filter(|at| *at < length)
}
