//! A compiled schema: a list of nodes that name each other by index. Plain data.

use std::collections::BTreeMap;

use rego_value::Value;

/// The place of a node in its schema's list.
pub(super) type Index = usize;

/// A compiled schema; the first node is its root.
pub(super) struct Schema {
    pub(super) nodes: Vec<Node>,
}

/// Which draft a schema follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Draft {
    Four,
    Six,
    Seven,
    /// Not said: keywords of all of them.
    Hybrid,
}

/// One schema within another. What is absent demands nothing.
#[derive(Default)]
pub(super) struct Node {
    /// A boolean in place of a schema.
    pub(super) pass: Option<bool>,
    /// The schema that counts in place of this one.
    pub(super) reference: Option<Index>,
    pub(super) types: Vec<String>,
    pub(super) numbers: Numbers,
    pub(super) text: Text,
    pub(super) array: Array,
    pub(super) object: Object,
    /// The one value that is allowed, in canonical JSON.
    pub(super) constant: Option<String>,
    /// The values that are allowed, in canonical JSON.
    pub(super) values: Option<Vec<String>>,
    pub(super) one_of: Vec<Index>,
    pub(super) any_of: Vec<Index>,
    pub(super) all_of: Vec<Index>,
    pub(super) not: Option<Index>,
    pub(super) condition: Option<Index>,
    pub(super) then: Option<Index>,
    pub(super) otherwise: Option<Index>,
}

/// Bounds of numbers: each is a number.
#[derive(Default)]
pub(super) struct Numbers {
    pub(super) multiple_of: Option<Value>,
    pub(super) minimum: Option<Value>,
    pub(super) exclusive_minimum: Option<Value>,
    pub(super) maximum: Option<Value>,
    pub(super) exclusive_maximum: Option<Value>,
}

/// Bounds of how many there are of something.
#[derive(Default)]
pub(super) struct Bounds {
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
}

/// What strings must be like.
#[derive(Default)]
pub(super) struct Text {
    /// In characters.
    pub(super) length: Bounds,
    pub(super) pattern: Option<String>,
    /// Empty where there is none.
    pub(super) format: String,
}

/// What arrays must be like.
#[derive(Default)]
pub(super) struct Array {
    pub(super) items: Items,
    pub(super) additional: Additional,
    pub(super) length: Bounds,
    pub(super) unique: bool,
    pub(super) contains: Option<Index>,
}

/// Schemas of an array's elements.
#[derive(Default)]
pub(super) enum Items {
    #[default]
    Any,
    /// The same for all.
    All(Index),
    /// One for each of the first.
    Each(Vec<Index>),
}

/// What may be there besides.
#[derive(Default)]
pub(super) enum Additional {
    #[default]
    Any,
    Nothing,
    Like(Index),
}

/// What objects must be like.
#[derive(Default)]
pub(super) struct Object {
    pub(super) length: Bounds,
    pub(super) required: Vec<String>,
    pub(super) properties: BTreeMap<String, Index>,
    pub(super) patterns: BTreeMap<String, Index>,
    pub(super) additional: Additional,
    pub(super) names: Option<Index>,
    pub(super) dependencies: BTreeMap<String, Dependency>,
}

/// What is demanded where a property is there.
pub(super) enum Dependency {
    /// That these are, too.
    Keys(Vec<String>),
    /// That the object follows this schema, too.
    Schema(Index),
}
