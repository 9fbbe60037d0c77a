//! What the daemon decodes a JSON value into.
//!
//! Must not know: values, routes.
//!
//! Source: Go `encoding/json`; moby `api/types`.

use std::collections::HashMap;

use rego::Value;

use super::fold;

/// A type's place in the table.
pub type TypeId = usize;

/// What a value is decoded into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `bool`.
    Bool,
    /// A string.
    Text,
    /// `[]byte`: a text in base64, or an array of numbers.
    Bytes,
    /// A signed integer of this many bits.
    Int(u32),
    /// An unsigned integer of this many bits.
    Uint(u32),
    /// `float32` or `float64`.
    Float(u32),
    /// A string, or an array of strings.
    Words,
    /// An object of which nothing is read.
    Empty,
    /// Anything at all; nothing is known about it.
    Any,
    /// A slice.
    List(Box<Shape>),
    /// An array of fixed length: what is missing is zero, what is too much is passed over.
    Fixed(Box<Shape>, usize),
    /// A map, whose keys are free.
    Map(Box<Shape>),
    /// A struct.
    Type(TypeId),
}

/// A kind, and whether there may be nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What there is.
    pub kind: Kind,
    /// Whether `null` is told from the zero value.
    pub pointer: bool,
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the API.
    pub name: Value,
    /// What it holds.
    pub shape: Shape,
    /// What the command line client sends where nothing was asked for; nothing where it leaves the
    /// field out then.
    pub default: Option<Value>,
}

/// Where the fields of a struct are.
pub(super) type Places = HashMap<Box<str>, usize, foldhash::fast::RandomState>;

/// A struct.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Type {
    /// Its name in the API's description.
    pub name: String,
    /// Its fields, in the order of their names.
    pub fields: Vec<Field>,
    /// Where each is, by its name and by its folded name.
    pub(super) places: Places,
}

impl Type {
    /// Returns the place of the field that a key is decoded into: that of its name, or one that
    /// differs in case only.
    pub fn find(&self, key: &str) -> Option<usize> {
        let place = self.places.get(key).or_else(|| self.places.get(fold(key).as_str()));
        place.copied()
    }

    /// Returns the same, trying the field at place `hint` first. It is the one where the name is: no
    /// two fields have one, whatever the case.
    pub fn find_hinted(&self, key: &Value, hint: usize) -> Option<usize> {
        match self.fields.get(hint) {
            Some(field) if field.name == *key => Some(hint),
            _ => self.find(key.as_str().unwrap_or_default()),
        }
    }

    /// Takes the fields in the order of their names.
    pub(super) fn sort(&mut self) {
        self.fields.sort_by(|a, b| a.name.cmp(&b.name));
        for (place, field) in self.fields.iter().enumerate() {
            let name = field.name.as_str().unwrap_or_default();
            self.places.insert(fold(name).into(), place);
            self.places.insert(name.into(), place);
        }
    }
}
