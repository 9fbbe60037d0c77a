//! The types of rules, put together from those of their definitions.
//!
//! Must not know: statements and terms.
//!
//! Source: OPA `v1/ast/check.go` (`checkRule`), `v1/ast/env.go` (`Insert`).

use std::sync::Arc;

use super::check::Checker;
use super::declared::Signature;
use super::relate::Relate;
use super::ty::Ty;
use crate::definition::Draft;
use crate::safety::{MADE_UP, all_in_term};
use crate::tree::{Body, Definition, RuleId, RuleKind, Term};

/// The types of rules, by number.
#[derive(Debug, Default)]
pub struct RuleTypes {
    known: Vec<Known>,
    /// Whether there is a rule of which something is known.
    any: bool,
    /// What a schema says of `input`.
    input: Option<Ty>,
}

/// What is known of a rule.
#[derive(Clone, Debug, Default)]
enum Known {
    /// None of its definitions was seen yet.
    #[default]
    Nothing,
    Value(Ty),
    Function(Arc<Signature>),
    /// A definition is in error, or its definitions are of different shapes.
    Open,
}

/// What one branch of a definition says of its rule.
pub(super) enum Said {
    Value(Ty),
    Function(Signature),
    Open,
}

impl RuleTypes {
    /// Returns the types of so many rules, of which nothing is known yet but those that will never
    /// have one type.
    pub(super) fn new(drafts: &[Draft], count: usize) -> Self {
        let mut all = Self { known: vec![Known::Nothing; count], any: false, input: None };
        for draft in drafts {
            let Definition { keys, contains, .. } = &draft.definition;
            if *contains && !keys.is_empty() {
                all.set(draft.rule, Known::Open);
            }
        }
        all
    }

    /// Returns the type of `input`, where a schema has one.
    pub(super) fn input(&self) -> Option<Ty> {
        self.input.clone()
    }

    /// Keeps the type of `input`, for queries.
    pub(super) fn set_input(&mut self, input: Option<Ty>) {
        self.input = input;
    }

    /// Whether something is known of any rule.
    pub(super) fn any_known(&self) -> bool {
        self.any
    }

    /// Returns the type of a rule's value, if it is known.
    pub(super) fn value(&self, rule: RuleId) -> Option<&Ty> {
        match self.known.get(rule.0 as usize) {
            Some(Known::Value(ty)) => Some(ty),
            _ => None,
        }
    }

    /// Returns the types of a function, if they are known.
    pub(super) fn signature(&self, rule: RuleId) -> Option<Arc<Signature>> {
        match self.known.get(rule.0 as usize) {
            Some(Known::Function(signature)) => Some(Arc::clone(signature)),
            _ => None,
        }
    }

    /// Adds what the branches of a definition say.
    pub(super) fn add(&mut self, rule: RuleId, said: Vec<Said>, relate: &Relate) {
        self.any |= !said.is_empty();
        for said in said {
            let Some(known) = self.known.get_mut(rule.0 as usize) else { return };
            let after = match (std::mem::take(known), said) {
                (Known::Nothing, Said::Value(ty)) => Known::Value(ty),
                (Known::Value(old), Said::Value(new)) => Known::Value(relate.merge(&old, &new)),
                (Known::Nothing, Said::Function(new)) => Known::Function(Arc::new(new)),
                (Known::Function(old), Said::Function(new)) if old.args.len() == new.args.len() => {
                    let args = old.args.iter().zip(&new.args);
                    Known::Function(Arc::new(Signature {
                        args: args.map(|(old, new)| relate.or(old, new)).collect(),
                        result: relate.or(&old.result, &new.result),
                    }))
                }
                _ => Known::Open,
            };
            *known = after;
        }
    }

    fn set(&mut self, rule: RuleId, to: Known) {
        if let Some(known) = self.known.get_mut(rule.0 as usize) {
            *known = to;
        }
    }
}

/// Checks the branches of a definition, and returns what each one says.
pub(super) fn of_draft(
    draft: &Draft,
    kind: Option<RuleKind>,
    checker: &mut Checker<'_>,
) -> Vec<Said> {
    let first = &draft.definition;
    let branches = std::iter::successors(Some(first), |definition| definition.els.as_deref());
    let of_branch = |branch: &Definition| {
        let errors = checker.found.len();
        checker.locals.clear(is_reordered(&branch.body));
        checker.body(&branch.body);
        let said = of_branch(branch, first, kind, checker);
        if checker.found.len() > errors { Said::Open } else { said }
    };
    branches.map(of_branch).collect()
}

fn of_branch(
    branch: &Definition,
    first: &Definition,
    kind: Option<RuleKind>,
    checker: &mut Checker<'_>,
) -> Said {
    let keys: Vec<Ty> = branch.keys.iter().map(|key| checker.head_type(key)).collect();
    let value = checker.head_type(&branch.value);
    match kind {
        Some(RuleKind::Complete) => Said::Value(value),
        Some(RuleKind::PartialSet) => Said::Value(Ty::set(value)),
        Some(RuleKind::PartialObject) if branch.keys.is_empty() => Said::Open,
        Some(RuleKind::PartialObject) => {
            let nested = |inner, key| Ty::object(Vec::new(), Some((key, inner)));
            Said::Value(keys.into_iter().rev().fold(value, nested))
        }
        Some(RuleKind::Function { .. }) => {
            let args = first.args.iter().map(|arg| of_parameter(arg, checker)).collect();
            Said::Function(Signature { args, result: value })
        }
        None => Said::Open,
    }
}

/// Whether statements stand in another order than in the text. Then what a head computes may have
/// come before some of them in OPA, where here it comes last; and the first use of a parameter
/// decides on its type.
fn is_reordered(body: &Body) -> bool {
    let written = body.exprs.iter().map(|expr| expr.index).filter(|index| *index != MADE_UP);
    !written.is_sorted()
}

/// A parameter that the body says nothing of can be anything.
fn of_parameter(arg: &Term, checker: &mut Checker<'_>) -> Ty {
    let mut locals = Vec::new();
    all_in_term(arg, &mut |local| locals.push(local));
    for local in locals {
        let own = checker.locals.get(local).cloned();
        let uses: Vec<Ty> = checker.locals.uses_of(local).to_vec();
        let ty = own.and_then(|own| checker.relate.or_all(uses.into_iter().chain([own])));
        checker.locals.set(local, ty.unwrap_or(Ty::Any));
    }
    checker.head_type(arg)
}
