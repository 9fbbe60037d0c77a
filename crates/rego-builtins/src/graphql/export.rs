//! From trees to values: an object for each node, with gqlparser's names and without what is empty.
//!
//! Source: OPA drops null, and arrays and objects without anything in them; it keeps empty texts,
//! zero and false.
//!
//! Must not know: texts, which documents are valid.

use std::ops::Deref;

use rego_value::Value;
use rego_vm::Context;

use super::document::{
    Argument, Child, Comments, Definition, Directive, DirectiveDefinition, EnumValue, Field,
    FieldDefinition, Fragment, Inline, Literal, LiteralKind, Operation, QueryDocument, Root,
    SchemaDefinition, SchemaDocument, Selection, Spread, Type, VariableDefinition,
};
use super::report::Checked;
use crate::charge;

/// Returns the value of operations and fragments.
pub(super) fn query(context: &mut Context<'_>, document: &QueryDocument) -> Checked<Value> {
    document.export(context)
}

/// Returns the value of definitions.
pub(super) fn schema(context: &mut Context<'_>, document: &SchemaDocument) -> Checked<Value> {
    document.export(context)
}

/// A node that can be shown.
trait Export {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value>;
}

/// An object under way.
struct Record<'c, 'h> {
    context: &'c mut Context<'h>,
    entries: Vec<(Value, Value)>,
}

impl<'c, 'h> Record<'c, 'h> {
    fn new(context: &'c mut Context<'h>) -> Self {
        Self { context, entries: Vec::new() }
    }

    fn put(&mut self, name: &str, value: Value) {
        self.entries.push((Value::from(name), value));
    }

    fn text(&mut self, name: &str, text: &str) -> Checked<()> {
        charge::make(self.context, text.len())?;
        self.put(name, Value::from(text));
        Ok(())
    }

    fn node<T: Export>(&mut self, name: &str, node: &T) -> Checked<()> {
        let value = node.export(self.context)?;
        self.put(name, value);
        Ok(())
    }

    /// Adds an array of nodes, unless it is empty.
    fn list<N: Deref<Target = T>, T: Export>(
        &mut self,
        name: &str,
        nodes: impl Iterator<Item = N>,
    ) -> Checked<()> {
        let mut items = Vec::new();
        for node in nodes {
            items.push(node.export(self.context)?);
        }
        if !items.is_empty() {
            self.put(name, Value::array(items));
        }
        Ok(())
    }

    fn texts(&mut self, name: &str, texts: &[String]) -> Checked<()> {
        if !texts.is_empty() {
            let texts = charge::array(self.context, texts.iter().map(String::as_str))?;
            self.put(name, texts);
        }
        Ok(())
    }

    fn comments(&mut self, name: &str, comments: &Comments) -> Checked<()> {
        if comments.is_empty() {
            return Ok(());
        }
        let mut list = Vec::new();
        for comment in comments {
            let mut record = Record::new(self.context);
            record.text("Value", comment)?;
            list.push(record.finish()?);
        }
        self.put(name, Value::object_from_strs([("List", Value::array(list))]));
        Ok(())
    }

    fn finish(self) -> Checked<Value> {
        let bytes = self.entries.len() * 2 * size_of::<Value>();
        self.context.charge_steps(1)?;
        self.context.charge_bytes(bytes as u64)?;
        Ok(Value::object(self.entries))
    }
}

impl Export for QueryDocument {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.list("Operations", self.operations.iter())?;
        record.list("Fragments", self.fragments.iter())?;
        record.comments("Comment", &self.comments)?;
        record.finish()
    }
}

impl Export for Operation {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Operation", &self.kind)?;
        record.text("Name", &self.name)?;
        record.list("VariableDefinitions", self.variables.iter())?;
        record.list("Directives", self.directives.iter())?;
        record.list("SelectionSet", self.selections.iter())?;
        record.comments("Comment", &self.comments)?;
        record.finish()
    }
}

impl Export for VariableDefinition {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Variable", &self.name)?;
        record.node("Type", &self.type_of)?;
        if let Some(default) = &self.default {
            record.node("DefaultValue", default)?;
        }
        record.list("Directives", self.directives.iter())?;
        record.put("Used", Value::from(self.used));
        record.comments("Comment", &self.comments)?;
        record.finish()
    }
}

impl Export for Selection {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        match self {
            Selection::Field(field) => field.export(context),
            Selection::Spread(spread) => spread.export(context),
            Selection::Inline(inline) => inline.export(context),
        }
    }
}

impl Export for Field {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Alias", &self.alias)?;
        record.text("Name", &self.name)?;
        record.list("Arguments", self.arguments.iter())?;
        record.list("Directives", self.directives.iter())?;
        record.list("SelectionSet", self.selections.iter())?;
        record.comments("Comment", &self.comments)?;
        record.finish()
    }
}

impl Export for Spread {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Name", &self.name)?;
        record.list("Directives", self.directives.iter())?;
        record.comments("Comment", &self.comments)?;
        record.finish()
    }
}

impl Export for Inline {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("TypeCondition", &self.condition)?;
        record.list("Directives", self.directives.iter())?;
        record.list("SelectionSet", self.selections.iter())?;
        record.comments("Comment", &self.comments)?;
        record.finish()
    }
}

impl Export for Fragment {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Name", &self.name)?;
        record.list("VariableDefinition", self.variables.iter())?;
        record.text("TypeCondition", &self.condition)?;
        record.list("Directives", self.directives.iter())?;
        record.list("SelectionSet", self.selections.iter())?;
        record.comments("Comment", &self.comments)?;
        record.finish()
    }
}

impl Export for Argument {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Name", &self.name)?;
        record.node("Value", &self.value)?;
        record.comments("Comment", &self.comments)?;
        record.finish()
    }
}

impl Export for Directive {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Name", &self.name)?;
        record.list("Arguments", self.arguments.iter().map(|argument| &**argument))?;
        record.text("Location", &self.location)?;
        record.finish()
    }
}

impl Export for Literal {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        let number = LiteralKind::ALL.iter().position(|kind| *kind == self.kind);
        record.put("Kind", Value::from(number.unwrap_or(0) as i64));
        record.text("Raw", &self.raw)?;
        record.list("Children", self.children.iter())?;
        if !record.context.is_v0() {
            record.put("ExpectedTypeHasDefault", Value::from(self.has_default));
        }
        record.comments("Comment", &self.comments)?;
        record.finish()
    }
}

impl Export for Child {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Name", &self.name)?;
        record.node("Value", &self.value)?;
        record.comments("Comment", &self.comments)?;
        record.finish()
    }
}

impl Export for Type {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("NamedType", &self.named)?;
        if let Some(element) = &self.element {
            record.node("Elem", &**element)?;
        }
        record.put("NonNull", Value::from(self.required));
        record.finish()
    }
}

impl Export for SchemaDocument {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.list("Schema", self.schema.iter())?;
        record.list("SchemaExtension", self.schema_extensions.iter())?;
        record.list("Directives", self.directives.iter().map(|node| &**node))?;
        record.list("Definitions", self.definitions.iter().map(|node| &**node))?;
        record.list("Extensions", self.extensions.iter())?;
        record.comments("Comment", &self.comments)?;
        record.finish()
    }
}

impl Export for SchemaDefinition {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Description", &self.description)?;
        record.list("Directives", self.directives.iter())?;
        record.list("OperationTypes", self.roots.iter())?;
        record.comments("BeforeDescriptionComment", &self.around.before)?;
        record.comments("AfterDescriptionComment", &self.around.after)?;
        record.comments("EndOfDefinitionComment", &self.around.end)?;
        record.finish()
    }
}

impl Export for Root {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Operation", &self.operation)?;
        record.text("Type", &self.type_name)?;
        record.comments("Comment", &self.comments)?;
        record.finish()
    }
}

impl Export for Definition {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Kind", &self.kind)?;
        record.text("Description", &self.description)?;
        record.text("Name", &self.name)?;
        record.list("Directives", self.directives.iter())?;
        record.texts("Interfaces", &self.interfaces)?;
        record.list("Fields", self.fields.iter())?;
        record.texts("Types", &self.types)?;
        record.list("EnumValues", self.values.iter())?;
        record.put("BuiltIn", Value::from(self.built_in));
        record.comments("BeforeDescriptionComment", &self.around.before)?;
        record.comments("AfterDescriptionComment", &self.around.after)?;
        record.comments("EndOfDefinitionComment", &self.around.end)?;
        record.finish()
    }
}

impl Export for FieldDefinition {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Description", &self.description)?;
        record.text("Name", &self.name)?;
        record.list("Arguments", self.arguments.iter())?;
        if let Some(default) = &self.default {
            record.node("DefaultValue", default)?;
        }
        record.node("Type", &self.type_of)?;
        record.list("Directives", self.directives.iter())?;
        record.comments("BeforeDescriptionComment", &self.around.before)?;
        record.comments("AfterDescriptionComment", &self.around.after)?;
        record.finish()
    }
}

impl Export for EnumValue {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Description", &self.description)?;
        record.text("Name", &self.name)?;
        record.list("Directives", self.directives.iter())?;
        record.comments("BeforeDescriptionComment", &self.around.before)?;
        record.comments("AfterDescriptionComment", &self.around.after)?;
        record.finish()
    }
}

impl Export for DirectiveDefinition {
    fn export(&self, context: &mut Context<'_>) -> Checked<Value> {
        let mut record = Record::new(context);
        record.text("Description", &self.description)?;
        record.text("Name", &self.name)?;
        record.list("Arguments", self.arguments.iter())?;
        record.texts("Locations", &self.locations)?;
        record.put("IsRepeatable", Value::from(self.repeatable));
        record.comments("BeforeDescriptionComment", &self.around.before)?;
        record.comments("AfterDescriptionComment", &self.around.after)?;
        record.finish()
    }
}
