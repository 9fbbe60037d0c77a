//! Names of rules that are written as `_`: OPA numbers the wildcards of a module as it reads them,
//! and a rule gets the name of its own.
//!
//! Must not know: what names stand for.

use rego_syntax::ast::{Body, Else, Expr, ExprKind, Module, Rule, TemplatePart, Term, TermKind};

/// Returns the made-up name of each rule that is written as `_`, nothing for the others.
pub(crate) fn names(module: &Module) -> Vec<Option<String>> {
    if !module.rules.iter().any(is_wildcard) {
        return Vec::new();
    }
    let mut names: Vec<Option<String>> = Vec::with_capacity(module.rules.len());
    let mut count = Count(0);
    for rule in &module.rules {
        let own = match (is_wildcard(rule), rule.chained) {
            (true, true) => names.last().cloned().flatten(),
            (true, false) => Some(format!("${}", count.0)),
            (false, _) => None,
        };
        count.rule(rule);
        names.push(own);
    }
    names
}

/// Whether a rule is written as `_`.
pub(crate) fn is_wildcard(rule: &Rule) -> bool {
    let name = match &rule.head.reference.kind {
        TermKind::Ref { head, .. } => &head.kind,
        name => name,
    };
    matches!(name, TermKind::Var(name) if &**name == "_")
}

/// How many wildcards were read.
struct Count(usize);

impl Count {
    fn rule(&mut self, rule: &Rule) {
        let head = &rule.head;
        if !rule.chained {
            self.term(&head.reference);
        }
        self.args(rule);
        head.key.iter().for_each(|key| self.term(key));
        head.value.iter().for_each(|(value, _)| self.term(value));
        rule.body.iter().for_each(|body| self.body(body));
        let chain = std::iter::successors(rule.els.as_deref(), |els: &&Else| els.els.as_deref());
        for els in chain {
            // A branch repeats the parameters with wildcards of its own.
            self.args(rule);
            els.value.iter().for_each(|(value, _)| self.term(value));
            els.body.iter().for_each(|body| self.body(body));
        }
    }

    fn args(&mut self, rule: &Rule) {
        rule.head.args.iter().flatten().for_each(|arg| self.term(arg));
    }

    fn body(&mut self, body: &Body) {
        body.exprs.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Term(term) => self.term(term),
            ExprKind::Assign(left, right) | ExprKind::Unify(left, right) => {
                self.term(left);
                self.term(right);
            }
            ExprKind::SomeDecl(names) => {
                self.0 += names.iter().filter(|name| &*name.text == "_").count();
            }
            ExprKind::SomeIn { key, value, domain } => {
                key.iter().chain([value, domain]).for_each(|term| self.term(term));
            }
            ExprKind::Every { key, value, domain, body } => {
                key.iter().chain([value, domain]).for_each(|term| self.term(term));
                self.body(body);
            }
        }
        for with in &expr.with {
            self.term(&with.target);
            self.term(&with.value);
        }
    }

    fn terms<'t>(&mut self, terms: impl IntoIterator<Item = &'t Term>) {
        terms.into_iter().for_each(|term| self.term(term));
    }

    fn term(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::String { .. } => {}
            TermKind::Var(name) => self.0 += usize::from(&**name == "_"),
            TermKind::Template { parts, .. } => parts.iter().for_each(|part| match part {
                TemplatePart::Text(_) => {}
                TemplatePart::Expr(expr) => self.expr(expr),
            }),
            TermKind::Ref { head, path } => {
                self.term(head);
                self.terms(path.iter().map(|step| &step.term));
            }
            TermKind::Call { function, args } => {
                self.term(function);
                self.terms(args);
            }
            TermKind::Binary { left, right, .. } => self.terms([&**left, &**right]),
            TermKind::Minus(inner) => self.term(inner),
            TermKind::In { key, value, domain } => {
                self.terms(key.iter().chain([value, domain]).map(|term| &**term));
            }
            TermKind::Array(items) | TermKind::Set(items) => self.terms(items),
            TermKind::Object(entries) => {
                self.terms(entries.iter().flat_map(|(key, value)| [key, value]));
            }
            TermKind::ArrayCompr { value, body } | TermKind::SetCompr { value, body } => {
                self.term(value);
                self.body(body);
            }
            TermKind::ObjectCompr { key, value, body } => {
                self.terms([&**key, &**value]);
                self.body(body);
            }
        }
    }
}
