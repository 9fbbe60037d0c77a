//! Rules about fragments.
//!
//! Source: `FragmentsOnCompositeTypes`, `KnownFragmentNames`, `KnownTypeNames`, `NoFragmentCycles`,
//! `NoUnusedFragments`, `PossibleFragmentSpreads`, `UniqueFragmentNames`.

use std::collections::{BTreeMap, BTreeSet};

use super::super::document::kind;
use super::super::suggest::{did_you_mean, near};
use super::{Checked, Definition, Fragment, Inline, Selection, Spread, Walk};

impl<'a> Walk<'a, '_, '_> {
    pub(super) fn check_inline(
        &mut self,
        inline: &'a Inline,
        parent: Option<&'a Definition>,
        next: Option<&'a Definition>,
    ) -> Checked<()> {
        let Inline { condition, place, .. } = inline;
        let found = self.schema.find(condition);
        if found.is_some_and(|found| !found.is_composite()) {
            let text = "Fragment cannot condition on non composite type";
            self.report(*place, &format!("{text} \"{condition}\"."))?;
        }
        if found.is_none() && !condition.is_empty() {
            self.report(*place, &format!("Unknown type \"{condition}\"."))?;
        }
        self.check_overlap(&inline.selections, next)?;
        if let Some(parent) = parent
            && !self.may_be(parent, condition)?
        {
            let text = never("Fragment", parent, condition);
            self.report(*place, &text)?;
        }
        Ok(())
    }

    pub(super) fn check_spread(
        &mut self,
        spread: &'a Spread,
        fragment: Option<&'a Fragment>,
        parent: Option<&'a Definition>,
    ) -> Checked<()> {
        let Spread { name, place, .. } = spread;
        if fragment.is_none() {
            self.report(*place, &format!("Unknown fragment \"{name}\"."))?;
        }
        if !self.seen.in_fragments {
            self.seen.spreads.insert(name);
        }
        if let (Some(fragment), Some(parent)) = (fragment, parent)
            && !self.may_be(parent, &fragment.condition)?
        {
            let text = never(&format!("Fragment \"{name}\""), parent, &fragment.condition);
            self.report(*place, &text)?;
        }
        Ok(())
    }

    pub(super) fn check_fragment(
        &mut self,
        fragment: &'a Fragment,
        found: Option<&'a Definition>,
    ) -> Checked<()> {
        let Fragment { name, condition, place, .. } = fragment;
        if !condition.is_empty() && found.is_some_and(|found| !found.is_composite()) {
            let text = "cannot condition on non composite type";
            self.report(*place, &format!("Fragment \"{name}\" {text} \"{condition}\"."))?;
        }
        if found.is_none() {
            let names = self.schema.types.keys().map(String::as_str);
            let hint = did_you_mean("Did you mean", &near(self.context, condition, names)?);
            self.report(*place, &format!("Unknown type \"{condition}\".{hint}"))?;
        }
        self.trace(fragment, &mut Trail::default())?;
        self.seen.in_fragments = true;
        if !self.seen.spreads.contains(name.as_str()) {
            self.report(*place, &format!("Fragment \"{name}\" is never used."))?;
        }
        self.check_overlap(&fragment.selections, found)?;
        if !self.seen.fragments.insert(name) {
            let message = format!("There can be only one fragment named \"{name}\".");
            self.report(*place, &message)?;
        }
        Ok(())
    }

    /// Returns whether an object of a type may be of the other, as far as that is known.
    fn may_be(&mut self, parent: &'a Definition, other: &str) -> Checked<bool> {
        let Some(other) = self.schema.find(other) else { return Ok(true) };
        if !parent.is_composite() || !other.is_composite() {
            return Ok(true);
        }
        let others = self.schema.possible_types(&other.name);
        self.context.charge_steps(others.len() as u64)?;
        if parent.kind == kind::OBJECT {
            return Ok(others.contains(&parent.name));
        }
        let parents = self.schema.possible_types(&parent.name);
        self.context.charge_steps(parents.len() as u64)?;
        let others: BTreeSet<&String> = others.iter().collect();
        Ok(parents.iter().any(|parent| others.contains(parent)))
    }

    /// Follows the spreads of a fragment, to those that lead back.
    fn trace(&mut self, fragment: &'a Fragment, trail: &mut Trail<'a>) -> Checked<()> {
        let name = &*fragment.name;
        if !self.seen.traced.insert(name) {
            return Ok(());
        }
        let spreads = self.spreads(&fragment.selections)?;
        if spreads.is_empty() {
            return Ok(());
        }
        trail.starts.insert(name, trail.path.len());
        for spread in spreads {
            trail.path.push(&spread.name);
            match trail.starts.get(&*spread.name).copied() {
                None => {
                    if let Some(next) = self.fragments.get(&*spread.name).copied() {
                        self.deeper(|walk| walk.trace(next, trail))?;
                    }
                }
                Some(start) => {
                    let between = trail.path.get(start..trail.path.len() - 1).unwrap_or_default();
                    self.context.charge_steps(between.len() as u64)?;
                    let names: Vec<_> = between.iter().map(|name| format!("\"{name}\"")).collect();
                    let names = names.join(", ");
                    let via = if names.is_empty() { names } else { format!(" via {names}") };
                    let text = format!("Cannot spread fragment \"{}\" within itself", spread.name);
                    self.report(spread.place, &format!("{text}{via}."))?;
                }
            }
            trail.path.pop();
        }
        trail.starts.remove(name);
        Ok(())
    }

    /// Returns the spreads anywhere in a selection set, those of the last subset first.
    fn spreads(&mut self, selections: &'a [Selection]) -> Checked<Vec<&'a Spread>> {
        let mut spreads = Vec::new();
        let mut waiting = vec![selections];
        while let Some(selections) = waiting.pop() {
            for selection in selections {
                self.context.charge_steps(1)?;
                match selection {
                    Selection::Spread(spread) => spreads.push(spread),
                    Selection::Field(field) => waiting.push(&field.selections),
                    Selection::Inline(inline) => waiting.push(&inline.selections),
                }
            }
        }
        Ok(spreads)
    }
}

/// The way from a fragment through spreads.
#[derive(Default)]
struct Trail<'a> {
    path: Vec<&'a str>,
    /// How long the path was where a fragment on it began.
    starts: BTreeMap<&'a str, usize>,
}

fn never(what: &str, parent: &Definition, condition: &str) -> String {
    let parent = &parent.name;
    let why = format!("as objects of type \"{parent}\" can never be of type \"{condition}\".");
    format!("{what} cannot be spread here {why}")
}
