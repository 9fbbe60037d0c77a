//! Names of rules that are written as `_`: OPA numbers the wildcards of a module as it reads them,
//! and a rule gets the name of its own.
//!
//! Must not know: what names stand for.

use rego_syntax::ast::{Else, Expr, ExprKind, Module, Rule, Term, TermKind};
use rego_syntax::visit::{self, Visit};

/// Returns the made-up name of each rule that is written as `_`, nothing for the others; no list
/// where there is none of them.
pub(crate) fn names(module: &Module) -> Vec<Option<String>> {
    if !module.rules.iter().any(is_wildcard) {
        return Vec::new();
    }
    let mut names: Vec<Option<String>> = Vec::with_capacity(module.rules.len());
    let mut count = Count::default();
    for rule in &module.rules {
        let own = match (is_wildcard(rule), rule.chained) {
            (true, true) => names.last().cloned().flatten(),
            (true, false) => Some(format!("${}", count.met)),
            (false, _) => None,
        };
        count.rule(rule);
        names.push(own);
    }
    names
}

/// Whether a rule is written as `_`.
fn is_wildcard(rule: &Rule) -> bool {
    let name = match &rule.head.reference.kind {
        TermKind::Ref { head, .. } => &head.kind,
        name => name,
    };
    matches!(name, TermKind::Var(name) if &**name == "_")
}

/// How many wildcards were read.
#[derive(Default)]
struct Count {
    met: usize,
    /// Those among the parameters of the rule: each branch repeats them with others.
    parameters: usize,
}

impl Visit for Count {
    fn rule(&mut self, rule: &Rule) {
        let mut parameters = Count::default();
        rule.head.args.iter().flatten().for_each(|arg| parameters.term(arg));
        self.parameters = parameters.met;
        let before = self.met;
        visit::rule_parts(self, rule);
        // A further body of a rule repeats its name, not a new one.
        if rule.chained && is_wildcard(rule) {
            self.met = self.met.saturating_sub(1).max(before);
        }
    }

    fn els(&mut self, els: &Else) {
        self.met += self.parameters;
        visit::els_parts(self, els);
    }

    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::SomeDecl(names) = &expr.kind {
            self.met += names.iter().filter(|name| &*name.text == "_").count();
        }
        visit::expr_parts(self, expr);
    }

    fn term(&mut self, term: &Term) {
        if matches!(&term.kind, TermKind::Var(name) if &**name == "_") {
            self.met += 1;
        }
        visit::term_parts(self, term);
    }
}
