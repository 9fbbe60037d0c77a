//! A schema: definitions by name, extended, checked, and with what every schema has.
//!
//! Source: gqlparser's `ValidateSchemaDocument`.
//!
//! Must not know: texts, values, queries.

mod check;
mod prelude;

use std::collections::BTreeMap;
use std::sync::Arc;

use rego_vm::Context;

use super::document::{
    Definition, DirectiveDefinition, FieldDefinition, Root, SchemaDocument, Type, kind,
};
use super::report::{Checked, unsound};

pub(super) use check::is_compatible;

/// Directives that a schema may define again. (The last definition counts.)
const REDEFINABLE: [&str; 6] = ["include", "skip", "deprecated", "specifiedBy", "defer", "oneOf"];

/// What queries are validated against.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub(super) types: BTreeMap<String, Arc<Definition>>,
    pub(super) directives: BTreeMap<String, Arc<DirectiveDefinition>>,
    /// The names of the types that a value of a type may have.
    possible: BTreeMap<String, Vec<String>>,
    roots: BTreeMap<&'static str, String>,
}

impl Schema {
    /// Returns the schema of a document, prelude included.
    ///
    /// Errors: it is redundant or contradicts itself, in OPA's words.
    pub(super) fn new(context: &mut Context<'_>, document: &SchemaDocument) -> Checked<Self> {
        let mut schema = prelude::schema();
        context.charge_steps(schema.types.len() as u64)?;
        let mut names: Vec<String> = schema.types.keys().cloned().collect();
        for definition in &document.definitions {
            context.charge_steps(1)?;
            schema.define(definition)?;
            names.push(definition.name.clone());
        }
        for extension in &document.extensions {
            context.charge_steps(1)?;
            schema.extend(extension, &mut names)?;
        }
        schema.relate(context, &names)?;
        for directive in &document.directives {
            context.charge_steps(1)?;
            schema.define_directive(directive)?;
        }
        schema.enter(context, document)?;
        check::schema(context, &schema)?;
        schema.complete(document.schema.is_empty());
        Ok(schema)
    }

    /// Returns the type of this name.
    pub(super) fn find(&self, name: &str) -> Option<&Definition> {
        self.types.get(name).map(|definition| &**definition)
    }

    /// Returns the type that an operation begins with. One of no kind is a query.
    pub(super) fn root(&self, operation: &str) -> Option<&Definition> {
        let operation = if operation.is_empty() { "query" } else { operation };
        self.find(self.roots.get(operation)?)
    }

    /// Returns the names of the types that a value of a type may have.
    pub(super) fn possible_types(&self, name: &str) -> &[String] {
        self.possible.get(name).map_or(&[], Vec::as_slice)
    }

    fn define(&mut self, definition: &Arc<Definition>) -> Checked<()> {
        let name = definition.name.clone();
        if self.types.contains_key(&name) {
            return Err(unsound(definition.place, &format!("Cannot redeclare type {name}.")));
        }
        self.types.insert(name, Arc::clone(definition));
        Ok(())
    }

    /// Adds to a type what an extension has; to one that does not exist, too.
    fn extend(&mut self, extension: &Definition, names: &mut Vec<String>) -> Checked<()> {
        let name = &extension.name;
        let base = self.types.entry(name.clone()).or_insert_with(|| {
            names.push(name.clone());
            Arc::new(Definition {
                kind: extension.kind.clone(),
                name: name.clone(),
                place: extension.place,
                ..Definition::default()
            })
        });
        let base = Arc::make_mut(base);
        if base.kind != extension.kind {
            let (base, other) = (&base.kind, &extension.kind);
            let why = format!("because the base type is a {base}, not {other}.");
            return Err(unsound(extension.place, &format!("Cannot extend type {name} {why}")));
        }
        base.directives.extend_from_slice(&extension.directives);
        base.interfaces.extend_from_slice(&extension.interfaces);
        base.fields.extend_from_slice(&extension.fields);
        base.types.extend_from_slice(&extension.types);
        base.values.extend_from_slice(&extension.values);
        Ok(())
    }

    /// Notes for each type which types its values may have, in the order of definitions.
    fn relate(&mut self, context: &mut Context<'_>, names: &[String]) -> Checked<()> {
        let Self { types, possible, .. } = self;
        for name in names {
            let Some(definition) = types.get(name) else { continue };
            let related = definition.types.len() + definition.interfaces.len();
            context.charge_steps(related as u64 + 1)?;
            let mut add = |to: &String, name: &String| {
                possible.entry(to.clone()).or_default().push(name.clone());
            };
            match &*definition.kind {
                kind::UNION => definition.types.iter().for_each(|member| add(name, member)),
                kind::INPUT | kind::OBJECT | kind::INTERFACE => {
                    definition.interfaces.iter().for_each(|interface| add(interface, name));
                    if definition.kind != kind::INTERFACE {
                        add(name, name);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn define_directive(&mut self, directive: &Arc<DirectiveDefinition>) -> Checked<()> {
        let name = &directive.name;
        if self.directives.contains_key(name) && !REDEFINABLE.contains(&name.as_str()) {
            return Err(unsound(directive.place, &format!("Cannot redeclare directive {name}.")));
        }
        self.directives.insert(name.clone(), Arc::clone(directive));
        Ok(())
    }

    /// Reads which types operations begin with.
    fn enter(&mut self, context: &mut Context<'_>, document: &SchemaDocument) -> Checked<()> {
        if let Some(second) = document.schema.get(1) {
            let text = "Cannot have multiple schema entry points";
            let hint = "consider schema extensions instead.";
            return Err(unsound(second.place, &format!("{text}, {hint}")));
        }
        for definition in document.schema.iter().chain(&document.schema_extensions) {
            for root in &definition.roots {
                context.charge_steps(1)?;
                self.enter_root(root)?;
            }
            check::schema_directives(context, self, definition)?;
        }
        Ok(())
    }

    fn enter_root(&mut self, root: &Root) -> Checked<()> {
        let Root { operation, type_name, .. } = root;
        if !self.types.contains_key(type_name) {
            let text = format!("Schema root {operation} refers to a type {type_name}");
            return Err(unsound(root.place, &format!("{text} that does not exist.")));
        }
        if let Some(operation) = operation_name(operation) {
            self.roots.insert(operation, type_name.clone());
        }
        Ok(())
    }

    /// Adds what a schema has without saying so.
    fn complete(&mut self, may_infer: bool) {
        let usual =
            [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")];
        for (operation, name) in usual {
            if may_infer && self.types.contains_key(name) {
                self.roots.entry(operation).or_insert_with(|| name.to_string());
            }
        }
        let root = self.roots.get("query").and_then(|name| self.types.get_mut(name));
        if let Some(definition) = root {
            let name = field("name", Type::of("String", true), Vec::new());
            let fields = &mut Arc::make_mut(definition).fields;
            fields.push(field("__schema", Type::of("__Schema", true), Vec::new()));
            fields.push(field("__type", Type::of("__Type", false), vec![name]));
        }
    }
}

/// Returns the definition of a field that is in no document.
pub(super) fn field(name: &str, type_of: Type, arguments: Vec<FieldDefinition>) -> FieldDefinition {
    FieldDefinition {
        description: String::new(),
        name: name.to_string(),
        arguments,
        default: None,
        type_of,
        directives: Vec::new(),
        around: Default::default(),
        place: None,
    }
}

fn operation_name(operation: &str) -> Option<&'static str> {
    ["query", "mutation", "subscription"].into_iter().find(|name| *name == operation)
}
