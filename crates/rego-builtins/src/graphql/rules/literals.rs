//! Rules about literals and variables where they are used.
//!
//! Source: `NoUndefinedVariables`, `UniqueInputFieldNames`, `ValuesOfCorrectType`,
//! `VariablesInAllowedPosition`.

use std::collections::BTreeSet;

use super::super::document::{Child, kind};
use super::super::schema::is_compatible;
use super::super::suggest::{did_you_mean, near};
use super::{Checked, Definition, Expected, Literal, LiteralKind, Type, Walk};
use crate::{charge, gofmt};

/// The scalars whose literals are known.
const SCALARS: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

impl<'a> Walk<'a, '_, '_> {
    pub(super) fn check_literal(
        &mut self,
        literal: &'a Literal,
        expected: Expected<'a>,
    ) -> Checked<()> {
        self.context.charge_steps(1)?;
        self.defined(literal)?;
        if literal.kind == LiteralKind::Object {
            self.distinct_children(literal)?;
        }
        if let (Some(type_of), Some(definition)) = (expected.type_of, expected.definition) {
            self.fits(literal, type_of, definition)?;
        }
        self.allowed(literal, expected)
    }

    /// Checks that a variable is one of the operation's.
    fn defined(&mut self, literal: &Literal) -> Checked<()> {
        let Some(operation) = self.operation else { return Ok(()) };
        let is_variable = literal.kind == LiteralKind::Variable;
        if !is_variable || self.variables.contains_key(&*literal.raw) {
            return Ok(());
        }
        let by = match &*operation.name {
            "" => String::new(),
            name => format!(" by operation \"{name}\""),
        };
        self.report(literal.place, &format!("Variable \"${}\" is not defined{by}.", literal.raw))
    }

    fn distinct_children(&mut self, literal: &Literal) -> Checked<()> {
        let mut seen = BTreeSet::new();
        for Child { name, place, .. } in &literal.children {
            if !seen.insert(name) {
                let message = format!("There can be only one input field named \"{name}\".");
                self.report(*place, &message)?;
            }
        }
        Ok(())
    }

    /// Checks that a literal may be a value of a type.
    fn fits(
        &mut self,
        literal: &'a Literal,
        type_of: &'a Type,
        definition: &'a Definition,
    ) -> Checked<()> {
        let is_one_of = |names: &[&str]| names.contains(&&*definition.name);
        if literal.kind == LiteralKind::Null && type_of.required {
            let message = unfit(type_of, &literal.raw);
            self.report(literal.place, &message)?;
        }
        if definition.kind == kind::SCALAR && !is_one_of(&SCALARS) {
            return Ok(());
        }
        if !self.is_readable(literal)? {
            self.unfit(literal, type_of, definition)?;
        }
        let fits = match literal.kind {
            LiteralKind::Null | LiteralKind::Variable => true,
            LiteralKind::List => type_of.element.is_some(),
            LiteralKind::Int => is_one_of(&["Int", "Float", "ID"]),
            LiteralKind::Float => is_one_of(&["Float"]),
            LiteralKind::Boolean => is_one_of(&["Boolean"]),
            LiteralKind::String | LiteralKind::Block if definition.kind == kind::ENUM => {
                return self.text_for_enum(literal, type_of, definition);
            }
            LiteralKind::String | LiteralKind::Block => is_one_of(&["String", "ID"]),
            LiteralKind::Enum if definition.kind == kind::ENUM => {
                return self.enum_value(literal, type_of, definition);
            }
            LiteralKind::Enum => false,
            LiteralKind::Object => return self.object(literal, definition),
        };
        if fits { Ok(()) } else { self.unfit(literal, type_of, definition) }
    }

    fn text_for_enum(
        &mut self,
        literal: &Literal,
        type_of: &Type,
        definition: &Definition,
    ) -> Checked<()> {
        let hint = self.enum_hint(literal, definition)?;
        let what = format!("Enum \"{}\" cannot represent non-enum value", type_of.text());
        let text = gofmt::quote(&literal.raw);
        self.report(literal.place, &format!("{what}: {text}.{hint}"))
    }

    fn enum_value(
        &mut self,
        literal: &Literal,
        type_of: &Type,
        definition: &Definition,
    ) -> Checked<()> {
        self.context.charge_steps(definition.values.len() as u64 / 8 + 1)?;
        if definition.values.iter().any(|value| value.name == literal.raw) {
            return Ok(());
        }
        let hint = self.enum_hint(literal, definition)?;
        let (value, type_of) = (&literal.raw, type_of.text());
        let message = format!("Value \"{value}\" does not exist in \"{type_of}\" enum.{hint}");
        self.report(literal.place, &message)
    }

    fn enum_hint(&mut self, literal: &Literal, definition: &Definition) -> Checked<String> {
        let names = definition.values.iter().map(|value| &*value.name);
        let near = near(self.context, &literal.raw, names)?;
        Ok(did_you_mean("Did you mean the enum value", &near))
    }

    fn object(&mut self, literal: &'a Literal, definition: &'a Definition) -> Checked<()> {
        let name = &definition.name;
        let given: BTreeSet<&str> = literal.children.iter().map(|child| &*child.name).collect();
        self.context.charge_steps((given.len() + definition.fields.len()) as u64)?;
        for field in &definition.fields {
            if field.is_required() && !given.contains(&*field.name) {
                let (field, type_of) = (&field.name, field.type_of.text());
                let what = format!("of required type \"{type_of}\" was not provided.");
                self.report(literal.place, &format!("Field \"{name}.{field}\" {what}"))?;
            }
        }
        for directive in &definition.directives {
            if directive.name == "oneOf" {
                self.one_of(literal, definition)?;
            }
        }
        let known: BTreeSet<&str> = definition.fields.iter().map(|field| &*field.name).collect();
        for child in &literal.children {
            if !known.contains(&*child.name) {
                let names = definition.fields.iter().map(|field| &*field.name);
                let near = near(self.context, &child.name, names)?;
                let hint = did_you_mean("Did you mean", &near);
                let what = format!("is not defined by type \"{name}\".{hint}");
                self.report(child.place, &format!("Field \"{}\" {what}", child.name))?;
            }
        }
        Ok(())
    }

    /// Checks that an object has one field of several.
    fn one_of(&mut self, literal: &'a Literal, definition: &Definition) -> Checked<()> {
        let name = &definition.name;
        let [child] = &*literal.children else {
            let message = format!("OneOf Input Object \"{name}\" must specify exactly one key.");
            return self.report(literal.place, &message);
        };
        let value = &child.value;
        if value.kind == LiteralKind::Null {
            // gqlparser names the first field, whichever was given.
            let field = definition.fields.first().map_or("", |field| &*field.name);
            let message = format!("Field \"{name}.{field}\" must be non-null.");
            return self.report(value.place, &message);
        }
        let is_variable = value.kind == LiteralKind::Variable && self.operation.is_some();
        let variable = self.variables.get(&*value.raw).filter(|_| is_variable).copied();
        if let Some(variable) = variable.filter(|variable| !variable.type_of.required) {
            let what = format!("to be used for OneOf Input Object \"{name}\".");
            let text = format!("Variable \"{}\" must be non-nullable {what}", variable.name);
            self.report(value.place, &text)?;
        }
        Ok(())
    }

    /// Checks that a variable's values fit where it is used.
    fn allowed(&mut self, literal: &Literal, expected: Expected<'a>) -> Checked<()> {
        let (Some(type_of), true) = (expected.type_of, self.operation.is_some()) else {
            return Ok(());
        };
        let is_variable = literal.kind == LiteralKind::Variable;
        let variable = self.variables.get(&*literal.raw).filter(|_| is_variable).copied();
        let Some(variable) = variable else { return Ok(()) };
        // A default stands in for null.
        let default = variable.default.as_ref();
        let never_null = default.is_some_and(|value| value.kind != LiteralKind::Null);
        let mut wanted = type_of.clone();
        wanted.required &= !never_null && !expected.has_default;
        if is_compatible(&variable.type_of, &wanted) {
            return Ok(());
        }
        let (name, given, wanted) = (&variable.name, variable.type_of.text(), type_of.text());
        let what = format!("used in position expecting type \"{wanted}\".");
        self.report(literal.place, &format!("Variable \"${name}\" of type \"{given}\" {what}"))
    }

    /// Returns whether the numbers and booleans in a literal can be read.
    fn is_readable(&mut self, literal: &'a Literal) -> Checked<bool> {
        self.context.charge_steps(1)?;
        match literal.kind {
            LiteralKind::Int => Ok(literal.raw.parse::<i64>().is_ok()),
            LiteralKind::Float => Ok(literal.raw.parse::<f64>().is_ok_and(f64::is_finite)),
            LiteralKind::Boolean => Ok(is_boolean(&literal.raw)),
            LiteralKind::List | LiteralKind::Object => {
                for child in &literal.children {
                    if !self.deeper(|walk| walk.is_readable(&child.value))? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            LiteralKind::Variable if self.operation.is_some() => {
                let variable = self.variables.get(&*literal.raw).copied();
                match variable.and_then(|variable| variable.default.as_ref()) {
                    Some(default) => self.deeper(|walk| walk.is_readable(default)),
                    None => Ok(true),
                }
            }
            _ => Ok(true),
        }
    }

    /// Reports that a literal cannot be a value of a type.
    fn unfit(&mut self, literal: &Literal, type_of: &Type, definition: &Definition) -> Checked<()> {
        let value = self.shown(literal)?;
        let name = type_of.text();
        let text = match &*name {
            "Int" | "Int!" if is_large_integer(&literal.raw) => {
                "Int cannot represent non 32-bit signed integer value"
            }
            "Int" | "Int!" => "Int cannot represent non-integer value",
            "String" | "String!" | "[String]" => "String cannot represent a non string value",
            "Boolean" | "Boolean!" => "Boolean cannot represent a non boolean value",
            "Float" | "Float!" => "Float cannot represent non numeric value",
            "ID" | "ID!" => "ID cannot represent a non-string and non-integer value",
            name if definition.kind == kind::ENUM => {
                let text = format!("Enum \"{name}\" cannot represent non-enum value: {value}.");
                return self.report(literal.place, &text);
            }
            _ => return self.report(literal.place, &unfit(type_of, &value)),
        };
        self.report(literal.place, &format!("{text}: {value}"))
    }

    /// Returns a literal as errors show it.
    fn shown(&mut self, literal: &Literal) -> Checked<String> {
        charge::make(self.context, literal.raw.len())?;
        let mut parts = Vec::new();
        for child in &literal.children {
            let value = self.deeper(|walk| walk.shown(&child.value))?;
            charge::make(self.context, value.len() + child.name.len())?;
            let is_list = literal.kind == LiteralKind::List;
            parts.push(if is_list { value } else { format!("{}:{value}", child.name) });
        }
        Ok(match literal.kind {
            LiteralKind::Variable => format!("${}", literal.raw),
            LiteralKind::String | LiteralKind::Block => gofmt::quote(&literal.raw),
            LiteralKind::List => format!("[{}]", parts.join(",")),
            LiteralKind::Object => format!("{{{}}}", parts.join(",")),
            _ => literal.raw.clone(),
        })
    }
}

fn unfit(type_of: &Type, value: &str) -> String {
    format!("Expected value of type \"{}\", found {value}.", type_of.text())
}

/// Returns whether it is an integer that 32 bits cannot hold.
fn is_large_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_integer && text.parse::<i32>().is_err()
}

/// Returns whether Go reads it as a boolean.
fn is_boolean(text: &str) -> bool {
    let (yes, no) =
        (["1", "t", "T", "true", "TRUE", "True"], ["0", "f", "F", "false", "FALSE", "False"]);
    yes.contains(&text) || no.contains(&text)
}
