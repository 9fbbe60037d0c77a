//! METADATA blocks as annotations: what they say, of what, and how those of several scopes come
//! together for a rule.
//!
//! Must not know: what schemas mean, types, other comments.
//!
//! Source: OPA's policy reference, "Metadata"; the behaviour of `v1/ast/annotations.go`.
//!
//! Read first: [`Annotation`], then `block.rs` (text to fields), then `set.rs` (scopes).

mod attach;
mod block;
mod fields;
mod object;
mod reference;
mod set;
mod wording;

pub use block::{Blocks, read};
pub use set::{AnnotationSet, Link, Own};

use rego_source::{Location, Span};
use rego_syntax::ast::AnnotationTarget;
use rego_value::Value;

/// What an annotation holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// One rule.
    Rule,
    /// Every rule of the same name.
    Document,
    /// One package.
    Package,
    /// A package and those below it.
    Subpackages,
}

impl Scope {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Rule => "rule",
            Scope::Document => "document",
            Scope::Package => "package",
            Scope::Subpackages => "subpackages",
        }
    }
}

/// One METADATA block.
#[derive(Clone, Debug)]
pub struct Annotation {
    /// What it holds for.
    pub scope: Scope,
    /// The statement it stands before: the package, or a rule by its index in the module.
    pub target: AnnotationTarget,
    /// `title`, empty without.
    pub title: String,
    /// `description`, empty without.
    pub description: String,
    /// `entrypoint`
    pub entrypoint: bool,
    /// `organizations`
    pub organizations: Vec<String>,
    /// `related_resources`
    pub related_resources: Vec<RelatedResource>,
    /// `authors`
    pub authors: Vec<Author>,
    /// `schemas`, in order.
    pub schemas: Vec<SchemaAnnotation>,
    /// `compile`
    pub compile: Option<CompileAnnotation>,
    /// `custom`, an object; nothing where it is absent or empty.
    pub custom: Option<Value>,
    /// `labels`, an object; nothing where it is absent or empty.
    pub labels: Option<Value>,
    /// The place of the marker.
    pub location: Location,
    /// From the marker to the last line.
    pub span: Span,
}

/// A resource: its address and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelatedResource {
    /// The address, never empty.
    pub address: String,
    /// What it is, empty without.
    pub description: String,
}

/// An author: at least one of both is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// Says that a document has the type of a schema.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaAnnotation {
    /// The document, its root first: `input`, `a`, `b` or `data`, `a`.
    pub path: Vec<Value>,
    /// The schema.
    pub schema: SchemaSource,
}

/// Where a schema comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum SchemaSource {
    /// From the schemas given to the compiler, by its path, `schema` first.
    Path(Vec<Value>),
    /// From the annotation itself: a JSON schema.
    Definition(Value),
}

/// What a policy says of its partial evaluation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompileAnnotation {
    /// References that are unknown, their roots first.
    pub unknowns: Vec<Vec<Value>>,
    /// The rule that masks results, as written; it need not begin with `data`.
    pub mask_rule: Option<Vec<Value>>,
}
