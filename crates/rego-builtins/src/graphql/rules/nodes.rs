//! Rules about fields and directives, and their arguments.
//!
//! Source: `FieldsOnCorrectType`, `KnownArgumentNames`, `KnownDirectives`,
//! `ProvidedRequiredArguments`, `ScalarLeafs`, `UniqueArgumentNames`, `UniqueDirectivesPerLocation`.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use super::super::document::{DirectiveDefinition, kind};
use super::super::suggest::{did_you_mean, near, quoted};
use super::{Argument, Checked, Definition, Directive, Field, FieldDefinition, Place, Walk};

impl<'a> Walk<'a, '_, '_> {
    pub(super) fn check_field(
        &mut self,
        field: &'a Field,
        parent: Option<&'a Definition>,
        definition: Option<&'a FieldDefinition>,
    ) -> Checked<()> {
        let name = &field.name;
        if let (Some(parent), None) = (parent, definition) {
            self.unknown_field(field, parent)?;
        }
        if let (Some(parent), Some(definition)) = (parent, definition) {
            let owner = format!("field \"{}.{name}\"", parent.name);
            let arguments = field.arguments.iter();
            self.known_arguments(&owner, field.place, arguments, &definition.arguments)?;
        }
        self.introspection_depth(field)?;
        if self.operation.is_some() {
            let next = self.type_of_field(definition);
            self.check_overlap(&field.selections, next)?;
        }
        if let Some(definition) = definition {
            let owner = format!("Field \"{name}\"");
            let arguments = field.arguments.iter();
            self.required_arguments(&owner, field.place, arguments, &definition.arguments)?;
            self.leaf(field, definition)?;
        }
        self.unique_arguments(field.arguments.iter())
    }

    fn unknown_field(&mut self, field: &Field, parent: &'a Definition) -> Checked<()> {
        let name = &field.name;
        let mut message = format!("Cannot query field \"{name}\" on type \"{}\".", parent.name);
        let types = self.types_with(parent, name)?;
        if !types.is_empty() {
            let hint = "Did you mean to use an inline fragment on";
            message += &format!(" {hint} {}?", quoted(&types));
        } else if [kind::OBJECT, kind::INTERFACE].contains(&&*parent.kind) {
            let names = parent.fields.iter().map(|field| &*field.name);
            message += &did_you_mean("Did you mean", &near(self.context, name, names)?);
        }
        self.report(field.place, &message)
    }

    /// Returns those of an abstract type's possible types, and their interfaces, that have a field:
    /// interfaces that more of them implement first, then by name.
    fn types_with(&mut self, parent: &'a Definition, name: &str) -> Checked<Vec<&'a str>> {
        if !parent.is_abstract() {
            return Ok(Vec::new());
        }
        let mut found: BTreeMap<&'a str, usize> = BTreeMap::new();
        for possible in self.schema.possible_types(&parent.name) {
            self.context.charge_steps(1)?;
            let Some(possible) = self.schema.find(possible) else { continue };
            if self.field_of_type(possible, name)?.is_none() {
                continue;
            }
            found.entry(&possible.name).or_insert(0);
            for interface in &possible.interfaces {
                let Some(interface) = self.schema.find(interface) else { continue };
                if self.field_of_type(interface, name)?.is_some() {
                    *found.entry(&interface.name).or_insert(0) += 1;
                }
            }
        }
        let mut names: Vec<(&'a str, usize)> = found.into_iter().collect();
        names.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Ok(names.into_iter().map(|(name, _)| name).collect())
    }

    /// Returns a field that a definition has itself.
    fn field_of_type(
        &mut self,
        definition: &'a Definition,
        name: &str,
    ) -> Checked<Option<&'a FieldDefinition>> {
        self.context.charge_steps(definition.fields.len() as u64 / 8 + 1)?;
        Ok(definition.field(name))
    }

    fn leaf(&mut self, field: &Field, definition: &FieldDefinition) -> Checked<()> {
        let name = &field.name;
        let Some(found) = self.type_of_field(Some(definition)) else { return Ok(()) };
        match (found.is_leaf(), field.selections.is_empty()) {
            (true, false) => {
                let why = format!("since type \"{}\" has no subfields.", found.name);
                let message = format!("Field \"{name}\" must not have a selection {why}");
                self.report(field.place, &message)
            }
            (false, true) => {
                let type_of = definition.type_of.text();
                let what = "must have a selection of subfields.";
                let hint = format!("Did you mean \"{name} {{ ... }}\"?");
                let message = format!("Field \"{name}\" of type \"{type_of}\" {what} {hint}");
                self.report(field.place, &message)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn check_directive(
        &mut self,
        directive: &'a Directive,
        definition: Option<&'a DirectiveDefinition>,
        location: &str,
    ) -> Checked<()> {
        let Directive { name, place, .. } = directive;
        let arguments = || directive.arguments.iter().map(|argument| &**argument);
        if let Some(definition) = definition {
            let owner = format!("directive \"@{name}\"");
            self.known_arguments(&owner, *place, arguments(), &definition.arguments)?;
        }
        match definition {
            None => self.report(*place, &format!("Unknown directive \"@{name}\"."))?,
            Some(definition) => {
                self.context.charge_steps(definition.locations.len() as u64)?;
                let fits = definition.locations.iter().any(|allowed| allowed == location);
                // A place is reported once, however often fragments lead there.
                let is_new = |walk: &mut Self| {
                    place.is_none_or(|place| walk.seen.misplaced.insert((name, place)))
                };
                if !fits && is_new(self) {
                    let message = format!("Directive \"@{name}\" may not be used on {location}.");
                    self.report(*place, &message)?;
                }
                let owner = format!("Directive \"@{}\"", definition.name);
                self.required_arguments(&owner, *place, arguments(), &definition.arguments)?;
            }
        }
        self.unique_arguments(arguments())
    }

    pub(super) fn check_directive_list(&mut self, directives: &'a [Directive]) -> Checked<()> {
        let mut seen = BTreeSet::new();
        for Directive { name, place, .. } in directives {
            self.context.charge_steps(1)?;
            // gqlparser takes the name for what makes a directive repeatable.
            if !seen.insert(name) && name != "repeatable" {
                let what = "can only be used once at this location.";
                self.report(*place, &format!("The directive \"@{name}\" {what}"))?;
            }
        }
        Ok(())
    }

    fn known_arguments<'n>(
        &mut self,
        owner: &str,
        place: Place,
        arguments: impl Iterator<Item = &'n Argument>,
        definitions: &[FieldDefinition],
    ) -> Checked<()> {
        for Argument { name, .. } in arguments {
            self.context.charge_steps(definitions.len() as u64 / 8 + 1)?;
            if definitions.iter().any(|definition| definition.name == *name) {
                continue;
            }
            let names = definitions.iter().map(|definition| &*definition.name);
            let hint = did_you_mean("Did you mean", &near(self.context, name, names)?);
            self.report(place, &format!("Unknown argument \"{name}\" on {owner}.{hint}"))?;
        }
        Ok(())
    }

    fn required_arguments<'n>(
        &mut self,
        owner: &str,
        place: Place,
        arguments: impl Iterator<Item = &'n Argument>,
        definitions: &[FieldDefinition],
    ) -> Checked<()> {
        let given: BTreeSet<&str> = arguments.map(|argument| &*argument.name).collect();
        self.context.charge_steps((given.len() + definitions.len()) as u64)?;
        for definition in definitions {
            let FieldDefinition { name, type_of, .. } = definition;
            if definition.is_required() && !given.contains(name.as_str()) {
                let what = format!("argument \"{name}\" of type \"{}\"", type_of.text());
                let message = format!("{owner} {what} is required, but it was not provided.");
                self.report(place, &message)?;
            }
        }
        Ok(())
    }

    fn unique_arguments<A: Borrow<Argument>>(
        &mut self,
        arguments: impl Iterator<Item = A>,
    ) -> Checked<()> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for argument in arguments {
            self.context.charge_steps(1)?;
            let Argument { name, place, .. } = argument.borrow();
            let count = counts.entry(name.clone()).or_insert(0);
            *count += 1;
            // The third of a name is not reported again.
            if *count == 2 {
                let message = format!("There can be only one argument named \"{name}\".");
                self.report(*place, &message)?;
            }
        }
        Ok(())
    }
}
