//! Lists the names a body declares and mentions, before it is walked.
//!
//! A name that a body declares anywhere hides rules and imports in all of it, and a free name that
//! an outer body mentions is one variable with the same name inside. Closures (comprehensions and
//! the bodies of `every`) keep their names for themselves.

use std::sync::Arc;

use foldhash::HashSet;
use rego_syntax::ast::{Body, Expr, ExprKind, Term, TermKind, Text};

/// Names of a body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Left of `:=`, after `some`.
    pub(crate) declared: HashSet<Text>,
    /// All others.
    pub(crate) mentioned: HashSet<Text>,
}

impl Names {
    /// Returns the names of a body.
    pub(crate) fn of_body(body: &Body) -> Self {
        let mut names = Self::default();
        names.add_body(body);
        names
    }

    /// Adds the names of a body.
    pub(crate) fn add_body(&mut self, body: &Body) {
        for expr in &body.exprs {
            self.add_expr(expr);
        }
        let Self { declared, mentioned } = self;
        mentioned.retain(|name| !declared.contains(name));
    }

    fn add_expr(&mut self, expr: &Expr) {
        for with in &expr.with {
            mention(&with.value, &mut self.mentioned);
        }
        match &expr.kind {
            ExprKind::Term(term) => mention(term, &mut self.mentioned),
            ExprKind::Assign(target, value) => {
                targets(target, &mut self.declared);
                mention(value, &mut self.mentioned);
            }
            ExprKind::Unify(left, right) => {
                mention(left, &mut self.mentioned);
                mention(right, &mut self.mentioned);
            }
            ExprKind::SomeDecl(list) => {
                self.declared.extend(list.iter().map(|name| Arc::clone(&name.text)));
            }
            ExprKind::SomeIn { key, value, domain } => {
                for pattern in key.iter().chain([value]) {
                    targets(pattern, &mut self.declared);
                }
                mention(domain, &mut self.mentioned);
            }
            ExprKind::Every { domain, .. } => mention(domain, &mut self.mentioned),
        }
    }
}

/// Adds the variables of a pattern, keys of objects and steps of references left out.
pub(crate) fn targets(term: &Term, out: &mut HashSet<Text>) {
    match &term.kind {
        TermKind::Var(name) if &**name != "_" => {
            out.insert(Arc::clone(name));
        }
        TermKind::Array(items) => items.iter().for_each(|item| targets(item, out)),
        TermKind::Object(entries) => entries.iter().for_each(|(_, value)| targets(value, out)),
        _ => {}
    }
}

/// Adds every name outside of closures.
pub(crate) fn mention(term: &Term, out: &mut HashSet<Text>) {
    match &term.kind {
        TermKind::Var(name) => {
            out.insert(Arc::clone(name));
        }
        TermKind::Ref { head, path } => {
            mention(head, out);
            path.iter().for_each(|step| mention(&step.term, out));
        }
        TermKind::Call { args, .. } => args.iter().for_each(|arg| mention(arg, out)),
        TermKind::Binary { left, right, .. } => {
            mention(left, out);
            mention(right, out);
        }
        TermKind::Minus(inner) => mention(inner, out),
        TermKind::In { key, value, domain } => {
            for part in key.iter().chain([value, domain]) {
                mention(part, out);
            }
        }
        TermKind::Array(items) | TermKind::Set(items) => {
            items.iter().for_each(|item| mention(item, out));
        }
        TermKind::Object(entries) => {
            for (key, value) in entries {
                mention(key, out);
                mention(value, out);
            }
        }
        _ => {}
    }
}
