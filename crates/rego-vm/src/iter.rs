//! Iterators over collections, documents, and candidates of a rule index.

use std::rc::Rc;

use rego_analysis::tree::NodeId;
use rego_value::{ObjectRef, Value, View};

use crate::slot::Slot;

/// A loop under way.
#[derive(Default)]
pub(crate) enum Iter<'a> {
    /// Nothing left.
    #[default]
    Done,
    /// An array that outlives the run.
    Array(&'a [Value], usize),
    /// An object that outlives the run.
    Object(ObjectRef<'a>, usize),
    /// A set that outlives the run.
    Set(std::slice::Iter<'a, Value>),
    /// A collection made during the run.
    Own(Value, usize),
    /// The children of a document: what is found at each key.
    Children(std::vec::IntoIter<(Value, Slot<'a>)>),
    /// The elements of a collection at these positions.
    Joined(Slot<'a>, Rc<[u32]>, usize),
    /// Definitions that may hold: those of the value found, and those that always may. Both sorted.
    Candidates(&'a [u32], &'a [u32]),
}

impl<'a> Iter<'a> {
    /// Returns the iterator of a value, or nothing where it is not a collection.
    pub(crate) fn over(slot: &Slot<'a>) -> Option<Self> {
        match slot {
            Slot::Ref(value) => match value.view() {
                View::Array(items) => Some(Iter::Array(items, 0)),
                View::Object(object) => Some(Iter::Object(object, 0)),
                View::Set(set) => Some(Iter::Set(set.iter())),
                _ => None,
            },
            Slot::Own(value) => match value.view() {
                View::Array(_) | View::Object(_) | View::Set(_) => {
                    Some(Iter::Own(value.clone(), 0))
                }
                _ => None,
            },
            Slot::Empty | Slot::Node(_) => None,
        }
    }

    /// Returns the next key and value.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<(Slot<'a>, Slot<'a>)> {
        match self {
            Iter::Array(items, at) => {
                let value = items.get(*at)?;
                let key = Value::from(*at as i64);
                *at += 1;
                Some((Slot::Own(key), Slot::Ref(value)))
            }
            Iter::Object(object, at) => {
                let pair = (object.keys().as_slice().get(*at)?, object.values().get(*at)?);
                *at += 1;
                Some((Slot::Ref(pair.0), Slot::Ref(pair.1)))
            }
            Iter::Set(items) => items.next().map(|item| (Slot::Ref(item), Slot::Ref(item))),
            Iter::Own(value, at) => {
                let pair = nth(value, *at)?;
                *at += 1;
                Some(pair)
            }
            Iter::Children(children) => children.next().map(|(k, v)| (Slot::Own(k), v)),
            Iter::Joined(source, hits, at) => {
                let position = *hits.get(*at)? as usize;
                *at += 1;
                match source {
                    Slot::Ref(value) => nth_ref(value, position),
                    other => nth(other.value()?, position),
                }
            }
            Iter::Done | Iter::Candidates(..) => None,
        }
    }

    /// Returns how many definitions may hold that are still to come.
    pub(crate) fn candidates_left(&self) -> usize {
        match self {
            Iter::Candidates(hits, always) => hits.len() + always.len(),
            _ => 0,
        }
    }

    /// Returns the next definition that may hold.
    pub(crate) fn next_candidate(&mut self) -> Option<u32> {
        let Iter::Candidates(hits, always) = self else {
            return None;
        };
        let from_hits = match (hits.first(), always.first()) {
            (Some(hit), Some(other)) => hit < other,
            (hit, _) => hit.is_some(),
        };
        let list = if from_hits { hits } else { always };
        let (first, rest) = list.split_first()?;
        *list = rest;
        Some(*first)
    }
}

fn nth_ref<'a>(value: &'a Value, at: usize) -> Option<(Slot<'a>, Slot<'a>)> {
    match value.view() {
        View::Array(items) => {
            items.get(at).map(|item| (Slot::Own(Value::from(at as i64)), Slot::Ref(item)))
        }
        View::Object(object) => Some((
            Slot::Ref(object.keys().as_slice().get(at)?),
            Slot::Ref(object.values().get(at)?),
        )),
        View::Set(set) => set.as_slice().get(at).map(|item| (Slot::Ref(item), Slot::Ref(item))),
        _ => None,
    }
}

fn nth<'a>(value: &Value, at: usize) -> Option<(Slot<'a>, Slot<'a>)> {
    let own = |value: &Value| Slot::Own(value.clone());
    match value.view() {
        View::Array(items) => {
            items.get(at).map(|item| (Slot::Own(Value::from(at as i64)), own(item)))
        }
        View::Object(object) => {
            Some((own(object.keys().as_slice().get(at)?), own(object.values().get(at)?)))
        }
        View::Set(set) => set.as_slice().get(at).map(|item| (own(item), own(item))),
        _ => None,
    }
}

/// Where a document's children come from.
pub(crate) type Child<'a> = (Value, Slot<'a>);

/// Returns the place of a child that is evaluated when it is needed.
pub(crate) fn lazy<'a>(key: &Value, node: NodeId) -> Child<'a> {
    (key.clone(), Slot::Node(node))
}
