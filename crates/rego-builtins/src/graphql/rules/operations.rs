//! Rules about operations and their variables.
//!
//! Source: `KnownRootType`, `LoneAnonymousOperation`, `NoUnusedVariables`,
//! `SingleFieldSubscriptions`, `UniqueOperationNames`, `UniqueVariableNames`,
//! `VariablesAreInputTypes`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checked, Definition, Field, Operation, Selection, VariableDefinition, Walk};
use crate::gofmt;

impl<'a> Walk<'a, '_, '_> {
    pub(super) fn check_operation(
        &mut self,
        operation: &'a Operation,
        root: Option<&'a Definition>,
    ) -> Checked<()> {
        let Operation { kind, name, place, .. } = operation;
        if root.is_none() {
            let message = format!("Schema does not support operation type \"{kind}\"");
            self.report(*place, &message)?;
        }
        if name.is_empty() && self.document.operations.len() > 1 {
            let message = "This anonymous operation must be the only defined operation.";
            self.report(*place, message)?;
        }
        self.used_variables(operation)?;
        self.check_overlap(&operation.selections, root)?;
        if kind == "subscription" && root.is_some() {
            self.single_field(operation)?;
        }
        if !self.seen.operations.insert(name) {
            let message = format!("There can be only one operation named \"{name}\".");
            self.report(*place, &message)?;
        }
        self.distinct_variables(operation)?;
        for variable in &operation.variables {
            self.input_variable(variable)?;
        }
        Ok(())
    }

    fn used_variables(&mut self, operation: &'a Operation) -> Checked<()> {
        for variable in &operation.variables {
            let VariableDefinition { name, place, used, .. } = variable;
            // A use is of the first variable of its name.
            let is_first =
                self.variables.get(&**name).is_some_and(|first| std::ptr::eq(*first, variable));
            if *used || (is_first && self.used.contains(&**name)) {
                continue;
            }
            let within = match &*operation.name {
                "" => String::new(),
                name => format!(" in operation \"{name}\""),
            };
            self.report(*place, &format!("Variable \"${name}\" is never used{within}."))?;
        }
        Ok(())
    }

    fn distinct_variables(&mut self, operation: &'a Operation) -> Checked<()> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for VariableDefinition { name, place, .. } in &operation.variables {
            let count = counts.entry(name).or_insert(0);
            *count += 1;
            // The third of a name is not reported again.
            if *count == 2 {
                let message = format!("There can be only one variable named \"${name}\".");
                self.report(*place, &message)?;
            }
        }
        Ok(())
    }

    fn input_variable(&mut self, variable: &VariableDefinition) -> Checked<()> {
        let VariableDefinition { name, type_of, place, .. } = variable;
        let found = self.schema.find(type_of.name());
        if found.is_some_and(|found| !found.is_input()) {
            let text = format!("Variable \"${name}\" cannot be non-input type");
            self.report(*place, &format!("{text} \"{}\".", type_of.text()))?;
        }
        Ok(())
    }

    /// Checks that a subscription has one field, which is none of introspection.
    fn single_field(&mut self, operation: &'a Operation) -> Checked<()> {
        let name = match &*operation.name {
            "" => "Anonymous Subscription".to_string(),
            name => format!("Subscription {}", gofmt::quote(name)),
        };
        let mut fields = Vec::new();
        self.top_fields(&operation.selections, &mut BTreeSet::new(), &mut fields)?;
        let mut names = BTreeSet::new();
        fields.retain(|field| names.insert(&*field.name));
        if let Some(second) = fields.get(1) {
            let message = format!("{name} must select only one top level field.");
            self.report(second.place, &message)?;
        }
        for field in fields.iter().filter(|field| field.name.starts_with("__")) {
            let message = format!("{name} must not select an introspection top level field.");
            self.report(field.place, &message)?;
        }
        Ok(())
    }

    fn top_fields(
        &mut self,
        selections: &'a [Selection],
        visited: &mut BTreeSet<&'a str>,
        fields: &mut Vec<&'a Field>,
    ) -> Checked<()> {
        for selection in selections {
            self.context.charge_steps(1)?;
            match selection {
                Selection::Field(field) => fields.push(field),
                Selection::Inline(inline) => {
                    self.deeper(|walk| walk.top_fields(&inline.selections, visited, fields))?;
                }
                Selection::Spread(spread) => {
                    // What stands behind an unknown fragment is not looked at, as in gqlparser.
                    let Some(fragment) = self.fragments.get(&*spread.name).copied() else {
                        return Ok(());
                    };
                    if visited.insert(&fragment.name) {
                        self.deeper(|walk| walk.top_fields(&fragment.selections, visited, fields))?;
                    }
                }
            }
        }
        Ok(())
    }
}
