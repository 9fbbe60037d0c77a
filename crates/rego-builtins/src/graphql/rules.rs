//! Whether a query fits a schema: one walk through the document, at each node the rules about it.
//!
//! Source: GraphQL specification, October 2021, section 5; the order of the walk and of the rules,
//! and their words, are those of gqlparser, which reports everything. Its rules run in the order of
//! their names, when a node was walked through.
//!
//! Must not know: texts, values, how a schema is made.

mod fragments;
mod introspection;
mod literals;
mod nodes;
mod operations;
mod overlap;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use rego_vm::{BuiltinError, Context};

use super::document::{
    Argument, Definition, Directive, Field, FieldDefinition, Fragment, Inline, Literal,
    LiteralKind, Operation, Place, Position, QueryDocument, Selection, Spread, Type,
    VariableDefinition,
};
use super::report::{Checked, line, worded};
use super::schema::{self, Schema};
use crate::charge;

/// How deeply the walk may go, through selections, fragments and literals.
const DEPTH_MAX: usize = 256;

/// The field that every type has.
static TYPE_NAME: LazyLock<FieldDefinition> =
    LazyLock::new(|| schema::field("__typename", Type::of("String", false), Vec::new()));

/// Checks a query against a schema.
///
/// Errors: the query does not fit, in OPA's words, which are those about all that is wrong.
pub(super) fn validate(
    context: &mut Context<'_>,
    schema: &Schema,
    document: &QueryDocument,
) -> Checked<()> {
    let mut fragments = BTreeMap::new();
    for fragment in &document.fragments {
        context.charge_steps(1)?;
        fragments.entry(&*fragment.name).or_insert(fragment);
    }
    let mut walk = Walk {
        context,
        schema,
        document,
        fragments,
        lines: String::new(),
        depth: 0,
        operation: None,
        variables: BTreeMap::new(),
        used: BTreeSet::new(),
        walked: BTreeSet::new(),
        seen: Seen::default(),
        compared: overlap::Compared::default(),
    };
    walk.document()?;
    if walk.lines.is_empty() {
        return Ok(());
    }
    Err(BuiltinError::Failed(worded(&walk.lines)))
}

/// A walk through a document.
struct Walk<'a, 'c, 'h> {
    context: &'c mut Context<'h>,
    schema: &'a Schema,
    document: &'a QueryDocument,
    /// The first fragment of each name.
    fragments: BTreeMap<&'a str, &'a Fragment>,
    /// What is wrong so far, a line each.
    lines: String,
    depth: usize,
    /// The operation around the node; none in the definition of a fragment.
    operation: Option<&'a Operation>,
    /// The first variable of each name, of the operation.
    variables: BTreeMap<&'a str, &'a VariableDefinition>,
    /// The names of the operation's variables that are used.
    used: BTreeSet<&'a str>,
    /// The fragments that were walked through since the operation or definition began.
    walked: BTreeSet<&'a str>,
    seen: Seen<'a>,
    compared: overlap::Compared<'a>,
}

/// What rules remember of other nodes.
#[derive(Default)]
struct Seen<'a> {
    operations: BTreeSet<&'a str>,
    fragments: BTreeSet<&'a str>,
    spreads: BTreeSet<&'a str>,
    in_fragments: bool,
    traced: BTreeSet<&'a str>,
    misplaced: BTreeSet<(&'a str, Position)>,
}

/// What is expected of a literal. Nothing where it is for something unknown.
#[derive(Clone, Copy, Default)]
struct Expected<'a> {
    type_of: Option<&'a Type>,
    definition: Option<&'a Definition>,
    has_default: bool,
}

impl<'a> Walk<'a, '_, '_> {
    /// Reports that something is wrong.
    fn report(&mut self, place: Place, message: &str) -> Checked<()> {
        let line = line(place, message);
        charge::make(self.context, line.len() + 1)?;
        self.lines.push_str(&line);
        self.lines.push('\n');
        Ok(())
    }

    /// Does what may come to itself again.
    fn deeper<T>(&mut self, step: impl FnOnce(&mut Self) -> Checked<T>) -> Checked<T> {
        self.context.charge_steps(1)?;
        if self.depth == DEPTH_MAX {
            let message = format!("GraphQL query is nested more than {DEPTH_MAX} levels deep");
            return Err(BuiltinError::Failed(message));
        }
        self.depth += 1;
        let result = step(self);
        self.depth -= 1;
        result
    }

    /// Returns the field of this name; of a type, or that which every type has.
    fn field_of(
        &mut self,
        parent: Option<&'a Definition>,
        name: &str,
    ) -> Checked<Option<&'a FieldDefinition>> {
        if name == "__typename" {
            return Ok(Some(&*TYPE_NAME));
        }
        let Some(parent) = parent else { return Ok(None) };
        self.context.charge_steps(parent.fields.len() as u64 / 8 + 1)?;
        Ok(parent.field(name))
    }

    fn type_of_field(&self, field: Option<&FieldDefinition>) -> Option<&'a Definition> {
        self.schema.find(field?.type_of.name())
    }

    fn document(&mut self) -> Checked<()> {
        for operation in &self.document.operations {
            self.walked.clear();
            self.operation(operation)?;
        }
        for fragment in &self.document.fragments {
            self.walked.clear();
            let parent = self.schema.find(&fragment.condition);
            self.directives(&fragment.directives, "FRAGMENT_DEFINITION")?;
            self.selections(&fragment.selections, parent)?;
            self.check_fragment(fragment, parent)?;
        }
        Ok(())
    }

    fn operation(&mut self, operation: &'a Operation) -> Checked<()> {
        self.operation = Some(operation);
        self.used.clear();
        self.variables.clear();
        for variable in &operation.variables {
            self.context.charge_steps(1)?;
            self.variables.entry(&variable.name).or_insert(variable);
            let name = variable.type_of.name();
            if self.schema.find(name).is_none() {
                self.report(variable.place, &format!("Unknown type \"{name}\"."))?;
            }
        }
        for variable in &operation.variables {
            if let Some(default) = &variable.default {
                let type_of = &variable.type_of;
                let definition = self.schema.find(type_of.name());
                let has_default = default.has_default;
                self.literal(
                    default,
                    Expected { type_of: Some(type_of), definition, has_default },
                )?;
            }
            self.directives(&variable.directives, "VARIABLE_DEFINITION")?;
        }
        let location = match &*operation.kind {
            "" | "query" => "QUERY",
            "mutation" => "MUTATION",
            "subscription" => "SUBSCRIPTION",
            _ => "",
        };
        let root = self.schema.root(&operation.kind);
        self.directives(&operation.directives, location)?;
        self.selections(&operation.selections, root)?;
        self.check_operation(operation, root)?;
        self.operation = None;
        Ok(())
    }

    fn directives(&mut self, directives: &'a [Directive], location: &str) -> Checked<()> {
        for directive in directives {
            let definition = self.schema.directives.get(&directive.name).map(|found| &**found);
            let arguments = definition.map_or(&[][..], |found| &found.arguments);
            for argument in &directive.arguments {
                self.argument(argument, arguments)?;
            }
            self.check_directive(directive, definition, location)?;
        }
        self.check_directive_list(directives)
    }

    fn argument(
        &mut self,
        argument: &'a Argument,
        definitions: &'a [FieldDefinition],
    ) -> Checked<()> {
        self.context.charge_steps(definitions.len() as u64 / 8 + 1)?;
        let definition = definitions.iter().find(|definition| definition.name == argument.name);
        self.literal(&argument.value, self.expected(definition))
    }

    fn expected(&self, definition: Option<&'a FieldDefinition>) -> Expected<'a> {
        let Some(definition) = definition else { return Expected::default() };
        Expected {
            type_of: Some(&definition.type_of),
            definition: self.schema.find(definition.type_of.name()),
            has_default: definition.has_default(),
        }
    }

    fn literal(&mut self, literal: &'a Literal, expected: Expected<'a>) -> Checked<()> {
        let is_variable = literal.kind == LiteralKind::Variable && self.operation.is_some();
        if is_variable && let Some(variable) = self.variables.get(&*literal.raw) {
            self.used.insert(&variable.name);
        }
        for child in &literal.children {
            let inner = match literal.kind {
                LiteralKind::Object => {
                    let fields = expected.definition.map_or(&[][..], |found| &found.fields);
                    self.context.charge_steps(fields.len() as u64 / 8)?;
                    self.expected(fields.iter().find(|field| field.name == child.name))
                }
                LiteralKind::List => {
                    match expected.type_of.and_then(|list| list.element.as_deref()) {
                        Some(element) => Expected {
                            type_of: Some(element),
                            definition: expected.definition,
                            has_default: child.value.has_default,
                        },
                        None => Expected::default(),
                    }
                }
                // Only an object gives other literals children; they mean nothing.
                _ => continue,
            };
            self.deeper(|walk| walk.literal(&child.value, inner))?;
        }
        self.check_literal(literal, expected)
    }

    fn selections(
        &mut self,
        selections: &'a [Selection],
        parent: Option<&'a Definition>,
    ) -> Checked<()> {
        for selection in selections {
            self.deeper(|walk| match selection {
                Selection::Field(field) => walk.field(field, parent),
                Selection::Inline(inline) => walk.inline(inline, parent),
                Selection::Spread(spread) => walk.spread(spread, parent),
            })?;
        }
        Ok(())
    }

    fn field(&mut self, field: &'a Field, parent: Option<&'a Definition>) -> Checked<()> {
        let definition = self.field_of(parent, &field.name)?;
        let arguments = definition.map_or(&[][..], |found| &found.arguments);
        for argument in &field.arguments {
            self.argument(argument, arguments)?;
        }
        self.directives(&field.directives, "FIELD")?;
        let next = self.type_of_field(definition);
        self.selections(&field.selections, next)?;
        self.check_field(field, parent, definition)
    }

    fn inline(&mut self, inline: &'a Inline, parent: Option<&'a Definition>) -> Checked<()> {
        let next = self.inline_type(inline, parent);
        self.directives(&inline.directives, "INLINE_FRAGMENT")?;
        self.selections(&inline.selections, next)?;
        self.check_inline(inline, parent, next)
    }

    /// Returns the type that the selections of an inline fragment are about.
    fn inline_type(
        &self,
        inline: &Inline,
        parent: Option<&'a Definition>,
    ) -> Option<&'a Definition> {
        if inline.condition.is_empty() { parent } else { self.schema.find(&inline.condition) }
    }

    fn spread(&mut self, spread: &'a Spread, parent: Option<&'a Definition>) -> Checked<()> {
        let fragment = self.fragments.get(&*spread.name).copied();
        self.directives(&spread.directives, "FRAGMENT_SPREAD")?;
        if let Some(fragment) = fragment {
            // Once is enough, and ends where fragments contain themselves.
            if self.walked.insert(&fragment.name) {
                let next = self.schema.find(&fragment.condition);
                self.selections(&fragment.selections, next)?;
            }
        }
        self.check_spread(spread, fragment, parent)
    }
}
