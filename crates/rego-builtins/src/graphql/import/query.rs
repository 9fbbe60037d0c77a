//! Operations and fragments.

use rego_value::Value;
use rego_vm::BuiltinError;

use super::{Checked, Importer, Names, Node, argument};
use crate::graphql::document::{
    Comments, Field, Fragment, Inline, Operation, QueryDocument, Selection, Spread,
    VariableDefinition,
};

pub(super) fn document(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<QueryDocument> {
    let node = importer.node(value, "ast.QueryDocument", Names::AnyCase)?;
    Ok(QueryDocument {
        operations: importer.list(node, "Operations", operation)?,
        fragments: importer.list(node, "Fragments", fragment)?,
        comments: importer.comments(node, "Comment")?,
    })
}

fn operation(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<Operation> {
    let node = importer.node(value, "ast.OperationDefinition", Names::Exact)?;
    Ok(Operation {
        kind: importer.text(node, "Operation")?,
        name: importer.text(node, "Name")?,
        variables: importer.list(node, "VariableDefinitions", variable)?,
        directives: importer.directives(node)?,
        selections: selections(importer, node)?,
        comments: Comments::new(),
        place: None,
    })
}

fn variable(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<VariableDefinition> {
    let node = importer.node(value, "ast.VariableDefinition", Names::AnyCase)?;
    Ok(VariableDefinition {
        name: importer.text(node, "Variable")?,
        type_of: importer.type_of(node, "Type")?,
        default: importer.optional_literal(node, "DefaultValue")?,
        directives: importer.directives(node)?,
        used: node.flag("Used")?,
        comments: importer.comments(node, "Comment")?,
        place: None,
    })
}

fn fragment(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<Fragment> {
    let node = importer.node(value, "ast.FragmentDefinition", Names::Exact)?;
    Ok(Fragment {
        name: importer.text(node, "Name")?,
        variables: importer.list(node, "VariableDefinition", variable)?,
        condition: importer.text(node, "TypeCondition")?,
        directives: importer.directives(node)?,
        selections: selections(importer, node)?,
        comments: Comments::new(),
        place: None,
    })
}

fn selections(importer: &mut Importer<'_, '_>, node: Node<'_>) -> Checked<Vec<Selection>> {
    let selections = importer.list(node, "SelectionSet", selection)?;
    Ok(selections.into_iter().flatten().collect())
}

/// Reads a selection as what it can be read as first; nothing where it cannot be read at all. No
/// more than one attempt comes to a selection set, which each reads last.
fn selection(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<Option<Selection>> {
    let attempts: [fn(&mut Importer<'_, '_>, &Value) -> Checked<Selection>; 3] =
        [field, spread, inline];
    for attempt in attempts {
        match attempt(importer, value) {
            Ok(selection) => return Ok(Some(selection)),
            Err(BuiltinError::Halt(halt)) => return Err(BuiltinError::Halt(halt)),
            Err(_) => {}
        }
    }
    Ok(None)
}

fn field(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<Selection> {
    let node = importer.node(value, "ast.Field", Names::Exact)?;
    Ok(Selection::Field(Field {
        alias: importer.text(node, "Alias")?,
        name: importer.text(node, "Name")?,
        arguments: importer.list(node, "Arguments", argument)?,
        directives: importer.directives(node)?,
        selections: selections(importer, node)?,
        comments: Comments::new(),
        place: None,
    }))
}

fn spread(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<Selection> {
    let node = importer.node(value, "ast.FragmentSpread", Names::AnyCase)?;
    Ok(Selection::Spread(Spread {
        name: importer.text(node, "Name")?,
        directives: importer.directives(node)?,
        comments: importer.comments(node, "Comment")?,
        place: None,
    }))
}

fn inline(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<Selection> {
    let node = importer.node(value, "ast.InlineFragment", Names::Exact)?;
    Ok(Selection::Inline(Inline {
        condition: importer.text(node, "TypeCondition")?,
        directives: importer.directives(node)?,
        selections: selections(importer, node)?,
        comments: Comments::new(),
        place: None,
    }))
}
