//! References as keys: two that are spelled alike in any way have equal keys.

use rego_syntax::ast::{Step, Term, TermKind};

use super::constant::{Constant, constant};

/// A reference's name and steps: a field `.a`, a variable `$x`, another scalar `#1`.
pub(super) type Key = Vec<String>;

/// Most references inside one another that are looked into.
const NESTING_MAX: usize = 8;

/// Returns the key of a name or reference that has one value: without wildcards, calls and the like.
pub(super) fn key(term: &Term) -> Option<Key> {
    key_within(term, NESTING_MAX)
}

fn key_within(term: &Term, nesting: usize) -> Option<Key> {
    match &term.kind {
        TermKind::Var(name) if &**name != "_" => Some(vec![name.to_string()]),
        TermKind::Ref { head, path } => {
            let TermKind::Var(name) = &head.kind else { return None };
            let mut key = vec![name.to_string()];
            for Step { term, .. } in path {
                key.push(step(term, nesting)?);
            }
            Some(key)
        }
        _ => None,
    }
}

fn step(term: &Term, nesting: usize) -> Option<String> {
    if let Some(constant) = constant(term) {
        return Some(match constant {
            Constant::Text(text) => format!(".{text}"),
            other => format!("#{other:?}"),
        });
    }
    let inner = key_within(term, nesting.checked_sub(1)?)?;
    Some(format!("${}", inner.concat()))
}

/// Returns the name that a reference or a name begins with.
pub(super) fn first_name(term: &Term) -> Option<&str> {
    match &term.kind {
        TermKind::Var(name) => Some(name),
        TermKind::Ref { head, .. } => match &head.kind {
            TermKind::Var(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the name and the steps as text where all are constant strings: `input.a["b"]`.
pub(super) fn plain_path(term: &Term) -> Option<Vec<&str>> {
    match &term.kind {
        TermKind::Var(name) => Some(vec![&**name]),
        TermKind::Ref { head, path } => {
            let TermKind::Var(name) = &head.kind else { return None };
            let steps = path.iter().map(|step| super::constant::text(&step.term));
            std::iter::once(Some(&**name)).chain(steps).collect()
        }
        _ => None,
    }
}

/// Returns the called function's dotted name and its operands.
pub(super) fn call(term: &Term) -> Option<(String, &[Term])> {
    match &term.kind {
        TermKind::Call { function, args } => Some((plain_path(function)?.join("."), args)),
        _ => None,
    }
}
