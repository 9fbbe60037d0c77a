//! What a schema must hold for its definitions to make sense. The first thing that is wrong is
//! reported, types before directives, each in the order of names.
//!
//! Source: gqlparser's `validator/schema.go`.
//!
//! Must not know: queries.

use std::collections::BTreeMap;

use rego_vm::Context;

use super::Schema;
use crate::gofmt;
use crate::graphql::document::{
    Definition, Directive, DirectiveDefinition, FieldDefinition, Place, SchemaDefinition, Type,
    kind,
};
use crate::graphql::report::{Checked, unsound};

/// The kinds of what a field may return.
const OUTPUT: [&str; 5] = [kind::SCALAR, kind::OBJECT, kind::INTERFACE, kind::UNION, kind::ENUM];

/// The kinds of what an input object's field may be.
const INPUT: [&str; 3] = [kind::SCALAR, kind::ENUM, kind::INPUT];

/// Checks all types and directives.
pub(super) fn schema(context: &mut Context<'_>, schema: &Schema) -> Checked<()> {
    let mut checker = Checker { context, schema };
    for definition in schema.types.values() {
        checker.definition(definition)?;
    }
    for directive in schema.directives.values() {
        check_name(directive.place, &directive.name)?;
        checker.arguments(&directive.arguments, Some(directive))?;
    }
    Ok(())
}

/// Checks the directives of a `schema`.
pub(super) fn schema_directives(
    context: &mut Context<'_>,
    schema: &Schema,
    definition: &SchemaDefinition,
) -> Checked<()> {
    Checker { context, schema }.directives(&definition.directives, "SCHEMA", None)
}

struct Checker<'a, 'c, 'h> {
    context: &'c mut Context<'h>,
    schema: &'a Schema,
}

impl Checker<'_, '_, '_> {
    fn definition(&mut self, definition: &Definition) -> Checked<()> {
        self.context.charge_steps(1)?;
        let is_input = definition.kind == kind::INPUT;
        let location = if is_input { "INPUT_FIELD_DEFINITION" } else { "FIELD_DEFINITION" };
        for field in &definition.fields {
            self.context.charge_steps(1)?;
            check_name(field.place, &field.name)?;
            self.known_type(&field.type_of)?;
            self.arguments(&field.arguments, None)?;
            self.directives(&field.directives, location, None)?;
        }
        for member in &definition.types {
            self.member(definition, member)?;
        }
        for interface in &definition.interfaces {
            self.implements(definition, interface)?;
        }
        self.body(definition)?;
        self.distinct_fields(definition)?;
        if !definition.built_in {
            check_name(definition.place, &definition.name)?;
        }
        self.directives(&definition.directives, &definition.kind, None)
    }

    fn known_type(&self, type_of: &Type) -> Checked<&Definition> {
        let name = type_of.name();
        let unknown = || unsound(type_of.place, &format!("Undefined type {name}."));
        self.schema.find(name).ok_or_else(unknown)
    }

    fn member(&mut self, union: &Definition, member: &str) -> Checked<()> {
        self.context.charge_steps(1)?;
        let quoted = gofmt::quote(member);
        match self.schema.find(member) {
            None => Err(unsound(union.place, &format!("Undefined type {quoted}."))),
            Some(found) if found.kind != kind::OBJECT => {
                let text = format!("{} type {quoted} must be {}.", union.kind, kind::OBJECT);
                Err(unsound(union.place, &text))
            }
            Some(_) => Ok(()),
        }
    }

    /// Checks what only a definition of this kind has.
    fn body(&mut self, definition: &Definition) -> Checked<()> {
        let Definition { kind, name, place, .. } = definition;
        let wrong = |text: &str| Err(unsound(*place, &format!("{kind} {name}: {text}.")));
        match &**kind {
            kind::OBJECT | kind::INTERFACE if definition.fields.is_empty() => {
                return wrong("must define one or more fields");
            }
            kind::INPUT if definition.fields.is_empty() => {
                return wrong("must define one or more input fields");
            }
            kind::ENUM if definition.values.is_empty() => {
                return wrong("must define one or more unique enum values");
            }
            kind::OBJECT | kind::INTERFACE => {
                for field in &definition.fields {
                    if !OUTPUT.contains(&&*self.known_type(&field.type_of)?.kind) {
                        let text = format!("field must be one of {}.", OUTPUT.join(", "));
                        return Err(unsound(field.place, &format!("{kind} {name}: {text}")));
                    }
                }
            }
            kind::INPUT => {
                for field in &definition.fields {
                    let found = &self.known_type(&field.type_of)?.kind;
                    if !INPUT.contains(&&**found) {
                        let text = format!("field must be one of {}.", INPUT.join(", "));
                        let text = format!("{found} {}: {text}", field.name);
                        return Err(unsound(field.place, &text));
                    }
                }
            }
            kind::ENUM => {
                for value in &definition.values {
                    self.context.charge_steps(1)?;
                    if ["true", "false", "null"].contains(&&*value.name) {
                        return wrong(&format!("non-enum value {}", value.name));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Refuses two fields of one name: of all such names, that which comes first.
    fn distinct_fields(&mut self, definition: &Definition) -> Checked<()> {
        self.context.charge_steps(definition.fields.len() as u64)?;
        let mut first_of: BTreeMap<&str, usize> = BTreeMap::new();
        let mut found: Option<(usize, &FieldDefinition)> = None;
        for (index, field) in definition.fields.iter().enumerate() {
            let first = *first_of.entry(&field.name).or_insert(index);
            if first != index && found.is_none_or(|(earliest, _)| first < earliest) {
                found = Some((first, field));
            }
        }
        let Some((_, field)) = found else { return Ok(()) };
        let name = format!("{}.{}", definition.name, field.name);
        Err(unsound(field.place, &format!("Field {name} can only be defined once.")))
    }

    fn arguments(
        &mut self,
        arguments: &[FieldDefinition],
        of: Option<&DirectiveDefinition>,
    ) -> Checked<()> {
        for argument in arguments {
            self.context.charge_steps(1)?;
            check_name(argument.place, &argument.name)?;
            let found = self.known_type(&argument.type_of)?;
            if !found.is_input() {
                let (type_of, name) = (argument.type_of.text(), &argument.name);
                let why = format!("because {} is not a valid input type", found.kind);
                let text = format!("cannot use {type_of} as argument {name} {why}");
                return Err(unsound(argument.place, &text));
            }
            self.directives(&argument.directives, "ARGUMENT_DEFINITION", of)?;
        }
        Ok(())
    }

    /// Checks directives at a location; `of` is the one whose argument they are on.
    fn directives(
        &mut self,
        directives: &[Directive],
        location: &str,
        of: Option<&DirectiveDefinition>,
    ) -> Checked<()> {
        for Directive { name, place, .. } in directives {
            self.context.charge_steps(1)?;
            check_name(*place, name)?;
            if of.is_some_and(|of| of.name == *name) {
                let text = format!("Directive {name} cannot refer to itself.");
                return Err(unsound(*place, &text));
            }
            let Some(found) = self.schema.directives.get(name) else {
                return Err(unsound(*place, &format!("Undefined directive {name}.")));
            };
            self.context.charge_steps(found.locations.len() as u64)?;
            if !found.locations.iter().any(|allowed| allowed == location) {
                let text = format!("Directive {name} is not applicable on {location}.");
                return Err(unsound(*place, &text));
            }
        }
        Ok(())
    }

    /// Checks that a type has what an interface of it wants.
    fn implements(&mut self, definition: &Definition, name: &str) -> Checked<()> {
        let quoted = gofmt::quote(name);
        let Some(interface) = self.schema.find(name) else {
            return Err(unsound(definition.place, &format!("Undefined type {quoted}.")));
        };
        if interface.kind != kind::INTERFACE {
            let text = format!("{quoted} is a non interface type {}.", interface.kind);
            return Err(unsound(definition.place, &text));
        }
        let who = format!("For {} to implement {}", definition.name, interface.name);
        for wanted in &interface.fields {
            self.context.charge_steps(definition.fields.len() as u64 + 1)?;
            let Some(found) = definition.field(&wanted.name) else {
                let text = format!("{who} it must have a field called {}.", wanted.name);
                return Err(unsound(definition.place, &text));
            };
            self.implements_field(&who, wanted, found)?;
        }
        self.implements_ancestors(definition, interface)
    }

    fn implements_field(
        &mut self,
        who: &str,
        wanted: &FieldDefinition,
        found: &FieldDefinition,
    ) -> Checked<()> {
        let who = format!("{who} the field {}", wanted.name);
        if !self.is_covariant(&wanted.type_of, &found.type_of)? {
            let text = format!("{who} must have type {}.", wanted.type_of.text());
            return Err(unsound(found.place, &text));
        }
        let looks = (wanted.arguments.len() + 1) * (found.arguments.len() + 1);
        self.context.charge_steps(looks as u64)?;
        for argument in &wanted.arguments {
            let name = &argument.name;
            let who = format!("{who} must have the same arguments but");
            let Some(same) = found.argument(name) else {
                return Err(unsound(found.place, &format!("{who} it is missing {name}.")));
            };
            if !is_compatible(&argument.type_of, &same.type_of) {
                return Err(unsound(same.place, &format!("{who} {name} has the wrong type.")));
            }
        }
        for argument in &found.arguments {
            if wanted.argument(&argument.name).is_none() && argument.is_required() {
                let who = who.replacen("the field", "any additional arguments on", 1);
                let what = "must be optional or have a default value";
                let text = format!("{who} {what} but {} is required.", argument.name);
                return Err(unsound(argument.place, &text));
            }
        }
        Ok(())
    }

    fn implements_ancestors(
        &mut self,
        definition: &Definition,
        interface: &Definition,
    ) -> Checked<()> {
        let looks = interface.interfaces.len() * (definition.interfaces.len() + 1);
        self.context.charge_steps(looks as u64)?;
        let missing = |name: &&String| !definition.interfaces.contains(*name);
        let Some(ancestor) = interface.interfaces.iter().find(missing) else { return Ok(()) };
        let (name, interface) = (&definition.name, &interface.name);
        let text = if *ancestor == *name {
            let why = "because it would create a circular reference.";
            format!("Type {name} cannot implement {interface} {why}")
        } else {
            format!(
                "Type {name} must implement {ancestor} because it is implemented by {interface}."
            )
        };
        Err(unsound(definition.place, &text))
    }

    /// Returns whether a value of the type found may stand where the other is wanted.
    fn is_covariant(&mut self, wanted: &Type, found: &Type) -> Checked<bool> {
        let (mut wanted, mut found) = (wanted, found);
        loop {
            self.context.charge_steps(1)?;
            if wanted.required && !found.required {
                return Ok(false);
            }
            if !wanted.named.is_empty() {
                let possible = self.schema.possible_types(&wanted.named);
                self.context.charge_steps(possible.len() as u64)?;
                return Ok(wanted.named == found.named || possible.contains(&found.named));
            }
            let (Some(a), Some(b)) = (&wanted.element, &found.element) else { return Ok(false) };
            (wanted, found) = (a, b);
        }
    }
}

/// Returns whether a value of a type may be used where the other is expected.
pub(in crate::graphql) fn is_compatible(type_of: &Type, other: &Type) -> bool {
    let (mut type_of, mut other) = (type_of, other);
    loop {
        if type_of.named != other.named || (other.required && !type_of.required) {
            return false;
        }
        match (&type_of.element, &other.element) {
            (Some(a), Some(b)) => (type_of, other) = (a, b),
            (element, _) => return element.is_none(),
        }
    }
}

fn check_name(place: Place, name: &str) -> Checked<()> {
    if name.starts_with("__") {
        let text = "must not begin with \"__\", which is reserved by GraphQL introspection.";
        return Err(unsound(place, &format!("Name \"{name}\" {text}")));
    }
    Ok(())
}
