//! Walks over resolved terms: the variables a statement mentions, and the closures it contains.
//!
//! Must not know: what any of it is asked for.

use crate::tree::{Body, Expr, ExprKind, RefHead, Replacement, Term, TermKind};

/// A place where another body starts inside of a statement.
pub(crate) enum Part<'a> {
    /// A term.
    Term(&'a Term),
    /// A comprehension's or `every`'s body.
    Body(&'a Body),
}

/// Calls `f` with the direct parts of a term.
pub(crate) fn term_parts<'a>(term: &'a Term, f: &mut impl FnMut(Part<'a>)) {
    match &term.kind {
        TermKind::Constant(_) | TermKind::Local(_) => {}
        TermKind::Ref { head, path } => {
            if let RefHead::Term(inner) = head {
                f(Part::Term(inner));
            }
            path.iter().for_each(|step| f(Part::Term(step)));
        }
        TermKind::Call { args, .. } => args.iter().for_each(|arg| f(Part::Term(arg))),
        TermKind::Array(items) | TermKind::Set(items) => {
            items.iter().for_each(|item| f(Part::Term(item)));
        }
        TermKind::Object(entries) => {
            for (key, value) in entries {
                f(Part::Term(key));
                f(Part::Term(value));
            }
        }
        TermKind::Comprehension { key, value, body, .. } => {
            f(Part::Body(body));
            for head in key.iter().chain([value]) {
                f(Part::Term(head));
            }
        }
    }
}

/// Calls `f` with the direct parts of a statement, its modifiers included.
pub(crate) fn expr_parts<'a>(expr: &'a Expr, f: &mut impl FnMut(Part<'a>)) {
    match &expr.kind {
        ExprKind::Term(term) => f(Part::Term(term)),
        ExprKind::Unify(left, right) => {
            f(Part::Term(left));
            f(Part::Term(right));
        }
        ExprKind::SomeIn { key, value, domain } => {
            for part in key.iter().chain([value, domain]) {
                f(Part::Term(part));
            }
        }
        ExprKind::Every { domain, body, .. } => {
            f(Part::Term(domain));
            f(Part::Body(body));
        }
        ExprKind::Not(body) => f(Part::Body(body)),
    }
    for with in &expr.with {
        if let Replacement::Value(term) = &with.value {
            f(Part::Term(term));
        }
    }
}
