//! Schemas that are put together of others.

use super::super::node::{Dependency, Index, Node};
use super::{At, Done, Outcome, Validator};

impl<'v> Validator<'v, '_> {
    pub(super) fn combinations(
        &mut self,
        node: &'v Node,
        at: At<'_>,
        outcome: &mut Outcome,
    ) -> Done {
        self.any_of(node, at, outcome)?;
        self.one_of(node, at, outcome)?;
        self.all_of(node, at, outcome)?;
        if let Some(not) = node.not
            && self.apply_apart(not, at)?.is_valid()
        {
            let text = "Must not validate the schema (not)".to_string();
            self.wrong(outcome, at, "number_not", text)?;
        }
        self.dependencies(node, at, outcome)?;
        self.condition(node, at, outcome)?;
        outcome.score += 1;
        Ok(())
    }

    fn any_of(&mut self, node: &'v Node, at: At<'_>, outcome: &mut Outcome) -> Done {
        let mut closest: Option<Outcome> = None;
        for index in &node.any_of {
            let tried = self.apply_apart(*index, at)?;
            if tried.is_valid() {
                return Ok(());
            }
            closest = closer(closest, tried);
        }
        let Some(closest) = closest else { return Ok(()) };
        let text = "Must validate at least one schema (anyOf)".to_string();
        self.wrong(outcome, at, "number_any_of", text)?;
        outcome.merge(closest);
        Ok(())
    }

    fn one_of(&mut self, node: &'v Node, at: At<'_>, outcome: &mut Outcome) -> Done {
        if node.one_of.is_empty() {
            return Ok(());
        }
        let mut valid = 0;
        let mut closest: Option<Outcome> = None;
        for index in &node.one_of {
            let tried = self.apply_apart(*index, at)?;
            if tried.is_valid() {
                valid += 1;
            } else if valid == 0 {
                closest = closer(closest, tried);
            }
        }
        if valid != 1 {
            let text = "Must validate one and only one schema (oneOf)".to_string();
            self.wrong(outcome, at, "number_one_of", text)?;
        }
        if let Some(closest) = closest.filter(|_| valid == 0) {
            outcome.merge(closest);
        }
        Ok(())
    }

    fn all_of(&mut self, node: &'v Node, at: At<'_>, outcome: &mut Outcome) -> Done {
        let mut all = true;
        for index in &node.all_of {
            let tried = self.apply_apart(*index, at)?;
            all &= tried.is_valid();
            outcome.merge(tried);
        }
        if !all {
            let text = "Must validate all the schemas (allOf)".to_string();
            self.wrong(outcome, at, "number_all_of", text)?;
        }
        Ok(())
    }

    fn dependencies(&mut self, node: &'v Node, at: At<'_>, outcome: &mut Outcome) -> Done {
        let Some(object) = at.value.as_object() else { return Ok(()) };
        for (name, dependency) in &node.object.dependencies {
            self.context.charge_steps(1)?;
            if object.get_str(name).is_none() {
                continue;
            }
            match dependency {
                Dependency::Keys(keys) => {
                    self.context.charge_steps(keys.len() as u64)?;
                    for key in keys.iter().filter(|key| object.get_str(key).is_none()) {
                        let text = format!("Has a dependency on {key}");
                        self.wrong(outcome, at, "missing_dependency", text)?;
                    }
                }
                Dependency::Schema(index) => self.apply(*index, at, outcome)?,
            }
        }
        Ok(())
    }

    fn condition(&mut self, node: &'v Node, at: At<'_>, outcome: &mut Outcome) -> Done {
        let Some(condition) = node.condition else { return Ok(()) };
        let holds = self.apply_apart(condition, at)?.is_valid();
        let (kind, text, index): (_, _, Option<Index>) = if holds {
            ("condition_then", r#"Must validate "then" as "if" was valid"#, node.then)
        } else {
            ("condition_else", r#"Must validate "else" as "if" was not valid"#, node.otherwise)
        };
        let Some(index) = index else { return Ok(()) };
        let tried = self.apply_apart(index, at)?;
        if !tried.is_valid() {
            self.wrong(outcome, at, kind, text.to_string())?;
            outcome.merge(tried);
        }
        Ok(())
    }
}

/// Returns the outcome with the better score; of two that are equal the earlier one.
pub(super) fn closer(best: Option<Outcome>, tried: Outcome) -> Option<Outcome> {
    match best {
        Some(best) if best.score >= tried.score => Some(best),
        _ => Some(tried),
    }
}
