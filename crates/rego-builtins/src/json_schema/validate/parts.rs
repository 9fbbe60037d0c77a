//! What is demanded of values by their type.

use std::collections::BTreeMap;

use rego_value::{Number, ObjectRef, Value};

use super::super::decimal;
use super::super::node::{Additional, Bounds, Items, Node};
use super::super::problem::Path;
use super::super::{canonical, format};
use super::combine::closer;
use super::{At, Done, Outcome, Validator};
use crate::charge;
use crate::pattern::Pattern;

/// How many digits of a number one step divides by another's.
const DIGITS_PER_STEP: u64 = 64;

/// Returns whether a count is below the least, and above the most.
fn outside(bounds: &Bounds, count: usize) -> (Option<i64>, Option<i64>) {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    (bounds.min.filter(|min| count < *min), bounds.max.filter(|max| count > *max))
}

impl<'v> Validator<'v, '_> {
    /// Constants, enumerations and formats.
    pub(super) fn common(&mut self, node: &'v Node, at: At<'_>, outcome: &mut Outcome) -> Done {
        if node.constant.is_some() || node.values.is_some() {
            let text = canonical::text(self.context, at.value)?;
            if let Some(allowed) = node.constant.as_ref().filter(|allowed| **allowed != text) {
                let text = format!("{} does not match: {allowed}", at.path.field());
                self.wrong(outcome, at, "const", text)?;
            }
            if let Some(values) = &node.values {
                self.context.charge_steps(values.len() as u64)?;
                if !values.contains(&text) {
                    let allowed: usize = values.iter().map(|value| value.len() + 2).sum();
                    charge::make(self.context, allowed)?;
                    let allowed = values.join(", ");
                    let allowed = if values.is_empty() { "(none)" } else { &allowed };
                    let field = at.path.field();
                    let text = format!("{field} must be one of the following: {allowed}");
                    self.wrong(outcome, at, "enum", text)?;
                }
            }
        }
        if let Some(text) = at.value.as_str().filter(|_| !node.text.format.is_empty()) {
            charge::make(self.context, 2 * text.len())?;
            let format = node.text.format.as_str();
            if !format::follows(self.context, format, text)? {
                let text = format!("Does not match format '{format}'");
                self.wrong(outcome, at, "format", text)?;
            }
        }
        outcome.score += 1;
        Ok(())
    }

    pub(super) fn number(&mut self, node: &'v Node, at: At<'_>, outcome: &mut Outcome) -> Done {
        let numbers = &node.numbers;
        let shown = |value: &Value| {
            value.as_number().map_or_else(String::new, |number| decimal::shown(&number))
        };
        if let Some(of) = &numbers.multiple_of {
            let pair = at.value.as_number().zip(of.as_number());
            let digits = |number: &Number| number.text().len() as u64 / DIGITS_PER_STEP + 1;
            if let Some((number, of)) = pair {
                let work = digits(&number).max(digits(&of));
                self.context.charge_steps(work.saturating_mul(work))?;
                if !decimal::is_multiple(&number, &of) {
                    let text = format!("Must be a multiple of {}", decimal::shown(&of));
                    self.wrong(outcome, at, "multiple_of", text)?;
                }
            }
        }
        if let Some(max) = numbers.maximum.as_ref().filter(|max| at.value > *max) {
            let text = format!("Must be less than or equal to {}", shown(max));
            self.wrong(outcome, at, "number_lte", text)?;
        }
        if let Some(max) = numbers.exclusive_maximum.as_ref().filter(|max| at.value >= *max) {
            let text = format!("Must be less than {}", shown(max));
            self.wrong(outcome, at, "number_lt", text)?;
        }
        if let Some(min) = numbers.minimum.as_ref().filter(|min| at.value < *min) {
            let text = format!("Must be greater than or equal to {}", shown(min));
            self.wrong(outcome, at, "number_gte", text)?;
        }
        if let Some(min) = numbers.exclusive_minimum.as_ref().filter(|min| at.value <= *min) {
            let text = format!("Must be greater than {}", shown(min));
            self.wrong(outcome, at, "number_gt", text)?;
        }
        outcome.score += 1;
        Ok(())
    }

    pub(super) fn text(
        &mut self,
        node: &'v Node,
        at: At<'_>,
        text: &str,
        outcome: &mut Outcome,
    ) -> Done {
        charge::scan(self.context, text.len())?;
        let (short_of, more_than) = outside(&node.text.length, text.chars().count());
        if let Some(min) = short_of {
            let text = format!("String length must be greater than or equal to {min}");
            self.wrong(outcome, at, "string_gte", text)?;
        }
        if let Some(max) = more_than {
            let text = format!("String length must be less than or equal to {max}");
            self.wrong(outcome, at, "string_lte", text)?;
        }
        if let Some(pattern) = &node.text.pattern
            && !Pattern::of(self.context, pattern)?.is_match(self.context, text)?
        {
            let text = format!("Does not match pattern '{pattern}'");
            self.wrong(outcome, at, "pattern", text)?;
        }
        outcome.score += 1;
        Ok(())
    }

    pub(super) fn array(
        &mut self,
        node: &'v Node,
        at: At<'_>,
        items: &[Value],
        outcome: &mut Outcome,
    ) -> Done {
        self.items(node, at, items, outcome)?;
        let (short_of, more_than) = outside(&node.array.length, items.len());
        if let Some(min) = short_of {
            let text = format!("Array must have at least {min} items");
            self.wrong(outcome, at, "array_min_items", text)?;
        }
        if let Some(max) = more_than {
            let text = format!("Array must have at most {max} items");
            self.wrong(outcome, at, "array_max_items", text)?;
        }
        if node.array.unique {
            let mut seen = BTreeMap::new();
            for (index, value) in items.iter().enumerate() {
                let text = canonical::text(self.context, value)?;
                if let Some(earlier) = seen.insert(text, index) {
                    let text = format!("array items[{earlier},{index}] must be unique");
                    self.wrong(outcome, at, "unique", text)?;
                }
            }
        }
        self.contains(node, at, items, outcome)?;
        outcome.score += 1;
        Ok(())
    }

    fn items(
        &mut self,
        node: &'v Node,
        at: At<'_>,
        items: &[Value],
        outcome: &mut Outcome,
    ) -> Done {
        let first: &[usize] = match &node.array.items {
            Items::Any => return Ok(()),
            Items::All(index) => std::slice::from_ref(index),
            Items::Each(first) => first,
        };
        let for_all = matches!(node.array.items, Items::All(_));
        let more = !for_all && !first.is_empty() && items.len() > first.len();
        for (place, value) in items.iter().enumerate() {
            let index = match (first.get(place), &node.array.additional) {
                _ if for_all => first.first(),
                (Some(index), _) => Some(index),
                (None, Additional::Like(index)) if more => Some(index),
                (None, _) => None,
            };
            let Some(index) = index else { break };
            let path = Path::At(at.path, place);
            let tried = self.apply_apart(*index, At { value, path: &path })?;
            outcome.merge(tried);
        }
        if more && matches!(node.array.additional, Additional::Nothing) {
            let text = "No additional items allowed on array".to_string();
            self.wrong(outcome, at, "array_no_additional_items", text)?;
        }
        Ok(())
    }

    fn contains(
        &mut self,
        node: &'v Node,
        at: At<'_>,
        items: &[Value],
        outcome: &mut Outcome,
    ) -> Done {
        let Some(index) = node.array.contains else { return Ok(()) };
        let mut closest: Option<Outcome> = None;
        for (place, value) in items.iter().enumerate() {
            let path = Path::At(at.path, place);
            let tried = self.apply_apart(index, At { value, path: &path })?;
            if tried.is_valid() {
                return Ok(());
            }
            closest = closer(closest, tried);
        }
        let text = "At least one of the items must match".to_string();
        self.wrong(outcome, at, "contains", text)?;
        if let Some(closest) = closest {
            outcome.merge(closest);
        }
        Ok(())
    }

    pub(super) fn object(
        &mut self,
        node: &'v Node,
        at: At<'_>,
        object: ObjectRef<'_>,
        outcome: &mut Outcome,
    ) -> Done {
        let (short_of, more_than) = outside(&node.object.length, object.len());
        if let Some(min) = short_of {
            let text = format!("Must have at least {min} properties");
            self.wrong(outcome, at, "array_min_properties", text)?;
        }
        if let Some(max) = more_than {
            let text = format!("Must have at most {max} properties");
            self.wrong(outcome, at, "array_max_properties", text)?;
        }
        for name in &node.object.required {
            self.context.charge_steps(1)?;
            if object.get_str(name).is_some() {
                outcome.score += 1;
            } else {
                self.wrong(outcome, at, "required", format!("{name} is required"))?;
            }
        }
        for (name, value) in object.iter() {
            let name = name.as_str().unwrap_or_default();
            self.property(node, at, (name, value), outcome)?;
        }
        if let Some(index) = node.object.names {
            for name in object.keys().iter() {
                let tried = self.apply_apart(index, At { value: name, path: at.path })?;
                if !tried.is_valid() {
                    let name = name.as_str().unwrap_or_default();
                    let text = format!("Property name of \"{name}\" does not match");
                    self.wrong(outcome, at, "invalid_property_name", text)?;
                    outcome.merge(tried);
                }
            }
        }
        outcome.score += 1;
        Ok(())
    }

    /// Applies what a property's name matches, or what holds for all others.
    fn property(
        &mut self,
        node: &'v Node,
        at: At<'_>,
        (name, value): (&str, &Value),
        outcome: &mut Outcome,
    ) -> Done {
        self.context.charge_steps(1)?;
        let path = Path::Key(at.path, name);
        let inner = At { value, path: &path };
        let mut matched = false;
        for (pattern, index) in &node.object.patterns {
            if Pattern::of(self.context, pattern)?.is_match(self.context, name)? {
                matched = true;
                let tried = self.apply_apart(*index, inner)?;
                outcome.merge(tried);
            }
        }
        outcome.score += i64::from(matched);
        if matched || node.object.properties.contains_key(name) {
            return Ok(());
        }
        match &node.object.additional {
            Additional::Any => {}
            Additional::Nothing => {
                let text = format!("Additional property {name} is not allowed");
                self.wrong(outcome, at, "additional_property_not_allowed", text)?;
            }
            Additional::Like(index) => {
                let tried = self.apply_apart(*index, inner)?;
                outcome.merge(tried);
            }
        }
        Ok(())
    }
}
