//! A document under edit. Only what the paths lead through is taken apart, and only once.

use std::collections::BTreeMap;

use rego_value::{Value, View};
use rego_vm::{BuiltinError, Context};

use crate::json::path::text_index;
use crate::sorted;

/// A part of a document.
pub(super) enum Tree {
    /// Not taken apart.
    Whole(Value),
    /// An array.
    Array(Vec<Tree>),
    /// An object.
    Object(BTreeMap<Value, Tree>),
    /// A set: its elements in order.
    Set(Vec<Value>),
}

type Done = Result<(), BuiltinError>;

/// What is done at the end of a path.
pub(super) type Edit<'e> = &'e mut dyn FnMut(&mut Context<'_>, &mut Tree) -> Done;

impl Tree {
    /// Does something to the part at a path. As deep as the document.
    pub(super) fn edit(
        &mut self,
        context: &mut Context<'_>,
        path: &[Value],
        edit: Edit<'_>,
    ) -> Done {
        let Some((key, rest)) = path.split_first() else { return edit(context, self) };
        self.take_apart(context)?;
        match self {
            Tree::Array(items) => {
                let index = index(key, items.len()).ok_or(BuiltinError::Undefined)?;
                let item = items.get_mut(index).ok_or(BuiltinError::Undefined)?;
                item.edit(context, rest, edit)
            }
            Tree::Object(entries) => {
                let inner = entries.get_mut(key).ok_or(BuiltinError::Undefined)?;
                inner.edit(context, rest, edit)
            }
            Tree::Set(items) => {
                let place = items.binary_search(key).map_err(|_| BuiltinError::Undefined)?;
                // The element's place among the others may be another one afterwards.
                let mut element = Tree::Whole(items.remove(place));
                element.edit(context, rest, edit)?;
                let element = element.render(context)?;
                if let Err(place) = items.binary_search(&element) {
                    items.insert(place, element);
                }
                Ok(())
            }
            Tree::Whole(_) => Err(BuiltinError::Undefined),
        }
    }

    /// Puts a value at a key.
    pub(super) fn insert(&mut self, context: &mut Context<'_>, key: &Value, value: Value) -> Done {
        self.take_apart(context)?;
        match self {
            Tree::Array(items) => {
                let index = index(key, items.len()).filter(|index| *index <= items.len());
                let index = index.ok_or(BuiltinError::Undefined)?;
                context.charge_steps((items.len() - index) as u64 / 16)?;
                items.insert(index, Tree::Whole(value));
            }
            Tree::Object(entries) => {
                entries.insert(key.clone(), Tree::Whole(value));
            }
            Tree::Set(items) if *key == value => {
                if let Err(place) = items.binary_search(key) {
                    context.charge_steps((items.len() - place) as u64 / 16)?;
                    items.insert(place, value);
                }
            }
            _ => return Err(BuiltinError::Undefined),
        }
        sorted::charge(context, 2)
    }

    /// Removes what is at a key.
    pub(super) fn remove(&mut self, context: &mut Context<'_>, key: &Value) -> Done {
        self.take_apart(context)?;
        let removed = match self {
            Tree::Array(items) => {
                context.charge_steps(items.len() as u64 / 16)?;
                let index = index(key, items.len()).filter(|index| *index < items.len());
                index.map(|index| drop(items.remove(index)))
            }
            Tree::Object(entries) => entries.remove(key).map(drop),
            Tree::Set(items) => {
                context.charge_steps(items.len() as u64 / 16)?;
                items.binary_search(key).ok().map(|place| drop(items.remove(place)))
            }
            Tree::Whole(_) => None,
        };
        removed.ok_or(BuiltinError::Undefined)
    }

    /// Returns the value of the part.
    pub(super) fn render(&self, context: &mut Context<'_>) -> Result<Value, BuiltinError> {
        Ok(match self {
            Tree::Whole(value) => value.clone(),
            Tree::Array(items) => {
                sorted::charge(context, items.len())?;
                let items: Result<_, _> = items.iter().map(|item| item.render(context)).collect();
                Value::array(items?)
            }
            Tree::Object(entries) => {
                sorted::charge(context, 2 * entries.len())?;
                let entry =
                    |(key, inner): (&Value, &Tree)| Ok((key.clone(), inner.render(context)?));
                Value::object(entries.iter().map(entry).collect::<Result<_, BuiltinError>>()?)
            }
            Tree::Set(items) => {
                sorted::charge(context, items.len())?;
                Value::set(items.clone())
            }
        })
    }

    /// Takes a collection apart, so that what is in it can be changed.
    fn take_apart(&mut self, context: &mut Context<'_>) -> Done {
        let Tree::Whole(value) = self else { return Ok(()) };
        let whole = |value: &Value| Tree::Whole(value.clone());
        let apart = match value.view() {
            View::Array(items) => {
                sorted::charge(context, 2 * items.len())?;
                Tree::Array(items.iter().map(whole).collect())
            }
            View::Object(object) => {
                sorted::charge(context, 3 * object.len())?;
                Tree::Object(object.iter().map(|(k, v)| (k.clone(), whole(v))).collect())
            }
            View::Set(items) => {
                sorted::charge(context, items.len())?;
                Tree::Set(items.as_slice().to_vec())
            }
            _ => return Err(BuiltinError::Undefined),
        };
        *self = apart;
        Ok(())
    }
}

/// Returns the index that a key is for an array of `len` elements; `-` is the one after the last.
fn index(key: &Value, len: usize) -> Option<usize> {
    match key.view() {
        View::Int(index) => usize::try_from(index).ok(),
        View::String("-") => Some(len),
        _ => text_index(key),
    }
}
