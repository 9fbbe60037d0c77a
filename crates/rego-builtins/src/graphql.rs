//! `graphql.*`: reading GraphQL documents, and checking queries against schemas.
//!
//! Source: OPA policy reference, "GraphQL"; OPA reads and checks with gqlparser, whose trees, rules
//! and messages these are.
//!
//! Read first: `document.rs`, then the folder's files from `token.rs` to `rules.rs`.

mod document;
mod export;
mod import;
mod kept;
mod parse;
mod report;
mod rules;
mod schema;
mod suggest;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

use rego_value::{Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::operand;
use document::QueryDocument;
use kept::Sound;
use report::Checked;

const OBJECT: Type = Type::Object(&[], Some(&(Type::Any, Type::Any)));
const DOCUMENT: Type = Type::Union(&[Type::String, OBJECT]);

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(
        Decl::function("graphql.parse", &[DOCUMENT, DOCUMENT], Type::Tuple(&[OBJECT, OBJECT])),
        parse,
    ),
    Builtin::new(
        Decl::function(
            "graphql.parse_and_verify",
            &[DOCUMENT, DOCUMENT],
            Type::Tuple(&[Type::Boolean, OBJECT, OBJECT]),
        ),
        parse_and_verify,
    ),
    Builtin::new(Decl::function("graphql.parse_query", &[Type::String], OBJECT), parse_query),
    Builtin::new(Decl::function("graphql.parse_schema", &[Type::String], OBJECT), parse_schema),
    Builtin::new(
        Decl::function("graphql.is_valid", &[DOCUMENT, DOCUMENT], Type::Boolean),
        is_valid,
    ),
    Builtin::new(
        Decl::function("graphql.schema_is_valid", &[DOCUMENT], Type::Boolean),
        schema_is_valid,
    ),
];

/// Returns the trees of a query and a schema that the query fits; each is given as text or as a
/// tree: `graphql.parse("{a}", "type Query { a: Int }")[0].Operations[0].Operation == "query"`.
///
/// Errors: a text cannot be read, the schema contradicts itself, or the query does not fit.
///
/// Source: OPA policy reference, `graphql.parse`.
fn parse(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (query, schema) = verified(context, operands)?;
    Ok(Value::array(vec![query, schema]))
}

/// Returns whether a query fits a schema, and the trees of both; false and two empty objects where
/// it does not, or where one of them cannot be read.
///
/// Source: OPA policy reference, `graphql.parse_and_verify`.
fn parse_and_verify(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let nothing = || Value::object(Vec::new());
    let verified = unless_wrong(verified(context, operands))?;
    let is_valid = Value::from(verified.is_some());
    let (query, schema) = verified.unwrap_or_else(|| (nothing(), nothing()));
    Ok(Value::array(vec![is_valid, query, schema]))
}

/// Returns the tree of a query: `graphql.parse_query("{a}").Operations[0].SelectionSet[0].Name` is
/// `"a"`.
///
/// Errors: the text cannot be read.
///
/// Source: OPA policy reference, `graphql.parse_query`.
fn parse_query(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let document = parse::query(context, operand::string(operands, 0)?)?;
    export::query(context, &document)
}

/// Returns the tree of a schema, which need not make sense:
/// `graphql.parse_schema("scalar A").Definitions[0].Kind == "SCALAR"`.
///
/// Errors: the text cannot be read.
///
/// Source: OPA policy reference, `graphql.parse_schema`.
fn parse_schema(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let document = parse::schema(context, operand::string(operands, 0)?)?;
    export::schema(context, &document)
}

/// Returns whether a query fits a schema: `graphql.is_valid("{a}", "type Query { a: Int }")`.
///
/// Source: OPA policy reference, `graphql.is_valid`.
fn is_valid(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let checked = checked(context, operands);
    Ok(Value::from(unless_wrong(checked)?.is_some()))
}

/// Returns whether a schema makes sense: `graphql.schema_is_valid("type A { b: Int }")`.
///
/// Source: OPA policy reference, `graphql.schema_is_valid`.
fn schema_is_valid(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let schema = schema(context, operands, 0);
    Ok(Value::from(unless_wrong(schema)?.is_some()))
}

/// Returns nothing where a document is wrong. A budget that is used up says nothing about it.
fn unless_wrong<T>(result: Checked<T>) -> Result<Option<T>, BuiltinError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(BuiltinError::Halt(halt)) => Err(BuiltinError::Halt(halt)),
        Err(_) => Ok(None),
    }
}

/// Returns the trees of a query and of the schema that it fits, as values.
fn verified(context: &mut Context<'_>, operands: &[&Value]) -> Checked<(Value, Value)> {
    let (query, schema) = checked(context, operands)?;
    Ok((export::query(context, &query)?, export::schema(context, &schema.document)?))
}

/// Returns a query and the schema that it fits.
fn checked(context: &mut Context<'_>, operands: &[&Value]) -> Checked<(QueryDocument, Arc<Sound>)> {
    let query = query(context, operands, 0)?;
    let sound = schema(context, operands, 1)?;
    rules::validate(context, &sound.schema, &query)?;
    Ok((query, sound))
}

fn query(context: &mut Context<'_>, operands: &[&Value], index: usize) -> Checked<QueryDocument> {
    let value = operand::any(operands, index)?;
    match value.view() {
        View::String(text) => parse::query(context, text),
        View::Object(_) => import::query(context, value),
        _ => Err(not_a_document(value, index)),
    }
}

fn schema(context: &mut Context<'_>, operands: &[&Value], index: usize) -> Checked<Arc<Sound>> {
    let value = operand::any(operands, index)?;
    match value.view() {
        View::String(text) => kept::schema(context, value, |context| parse::schema(context, text)),
        View::Object(_) => kept::schema(context, value, |context| import::schema(context, value)),
        _ => Err(not_a_document(value, index)),
    }
}

/// Returns the error of an operand that is no document. OPA counts these from 0.
fn not_a_document(value: &Value, index: usize) -> BuiltinError {
    BuiltinError::operand(index, value, &["string", "object"])
}
