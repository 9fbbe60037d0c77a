//! Which variables a term or a statement mentions, and which it makes safe.
//!
//! Source: OPA `v1/ast/compile.go` (`outputVars…`) and `unify.go`.
//!
//! Must not know: what names mean.

use std::collections::BTreeSet;

use rego_syntax::ast::Text;

use super::node::{Body, Expr, Term, Terms, With};

/// Names of variables.
pub(super) type Vars = BTreeSet<Text>;

/// What is safe: in the body at hand, and in those around it. The outer ones are not copied, since
/// there may be many bodies below one.
#[derive(Debug, Default)]
pub(super) struct Known<'k> {
    pub(super) outer: Option<&'k Known<'k>>,
    pub(super) names: Vars,
}

impl Known<'_> {
    /// Whether a name is safe.
    pub(super) fn contains(&self, name: &Text) -> bool {
        let mut next = Some(self);
        while let Some(known) = next {
            if known.names.contains(name) {
                return true;
            }
            next = known.outer;
        }
        false
    }

    /// Whether all names are safe.
    pub(super) fn contains_all(&self, names: &Vars) -> bool {
        names.iter().all(|name| self.contains(name))
    }

    /// Returns the names that are not safe yet.
    fn missing(&self, mut names: Vars) -> Vars {
        names.retain(|name| !self.contains(name));
        names
    }
}

/// How many operands a function takes, by its dotted name.
pub(super) type Arity<'a> = &'a dyn Fn(&str) -> Option<usize>;

/// Adds the variables of a term; those of comprehensions are their own.
pub(super) fn of_term(term: &Term, vars: &mut Vars) {
    match term {
        Term::Var(name) => {
            vars.insert(name.clone());
        }
        Term::Call(terms) => terms.iter().skip(1).for_each(|term| of_term(term, vars)),
        _ => term.parts().into_iter().for_each(|term| of_term(term, vars)),
    }
}

/// Adds the variables of a statement; those of closures are their own.
pub(super) fn of_expr(expr: &Expr, vars: &mut Vars) {
    match &expr.terms {
        Terms::Term(term) => of_term(term, vars),
        Terms::Call(terms) => terms.iter().skip(1).for_each(|term| of_term(term, vars)),
        Terms::Some(terms) => terms.iter().for_each(|term| of_term(term, vars)),
        Terms::Every(every) => of_term(&every.domain, vars),
    }
    of_with(&expr.with, vars);
}

/// Adds the variables of modifiers' values; the names of functions are none.
fn of_with(with: &[With], vars: &mut Vars) {
    let values = with.iter().filter(|with| !with.is_function).map(|with| &with.value);
    let mut found = Vars::new();
    values.for_each(|value| of_term(value, &mut found));
    vars.extend(found.into_iter().filter(|name| !is_root(name)));
}

fn is_root(name: &str) -> bool {
    matches!(name, "data" | "input")
}

/// Adds every variable that closures of a statement mention, at any depth.
pub(super) fn of_closures(expr: &Expr, vars: &mut Vars) {
    let mut term = |term: &Term| of_term_closures(term, vars);
    match &expr.terms {
        Terms::Term(one) => term(one),
        Terms::Call(terms) | Terms::Some(terms) => terms.iter().for_each(&mut term),
        Terms::Every(every) => {
            term(&every.domain);
            every.body.iter().for_each(|expr| of_all(expr, vars));
        }
    }
    expr.with.iter().for_each(|with| of_term_closures(&with.value, vars));
}

fn of_term_closures(term: &Term, vars: &mut Vars) {
    if let Term::Comprehension(inner) = term {
        for term in inner.key.iter().chain([&inner.value]) {
            of_term(term, vars);
            of_term_closures(term, vars);
        }
        inner.body.iter().for_each(|expr| of_all(expr, vars));
    }
    term.parts().into_iter().for_each(|term| of_term_closures(term, vars));
}

fn of_all(expr: &Expr, vars: &mut Vars) {
    of_expr(expr, vars);
    of_closures(expr, vars);
}

/// Returns the variables of a body's statements, without those of closures.
pub(super) fn of_body(body: &Body) -> Vars {
    let mut vars = Vars::new();
    body.iter().for_each(|expr| of_expr(expr, &mut vars));
    vars
}

/// Returns what a statement makes safe, given what is.
pub(super) fn outputs(expr: &Expr, arity: Arity<'_>, safe: &Known<'_>) -> Vars {
    let mut replaced = Vars::new();
    of_with(&expr.with, &mut replaced);
    if expr.negated || !safe.contains_all(&replaced) {
        return Vars::new();
    }
    let mut found = Vars::new();
    match &expr.terms {
        Terms::Term(term) => of_references(term, safe, &mut found),
        Terms::Every(every) => of_references(&every.domain, safe, &mut found),
        Terms::Some(_) => {}
        Terms::Call(terms) => {
            if let Some((left, right)) = expr.sides("eq") {
                return of_equality(left, right, safe);
            }
            terms.iter().skip(1).for_each(|term| of_references(term, safe, &mut found));
            let known = terms.first().and_then(Term::dotted).and_then(|name| arity(&name));
            let Some(known) = known else { return Vars::new() };
            let mut needed = Vars::new();
            let inputs = terms.iter().skip(1).take(known);
            inputs.for_each(|term| of_pattern(term, &mut needed));
            if needed.iter().any(|name| !found.contains(name) && !safe.contains(name)) {
                return Vars::new();
            }
            terms.iter().skip(1 + known).for_each(|term| of_pattern(term, &mut found));
        }
    }
    safe.missing(found)
}

/// Returns what an equality makes safe.
pub(super) fn of_equality(left: &Term, right: &Term, safe: &Known<'_>) -> Vars {
    let mut found = Vars::new();
    of_references(left, safe, &mut found);
    of_references(right, safe, &mut found);
    let mut unify = Unify { safe, found, links: Vec::new() };
    unify.terms(left, right);
    unify.follow_links();
    safe.missing(unify.found)
}

/// Adds the variables that stand between brackets of references that can be walked.
fn of_references(term: &Term, safe: &Known<'_>, found: &mut Vars) {
    if let Term::Ref(terms) = term {
        if !is_walkable(terms, safe) {
            return;
        }
        let steps = terms.iter().skip(1);
        steps.filter(|step| !matches!(step, Term::Set(_))).for_each(|step| of_pattern(step, found));
    }
    term.parts().into_iter().for_each(|term| of_references(term, safe, found));
}

fn is_walkable(reference: &[Term], safe: &Known<'_>) -> bool {
    match reference.first() {
        Some(Term::Var(name)) => is_root(name) || safe.contains(name),
        Some(head) => {
            let mut vars = Vars::new();
            of_term(head, &mut vars);
            safe.contains_all(&vars)
        }
        None => false,
    }
}

/// Adds the variables of a pattern: keys of objects, sets and heads of references bind nothing.
fn of_pattern(term: &Term, vars: &mut Vars) {
    match term {
        Term::Var(name) => {
            vars.insert(name.clone());
        }
        Term::Set(_) => {}
        Term::Object(entries) => entries.iter().for_each(|(_, value)| of_pattern(value, vars)),
        Term::Ref(terms) | Term::Call(terms) => {
            terms.iter().skip(1).for_each(|term| of_pattern(term, vars));
        }
        _ => term.parts().into_iter().for_each(|term| of_pattern(term, vars)),
    }
}

/// What two sides that must be equal tell of one another.
struct Unify<'s> {
    safe: &'s Known<'s>,
    found: Vars,
    /// A variable, and what must be safe to make it so.
    links: Vec<(Text, Vars)>,
}

impl Unify<'_> {
    fn terms(&mut self, left: &Term, right: &Term) {
        match (left, right) {
            (Term::Array(a), Term::Array(b)) if a.len() == b.len() => {
                a.iter().zip(b).for_each(|(a, b)| self.terms(a, b));
            }
            (Term::Object(a), Term::Object(b)) if a.len() == b.len() => {
                a.iter().zip(b).for_each(|((_, a), (_, b))| self.terms(a, b));
            }
            (Term::Array(_) | Term::Object(_), Term::Array(_) | Term::Object(_)) => {}
            _ => {
                self.cover(left, right);
                self.cover(right, left);
            }
        }
    }

    /// Makes the variables of a pattern safe where what it meets is.
    fn cover(&mut self, pattern: &Term, met: &Term) {
        let mut names = Vars::new();
        if matches!(pattern, Term::Var(_) | Term::Array(_) | Term::Object(_)) {
            of_pattern(pattern, &mut names);
        }
        let mut needed = Vars::new();
        match met {
            Term::Ref(terms) => terms.iter().take(1).for_each(|head| of_term(head, &mut needed)),
            met => of_term(met, &mut needed),
        }
        needed.retain(|name| !is_root(name));
        if self.are_safe(&needed) {
            self.found.extend(names);
        } else {
            self.links.extend(names.into_iter().map(|name| (name, needed.clone())));
        }
    }

    fn are_safe(&self, names: &Vars) -> bool {
        names.iter().all(|name| self.safe.contains(name) || self.found.contains(name))
    }

    /// A variable whose other side became safe later is safe, too. Ends: each round but the last
    /// uses a link up.
    fn follow_links(&mut self) {
        loop {
            let (ready, links): (Vec<_>, Vec<_>) = std::mem::take(&mut self.links)
                .into_iter()
                .partition(|(_, needed)| self.are_safe(needed));
            self.links = links;
            if ready.is_empty() {
                return;
            }
            self.found.extend(ready.into_iter().map(|(name, _)| name));
        }
    }
}
