//! Walks over the tree, in the order of the text.
//!
//! Must not know: what a walk looks for.

use crate::ast::{Body, Else, Expr, ExprKind, Rule, TemplatePart, Term, TermKind};

/// What is told of a tree. Each method goes on below by default; one that does something of its own
/// calls the function of the same name to go on.
pub trait Visit {
    /// A rule.
    fn rule(&mut self, rule: &Rule) {
        rule_parts(self, rule);
    }
    /// A branch of `else`.
    fn els(&mut self, els: &Else) {
        els_parts(self, els);
    }
    /// A body, that of a closure too.
    fn body(&mut self, body: &Body) {
        body_parts(self, body);
    }
    /// A statement.
    fn expr(&mut self, expr: &Expr) {
        expr_parts(self, expr);
    }
    /// A term.
    fn term(&mut self, term: &Term) {
        term_parts(self, term);
    }
}

/// Visits what a rule is made of, its branches included.
pub fn rule_parts<V: Visit + ?Sized>(visit: &mut V, rule: &Rule) {
    let head = &rule.head;
    let args = head.args.iter().flatten();
    let value = head.value.iter().map(|(value, _)| value);
    std::iter::once(&head.reference)
        .chain(args)
        .chain(&head.key)
        .chain(value)
        .for_each(|term| visit.term(term));
    rule.body.iter().for_each(|body| visit.body(body));
    let chain = std::iter::successors(rule.els.as_deref(), |els| els.els.as_deref());
    chain.for_each(|els| visit.els(els));
}

/// Visits what a branch is made of; the next one is not part of it.
pub fn els_parts<V: Visit + ?Sized>(visit: &mut V, els: &Else) {
    els.value.iter().for_each(|(value, _)| visit.term(value));
    els.body.iter().for_each(|body| visit.body(body));
}

/// Visits the statements of a body.
pub fn body_parts<V: Visit + ?Sized>(visit: &mut V, body: &Body) {
    body.exprs.iter().for_each(|expr| visit.expr(expr));
}

/// Visits what a statement is made of.
pub fn expr_parts<V: Visit + ?Sized>(visit: &mut V, expr: &Expr) {
    match &expr.kind {
        ExprKind::Term(term) => visit.term(term),
        ExprKind::Assign(left, right) | ExprKind::Unify(left, right) => {
            visit.term(left);
            visit.term(right);
        }
        ExprKind::SomeDecl(_) => {}
        ExprKind::SomeIn { key, value, domain } => {
            key.iter().chain([value, domain]).for_each(|term| visit.term(term));
        }
        ExprKind::Every { key, value, domain, body } => {
            key.iter().chain([value, domain]).for_each(|term| visit.term(term));
            visit.body(body);
        }
    }
    for with in &expr.with {
        visit.term(&with.target);
        visit.term(&with.value);
    }
}

/// Visits what a term is made of.
pub fn term_parts<V: Visit + ?Sized>(visit: &mut V, term: &Term) {
    match &term.kind {
        TermKind::Null
        | TermKind::Bool(_)
        | TermKind::Number(_)
        | TermKind::String { .. }
        | TermKind::Var(_) => {}
        TermKind::Template { parts, .. } => {
            for part in parts {
                if let TemplatePart::Expr(expr) = part {
                    visit.expr(expr);
                }
            }
        }
        TermKind::Ref { head, path } => {
            visit.term(head);
            path.iter().for_each(|step| visit.term(&step.term));
        }
        TermKind::Call { function, args } => {
            visit.term(function);
            args.iter().for_each(|arg| visit.term(arg));
        }
        TermKind::Binary { left, right, .. } => {
            visit.term(left);
            visit.term(right);
        }
        TermKind::Minus(inner) => visit.term(inner),
        TermKind::In { key, value, domain } => {
            key.iter().chain([value, domain]).for_each(|term| visit.term(term));
        }
        TermKind::Array(items) | TermKind::Set(items) => {
            items.iter().for_each(|item| visit.term(item));
        }
        TermKind::Object(entries) => {
            for (key, value) in entries {
                visit.term(key);
                visit.term(value);
            }
        }
        TermKind::ArrayCompr { value, body } | TermKind::SetCompr { value, body } => {
            visit.term(value);
            visit.body(body);
        }
        TermKind::ObjectCompr { key, value, body } => {
            visit.term(key);
            visit.term(value);
            visit.body(body);
        }
    }
}
