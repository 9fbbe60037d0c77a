//! Collections under construction.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rego_value::Value;

type Map<V> = HashMap<Value, V, foldhash::fast::RandomState>;

/// A collection under construction.
pub(crate) enum Builder {
    /// Elements, in the order they came.
    List(Vec<Value>),
    /// Entries.
    Map(Map<Value>),
    /// Values and sets at paths.
    Tree(Map<Tree>),
}

/// What stands at a key on the way of a path.
pub(crate) enum Tree {
    /// A value.
    Leaf(Value),
    /// A set that grows.
    Set(Vec<Value>),
    /// More keys.
    Branch(Map<Tree>),
}

impl Default for Builder {
    fn default() -> Self {
        Builder::List(Vec::new())
    }
}

/// Two different values for one key.
#[derive(Debug)]
pub(crate) struct Clash;

impl Builder {
    pub(crate) fn push(&mut self, value: Value) {
        if let Builder::List(items) = self {
            items.push(value);
        }
    }

    pub(crate) fn put(&mut self, key: Value, value: Value) -> Result<(), Clash> {
        if let Builder::List(_) = self {
            *self = Builder::Map(Map::default());
        }
        let Builder::Map(map) = self else {
            return Err(Clash);
        };
        match map.entry(key) {
            Entry::Occupied(there) if *there.get() != value => Err(Clash),
            Entry::Occupied(_) => Ok(()),
            Entry::Vacant(place) => {
                place.insert(value);
                Ok(())
            }
        }
    }

    /// Puts a value at a path, or adds it to the set there.
    pub(crate) fn put_path(
        &mut self,
        keys: Vec<Value>,
        value: Value,
        contains: bool,
    ) -> Result<(), Clash> {
        if let Builder::List(_) = self {
            *self = Builder::Tree(Map::default());
        }
        let Builder::Tree(mut map) = std::mem::take(self) else {
            return Err(Clash);
        };
        let result = put_path(&mut map, keys, value, contains);
        *self = Builder::Tree(map);
        result
    }

    pub(crate) fn take_list(&mut self) -> Vec<Value> {
        match std::mem::take(self) {
            Builder::List(items) => items,
            Builder::Map(_) | Builder::Tree(_) => Vec::new(),
        }
    }

    pub(crate) fn take_object(&mut self) -> Value {
        match std::mem::take(self) {
            Builder::List(_) => Value::object(Vec::new()),
            Builder::Map(map) => Value::object(map.into_iter().collect()),
            Builder::Tree(map) => finish(map),
        }
    }
}

fn put_path(
    map: &mut Map<Tree>,
    keys: Vec<Value>,
    value: Value,
    contains: bool,
) -> Result<(), Clash> {
    let mut keys = keys.into_iter();
    let mut key = keys.next().ok_or(Clash)?;
    let mut map = map;
    for next in keys {
        let branch = map.entry(key).or_insert_with(|| Tree::Branch(Map::default()));
        let Tree::Branch(inner) = branch else {
            return Err(Clash);
        };
        (map, key) = (inner, next);
    }
    match (map.entry(key), contains) {
        (Entry::Vacant(place), false) => {
            place.insert(Tree::Leaf(value));
        }
        (Entry::Vacant(place), true) => {
            place.insert(Tree::Set(vec![value]));
        }
        (Entry::Occupied(mut there), contains) => match there.get_mut() {
            Tree::Leaf(old) if !contains && *old == value => {}
            Tree::Set(items) if contains => items.push(value),
            _ => return Err(Clash),
        },
    }
    Ok(())
}

/// The depth is that of the longest rule head, which the parser bounds.
fn finish(map: Map<Tree>) -> Value {
    let entry = |(key, tree)| {
        let value = match tree {
            Tree::Leaf(value) => value,
            Tree::Set(items) => Value::set(items),
            Tree::Branch(inner) => finish(inner),
        };
        (key, value)
    };
    Value::object(map.into_iter().map(entry).collect())
}
