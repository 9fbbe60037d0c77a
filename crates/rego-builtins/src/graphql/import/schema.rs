//! Definitions of types, directives and schemas.

use std::sync::Arc;

use rego_value::Value;

use super::{Checked, Importer, Names, Node};
use crate::graphql::document::{
    Around, Definition, DirectiveDefinition, EnumValue, FieldDefinition, Root, SchemaDefinition,
    SchemaDocument,
};

pub(super) fn document(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<SchemaDocument> {
    let node = importer.node(value, "ast.SchemaDocument", Names::AnyCase)?;
    let definitions = importer.list(node, "Definitions", definition)?;
    let directives = importer.list(node, "Directives", directive_definition)?;
    Ok(SchemaDocument {
        schema: importer.list(node, "Schema", schema_definition)?,
        schema_extensions: importer.list(node, "SchemaExtension", schema_definition)?,
        directives: directives.into_iter().map(Arc::new).collect(),
        definitions: definitions.into_iter().map(Arc::new).collect(),
        extensions: importer.list(node, "Extensions", definition)?,
        comments: importer.comments(node, "Comment")?,
    })
}

fn around(importer: &mut Importer<'_, '_>, node: Node<'_>) -> Checked<Around> {
    Ok(Around {
        before: importer.comments(node, "BeforeDescriptionComment")?,
        after: importer.comments(node, "AfterDescriptionComment")?,
        end: importer.comments(node, "EndOfDefinitionComment")?,
    })
}

fn schema_definition(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<SchemaDefinition> {
    let node = importer.node(value, "ast.SchemaDefinition", Names::AnyCase)?;
    Ok(SchemaDefinition {
        description: importer.text(node, "Description")?,
        directives: importer.directives(node)?,
        roots: importer.list(node, "OperationTypes", root)?,
        around: around(importer, node)?,
        place: None,
    })
}

fn root(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<Root> {
    let node = importer.node(value, "ast.OperationTypeDefinition", Names::AnyCase)?;
    Ok(Root {
        operation: importer.text(node, "Operation")?,
        type_name: importer.text(node, "Type")?,
        comments: importer.comments(node, "Comment")?,
        place: None,
    })
}

fn definition(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<Definition> {
    let node = importer.node(value, "ast.Definition", Names::AnyCase)?;
    Ok(Definition {
        kind: importer.text(node, "Kind")?,
        description: importer.text(node, "Description")?,
        name: importer.text(node, "Name")?,
        directives: importer.directives(node)?,
        interfaces: importer.texts(node, "Interfaces")?,
        fields: importer.list(node, "Fields", field)?,
        types: importer.texts(node, "Types")?,
        values: importer.list(node, "EnumValues", enum_value)?,
        built_in: node.flag("BuiltIn")?,
        around: around(importer, node)?,
        place: None,
    })
}

fn field(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<FieldDefinition> {
    let node = importer.node(value, "ast.FieldDefinition", Names::AnyCase)?;
    let arguments = importer.list(node, "Arguments", argument)?;
    field_or_argument(importer, node, arguments)
}

fn argument(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<FieldDefinition> {
    let node = importer.node(value, "ast.ArgumentDefinition", Names::AnyCase)?;
    field_or_argument(importer, node, Vec::new())
}

fn field_or_argument(
    importer: &mut Importer<'_, '_>,
    node: Node<'_>,
    arguments: Vec<FieldDefinition>,
) -> Checked<FieldDefinition> {
    Ok(FieldDefinition {
        description: importer.text(node, "Description")?,
        name: importer.text(node, "Name")?,
        arguments,
        default: importer.optional_literal(node, "DefaultValue")?,
        type_of: importer.type_of(node, "Type")?,
        directives: importer.directives(node)?,
        around: Around { end: Vec::new(), ..around(importer, node)? },
        place: None,
    })
}

fn enum_value(importer: &mut Importer<'_, '_>, value: &Value) -> Checked<EnumValue> {
    let node = importer.node(value, "ast.EnumValueDefinition", Names::AnyCase)?;
    Ok(EnumValue {
        description: importer.text(node, "Description")?,
        name: importer.text(node, "Name")?,
        directives: importer.directives(node)?,
        around: Around { end: Vec::new(), ..around(importer, node)? },
    })
}

fn directive_definition(
    importer: &mut Importer<'_, '_>,
    value: &Value,
) -> Checked<DirectiveDefinition> {
    let node = importer.node(value, "ast.DirectiveDefinition", Names::AnyCase)?;
    Ok(DirectiveDefinition {
        description: importer.text(node, "Description")?,
        name: importer.text(node, "Name")?,
        arguments: importer.list(node, "Arguments", argument)?,
        locations: importer.texts(node, "Locations")?,
        repeatable: node.flag("IsRepeatable")?,
        around: Around { end: Vec::new(), ..around(importer, node)? },
        place: None,
    })
}
