//! From values to trees: what `graphql.parse_query` and `graphql.parse_schema` return, read back.
//!
//! Source: Go's `encoding/json` on gqlparser's types: names in any case (but for operations, fields
//! and fragments), null for nothing, and no look at what is unknown. A selection is tried as a field,
//! a spread and an inline fragment, in this order; nearly everything is a field.
//!
//! Must not know: texts, which documents are valid.

mod query;
mod schema;

use rego_value::{ObjectRef, Value, View};
use rego_vm::{BuiltinError, Context};

use super::document::{
    Argument, Child, Comments, Directive, Literal, LiteralKind, QueryDocument, SchemaDocument, Type,
};
use super::parse::DEPTH_MAX;
use super::report::Checked;
use crate::charge;

/// How deeply arrays and types may be nested: what a text may, and the arrays around and inside of it
/// that are no level of a text.
const NESTED_MAX: usize = DEPTH_MAX + 8;

/// Returns the operations and fragments of a value.
pub(super) fn query(context: &mut Context<'_>, value: &Value) -> Checked<QueryDocument> {
    query::document(&mut Importer { context, depth: 0 }, value)
}

/// Returns the definitions of a value.
pub(super) fn schema(context: &mut Context<'_>, value: &Value) -> Checked<SchemaDocument> {
    schema::document(&mut Importer { context, depth: 0 }, value)
}

/// What reading needs: a budget, and how deep it is.
struct Importer<'c, 'h> {
    context: &'c mut Context<'h>,
    depth: usize,
}

/// Whether the names of an object's parts may be in any case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Exact,
    AnyCase,
}

/// An object that stands for a node.
#[derive(Clone, Copy)]
struct Node<'a> {
    object: ObjectRef<'a>,
    /// The name of its type, for errors.
    of: &'static str,
    names: Names,
}

/// Reads one element of an array.
type Each<T> = fn(&mut Importer<'_, '_>, &Value) -> Checked<T>;

impl Importer<'_, '_> {
    /// Returns the node that a value stands for.
    fn node<'a>(&mut self, value: &'a Value, of: &'static str, names: Names) -> Checked<Node<'a>> {
        /// About how many bytes of a tree one object makes.
        const NODE_BYTES: u64 = 256;
        self.context.charge_steps(1)?;
        self.context.charge_bytes(NODE_BYTES)?;
        let object = value.as_object().ok_or_else(|| mismatch(value, of))?;
        Ok(Node { object, of, names })
    }

    /// Reads what may contain itself.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Checked<T>) -> Checked<T> {
        if self.depth == NESTED_MAX {
            let message = format!("nested more than {NESTED_MAX} levels deep");
            return Err(BuiltinError::Failed(message));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn text(&mut self, node: Node<'_>, name: &str) -> Checked<String> {
        let Some(value) = node.get(name) else { return Ok(String::new()) };
        let text = value.as_str().ok_or_else(|| node.mismatch(name, value, "string"))?;
        charge::make(self.context, text.len())?;
        Ok(text.to_string())
    }

    fn list<T>(&mut self, node: Node<'_>, name: &str, each: Each<T>) -> Checked<Vec<T>> {
        let Some(value) = node.get(name) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or_else(|| node.mismatch(name, value, "list"))?;
        let mut list = Vec::new();
        for item in items {
            list.push(self.nested(|importer| each(importer, item))?);
        }
        Ok(list)
    }

    fn texts(&mut self, node: Node<'_>, name: &str) -> Checked<Vec<String>> {
        self.list(node, name, |importer, value| {
            let text = value.as_str().ok_or_else(|| mismatch(value, "string"))?;
            charge::make(importer.context, text.len() + size_of::<String>())?;
            Ok(text.to_string())
        })
    }

    fn comments(&mut self, node: Node<'_>, name: &str) -> Checked<Comments> {
        let Some(value) = node.get(name) else { return Ok(Comments::new()) };
        let group = self.node(value, "ast.CommentGroup", Names::AnyCase)?;
        self.list(group, "List", |importer, value| {
            let comment = importer.node(value, "ast.Comment", Names::AnyCase)?;
            importer.text(comment, "Value")
        })
    }

    fn directives(&mut self, node: Node<'_>) -> Checked<Vec<Directive>> {
        self.list(node, "Directives", |importer, value| {
            let node = importer.node(value, "ast.Directive", Names::AnyCase)?;
            let arguments = importer.list(node, "Arguments", argument)?;
            Ok(Directive {
                name: importer.text(node, "Name")?,
                arguments: arguments.into_iter().map(Into::into).collect(),
                location: importer.text(node, "Location")?,
                place: None,
            })
        })
    }

    /// Reads a literal that must be there.
    fn literal(&mut self, node: Node<'_>, name: &str) -> Checked<Literal> {
        self.optional_literal(node, name)?.ok_or_else(|| node.missing(name))
    }

    fn optional_literal(&mut self, node: Node<'_>, name: &str) -> Checked<Option<Literal>> {
        node.get(name).map(|value| literal(self, value)).transpose()
    }

    /// Reads a type that must be there.
    fn type_of(&mut self, node: Node<'_>, name: &str) -> Checked<Type> {
        let value = node.get(name).ok_or_else(|| node.missing(name))?;
        self.nested(|importer| {
            let node = importer.node(value, "ast.Type", Names::AnyCase)?;
            let named = importer.text(node, "NamedType")?;
            let required = node.flag("NonNull")?;
            // A name hides what else there is, as in gqlparser.
            let element = if named.is_empty() || node.get("Elem").is_some() {
                Some(Box::new(importer.type_of(node, "Elem")?))
            } else {
                None
            };
            Ok(Type { named, element, required, place: None })
        })
    }
}

impl<'a> Node<'a> {
    /// Returns a part, unless it is null.
    fn get(&self, name: &str) -> Option<&'a Value> {
        let exact = self.object.get_str(name);
        let found = match exact {
            None if self.names == Names::AnyCase => {
                let fits = |key: &Value| key.as_str().is_some_and(|k| k.eq_ignore_ascii_case(name));
                self.object.iter().find(|(key, _)| fits(key)).map(|(_, value)| value)
            }
            found => found,
        };
        found.filter(|value| !matches!(value.view(), View::Null))
    }

    fn flag(&self, name: &str) -> Checked<bool> {
        let Some(value) = self.get(name) else { return Ok(false) };
        value.as_bool().ok_or_else(|| self.mismatch(name, value, "bool"))
    }

    fn mismatch(&self, name: &str, value: &Value, want: &str) -> BuiltinError {
        let field = format!("struct field {}.{name}", self.of.trim_start_matches("ast."));
        cannot_read(value, &format!("{field} of type {want}"))
    }

    fn missing(&self, name: &str) -> BuiltinError {
        BuiltinError::Failed(format!("{} without {name}", self.of))
    }
}

fn argument(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<Argument> {
    let node = importer.node(value, "ast.Argument", Names::AnyCase)?;
    Ok(Argument {
        name: importer.text(node, "Name")?,
        value: importer.literal(node, "Value")?,
        comments: importer.comments(node, "Comment")?,
        place: None,
    })
}

fn literal(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<Literal> {
    let node = importer.node(value, "ast.Value", Names::AnyCase)?;
    let kind = match node.get("Kind") {
        None => LiteralKind::Variable,
        Some(number) => {
            let index = number.as_i64().and_then(|number| usize::try_from(number).ok());
            let kind = index.and_then(|index| LiteralKind::ALL.get(index)).copied();
            kind.ok_or_else(|| node.mismatch("Kind", number, "ast.ValueKind"))?
        }
    };
    let children = importer.list(node, "Children", |importer, value| {
        let node = importer.node(value, "ast.ChildValue", Names::AnyCase)?;
        Ok(Child {
            name: importer.text(node, "Name")?,
            value: importer.literal(node, "Value")?,
            comments: importer.comments(node, "Comment")?,
            place: None,
        })
    })?;
    Ok(Literal {
        kind,
        raw: importer.text(node, "Raw")?,
        children,
        has_default: node.flag("ExpectedTypeHasDefault")?,
        comments: importer.comments(node, "Comment")?,
        place: None,
    })
}

fn mismatch(value: &Value, want: &str) -> BuiltinError {
    cannot_read(value, &format!("value of type {want}"))
}

/// Returns the error of Go's `encoding/json`.
fn cannot_read(value: &Value, want: &str) -> BuiltinError {
    let got = match value.type_name() {
        "boolean" => "bool",
        other => other,
    };
    BuiltinError::Failed(format!("json: cannot unmarshal {got} into Go {want}"))
}
