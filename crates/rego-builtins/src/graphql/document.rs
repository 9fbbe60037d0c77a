//! The trees of GraphQL documents, as OPA shows them: one type a node of gqlparser's, of the same
//! parts. A node from a text has a place, one from an object has none.
//!
//! Must not know: texts, values, which documents are valid.

use std::sync::Arc;

/// Where a token begins in its text, from 1. A block string's column is counted from the line it
/// ends on, so it may be below 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) line: i64,
    pub(super) column: i64,
}

/// Where a node is, where that is known.
pub(super) type Place = Option<Position>;

/// Comments in front of a node, `#` included.
pub(super) type Comments = Vec<String>;

/// Operations and fragments.
#[derive(Debug, Default)]
pub(super) struct QueryDocument {
    pub(super) operations: Vec<Operation>,
    pub(super) fragments: Vec<Fragment>,
    pub(super) comments: Comments,
}

/// `query Name($variable: Type) @directive { … }`
#[derive(Debug, Default)]
pub(super) struct Operation {
    /// `query`, `mutation` or `subscription`; anything where it comes from an object.
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) variables: Vec<VariableDefinition>,
    pub(super) directives: Vec<Directive>,
    pub(super) selections: Vec<Selection>,
    pub(super) comments: Comments,
    pub(super) place: Place,
}

/// `$name: Type = default @directive`
#[derive(Debug)]
pub(super) struct VariableDefinition {
    pub(super) name: String,
    pub(super) type_of: Type,
    pub(super) default: Option<Literal>,
    pub(super) directives: Vec<Directive>,
    /// Whether an object says that it is used.
    pub(super) used: bool,
    pub(super) comments: Comments,
    pub(super) place: Place,
}

/// A part of a selection set.
#[derive(Debug)]
pub(super) enum Selection {
    Field(Field),
    Spread(Spread),
    Inline(Inline),
}

/// `alias: name(argument: value) @directive { … }`
#[derive(Debug, Default)]
pub(super) struct Field {
    /// The name where none is given; empty only where it comes from an object.
    pub(super) alias: String,
    pub(super) name: String,
    pub(super) arguments: Vec<Argument>,
    pub(super) directives: Vec<Directive>,
    pub(super) selections: Vec<Selection>,
    pub(super) comments: Comments,
    pub(super) place: Place,
}

impl Field {
    /// Returns the name that the field's value has in the response.
    pub(super) fn response_name(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }
}

/// `...Name @directive`
#[derive(Debug, Default)]
pub(super) struct Spread {
    pub(super) name: String,
    pub(super) directives: Vec<Directive>,
    pub(super) comments: Comments,
    pub(super) place: Place,
}

/// `... on Type @directive { … }`
#[derive(Debug, Default)]
pub(super) struct Inline {
    /// Empty where there is none.
    pub(super) condition: String,
    pub(super) directives: Vec<Directive>,
    pub(super) selections: Vec<Selection>,
    pub(super) comments: Comments,
    pub(super) place: Place,
}

/// `fragment Name on Type @directive { … }`
#[derive(Debug, Default)]
pub(super) struct Fragment {
    pub(super) name: String,
    pub(super) variables: Vec<VariableDefinition>,
    pub(super) condition: String,
    pub(super) directives: Vec<Directive>,
    pub(super) selections: Vec<Selection>,
    pub(super) comments: Comments,
    pub(super) place: Place,
}

/// `name: value`
#[derive(Debug)]
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) value: Literal,
    pub(super) comments: Comments,
    pub(super) place: Place,
}

/// `@name(argument: value)`
#[derive(Clone, Debug, Default)]
pub(super) struct Directive {
    pub(super) name: String,
    pub(super) arguments: Vec<Arc<Argument>>,
    /// What an object says of its location; empty in a text.
    pub(super) location: String,
    pub(super) place: Place,
}

/// What a literal is. The order is that of the numbers OPA shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LiteralKind {
    Variable,
    Int,
    Float,
    String,
    Block,
    Boolean,
    Null,
    Enum,
    List,
    Object,
}

impl LiteralKind {
    /// Every kind, at the index that is its number.
    pub(super) const ALL: [LiteralKind; 10] = [
        LiteralKind::Variable,
        LiteralKind::Int,
        LiteralKind::Float,
        LiteralKind::String,
        LiteralKind::Block,
        LiteralKind::Boolean,
        LiteralKind::Null,
        LiteralKind::Enum,
        LiteralKind::List,
        LiteralKind::Object,
    ];
}

/// A value that a document writes out.
#[derive(Clone, Debug)]
pub(super) struct Literal {
    pub(super) kind: LiteralKind,
    /// The text, without quotes and `$`; empty for lists and objects.
    pub(super) raw: String,
    pub(super) children: Vec<Child>,
    /// Whether an object says that what it is for has a default.
    pub(super) has_default: bool,
    pub(super) comments: Comments,
    pub(super) place: Place,
}

/// An element of a list, whose name is empty, or a field of an object.
#[derive(Clone, Debug)]
pub(super) struct Child {
    pub(super) name: String,
    pub(super) value: Literal,
    pub(super) comments: Comments,
    pub(super) place: Place,
}

/// `Name`, `[Name]`, `[Name!]!`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Type {
    /// Empty for a list.
    pub(super) named: String,
    pub(super) element: Option<Box<Type>>,
    pub(super) required: bool,
    pub(super) place: Place,
}

impl Type {
    /// Returns the type of this name.
    pub(super) fn of(name: &str, required: bool) -> Self {
        Self { named: name.to_string(), element: None, required, place: None }
    }

    /// Returns the name inside of all lists.
    pub(super) fn name(&self) -> &str {
        let mut inner = self;
        while let (true, Some(element)) = (inner.named.is_empty(), &inner.element) {
            inner = element;
        }
        &inner.named
    }

    /// Returns the type as a text writes it: `[Name!]!`.
    pub(super) fn text(&self) -> String {
        let (mut inner, mut open, mut close) = (self, String::new(), Vec::new());
        loop {
            if inner.required {
                close.push('!');
            }
            match &inner.element {
                Some(element) if inner.named.is_empty() => {
                    open.push('[');
                    close.push(']');
                    inner = element;
                }
                _ => break,
            }
        }
        open + &inner.named + &close.iter().rev().collect::<String>()
    }
}

/// What is in a schema's text.
#[derive(Debug, Default)]
pub(super) struct SchemaDocument {
    pub(super) schema: Vec<SchemaDefinition>,
    pub(super) schema_extensions: Vec<SchemaDefinition>,
    pub(super) directives: Vec<Arc<DirectiveDefinition>>,
    pub(super) definitions: Vec<Arc<Definition>>,
    pub(super) extensions: Vec<Definition>,
    pub(super) comments: Comments,
}

/// `schema @directive { query: Query }`
#[derive(Debug, Default)]
pub(super) struct SchemaDefinition {
    pub(super) description: String,
    pub(super) directives: Vec<Directive>,
    pub(super) roots: Vec<Root>,
    pub(super) around: Around,
    pub(super) place: Place,
}

/// `query: Query`
#[derive(Debug, Default)]
pub(super) struct Root {
    pub(super) operation: String,
    pub(super) type_name: String,
    pub(super) comments: Comments,
    pub(super) place: Place,
}

/// Comments before a description, after it, and before the closing brace.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    pub(super) before: Comments,
    pub(super) after: Comments,
    pub(super) end: Comments,
}

/// The kinds of definitions, by the names that OPA shows.
pub(super) mod kind {
    pub(in super::super) const SCALAR: &str = "SCALAR";
    pub(in super::super) const OBJECT: &str = "OBJECT";
    pub(in super::super) const INTERFACE: &str = "INTERFACE";
    pub(in super::super) const UNION: &str = "UNION";
    pub(in super::super) const ENUM: &str = "ENUM";
    pub(in super::super) const INPUT: &str = "INPUT_OBJECT";
}

/// A type, or what extends one.
#[derive(Clone, Debug, Default)]
pub(super) struct Definition {
    /// One of [`kind`]; anything where it comes from an object.
    pub(super) kind: String,
    pub(super) description: String,
    pub(super) name: String,
    pub(super) directives: Vec<Directive>,
    pub(super) interfaces: Vec<String>,
    pub(super) fields: Vec<FieldDefinition>,
    /// The members of a union.
    pub(super) types: Vec<String>,
    pub(super) values: Vec<EnumValue>,
    pub(super) built_in: bool,
    pub(super) around: Around,
    pub(super) place: Place,
}

impl Definition {
    /// Returns the first field of this name.
    pub(super) fn field(&self, name: &str) -> Option<&FieldDefinition> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Returns whether a value of it has no fields to select.
    pub(super) fn is_leaf(&self) -> bool {
        [kind::ENUM, kind::SCALAR].contains(&&*self.kind)
    }

    /// Returns whether it stands for one of several types.
    pub(super) fn is_abstract(&self) -> bool {
        [kind::INTERFACE, kind::UNION].contains(&&*self.kind)
    }

    /// Returns whether a fragment may be about it.
    pub(super) fn is_composite(&self) -> bool {
        self.kind == kind::OBJECT || self.is_abstract()
    }

    /// Returns whether an argument may be of it.
    pub(super) fn is_input(&self) -> bool {
        self.kind == kind::INPUT || self.is_leaf()
    }
}

/// A field of a type or of an input object, or an argument of a field or directive.
#[derive(Clone, Debug)]
pub(super) struct FieldDefinition {
    pub(super) description: String,
    pub(super) name: String,
    pub(super) arguments: Vec<FieldDefinition>,
    pub(super) default: Option<Literal>,
    pub(super) type_of: Type,
    pub(super) directives: Vec<Directive>,
    pub(super) around: Around,
    pub(super) place: Place,
}

impl FieldDefinition {
    /// Returns the first argument of this name.
    pub(super) fn argument(&self, name: &str) -> Option<&FieldDefinition> {
        self.arguments.iter().find(|argument| argument.name == name)
    }

    /// Returns whether it must be given: it is not nullable, and has no default.
    pub(super) fn is_required(&self) -> bool {
        self.type_of.required && self.default.is_none()
    }

    /// Returns whether it has a default other than null.
    pub(super) fn has_default(&self) -> bool {
        self.default.as_ref().is_some_and(|value| value.kind != LiteralKind::Null)
    }
}

/// A value of an enumeration.
#[derive(Clone, Debug, Default)]
pub(super) struct EnumValue {
    pub(super) description: String,
    pub(super) name: String,
    pub(super) directives: Vec<Directive>,
    pub(super) around: Around,
}

/// `directive @name(argument: Type) repeatable on FIELD`
#[derive(Clone, Debug, Default)]
pub(super) struct DirectiveDefinition {
    pub(super) description: String,
    pub(super) name: String,
    pub(super) arguments: Vec<FieldDefinition>,
    pub(super) locations: Vec<String>,
    pub(super) repeatable: bool,
    pub(super) around: Around,
    pub(super) place: Place,
}
