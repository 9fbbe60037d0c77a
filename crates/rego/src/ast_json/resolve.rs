//! Names of rules and imports become full references. Source: OPA's stage `ResolveRefs`.
//!
//! Must not know: which rules other packages have.

use std::collections::BTreeMap;

use rego_syntax::ast::Text;

use super::node::{Body, Expr, Module, Rule, Term, Terms};
use super::vars::{Vars, of_term};

/// What a name stands for outside of any body.
pub(super) type Globals = BTreeMap<Text, Vec<Term>>;

/// Resolves the names of a module.
pub(super) fn module(module: &mut Module, globals: &Globals) {
    let mut resolve = Resolve { globals, hidden: Vec::new() };
    module.rules.iter_mut().for_each(|rule| resolve.rule(rule));
}

struct Resolve<'g> {
    globals: &'g Globals,
    /// What parameters and declarations hide, outermost first.
    hidden: Vec<Vars>,
}

impl Resolve<'_> {
    fn rule(&mut self, rule: &mut Rule) {
        let mut args = Vars::new();
        rule.head.args.iter().for_each(|arg| of_arg(arg, &mut args));
        self.hidden.push(args);
        self.hidden.push(declared(&rule.body));
        rule.head.terms_mut().for_each(|term| self.term(term));
        self.body(&mut rule.body);
        self.hidden.clear();
        if let Some(els) = &mut rule.els {
            self.rule(els);
        }
    }

    fn body(&mut self, body: &mut Body) {
        body.iter_mut().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &mut Expr) {
        match &mut expr.terms {
            Terms::Term(term) => self.term(term),
            Terms::Call(terms) => terms.iter_mut().for_each(|term| self.term(term)),
            Terms::Some(terms) => {
                for term in terms.iter_mut().filter(|term| matches!(term, Term::Call(_))) {
                    self.term(term);
                }
            }
            Terms::Every(every) => {
                self.term(&mut every.domain);
                let mut locals = declared(&every.body);
                every.key.iter().chain([&every.value]).for_each(|term| of_term(term, &mut locals));
                self.hidden.push(locals);
                self.body(&mut every.body);
                self.hidden.pop();
            }
        }
        for with in &mut expr.with {
            self.term(&mut with.target);
            self.term(&mut with.value);
        }
    }

    fn term(&mut self, term: &mut Term) {
        match term {
            Term::Var(name) => {
                if let Some(path) = self.global(name) {
                    *term = Term::Ref(path);
                }
            }
            Term::Ref(terms) => {
                let head = terms.first().cloned();
                if let Some(Term::Var(name)) = head {
                    terms.iter_mut().skip(1).for_each(|term| self.term(term));
                    if let Some(path) = self.global(&name) {
                        terms.splice(..1, path);
                    }
                } else {
                    terms.iter_mut().for_each(|term| self.term(term));
                }
            }
            Term::Comprehension(inner) => {
                self.hidden.push(declared(&inner.body));
                inner.key.iter_mut().for_each(|key| self.term(key));
                self.term(&mut inner.value);
                self.body(&mut inner.body);
                self.hidden.pop();
            }
            _ => term.parts_mut().into_iter().for_each(|term| self.term(term)),
        }
    }

    fn global(&self, name: &Text) -> Option<Vec<Term>> {
        let hidden = self.hidden.iter().any(|names| names.contains(name));
        if hidden { None } else { self.globals.get(name).cloned() }
    }
}

/// Adds the variables that a parameter binds.
fn of_arg(arg: &Term, vars: &mut Vars) {
    match arg {
        Term::Var(name) => {
            vars.insert(name.clone());
        }
        Term::Array(items) => items.iter().for_each(|item| of_arg(item, vars)),
        Term::Object(entries) => entries.iter().for_each(|(_, value)| of_arg(value, vars)),
        _ => {}
    }
}

/// Returns the names that statements of a body declare, wherever they stand.
fn declared(body: &Body) -> Vars {
    let mut vars = Vars::new();
    for expr in body {
        if let Some((left, _)) = expr.sides("assign") {
            of_arg(left, &mut vars);
        }
        let Terms::Some(terms) = &expr.terms else { continue };
        for term in terms {
            match term {
                Term::Call(terms) => {
                    let patterns = terms.len().saturating_sub(2);
                    let patterns = terms.iter().skip(1).take(patterns);
                    patterns.for_each(|term| of_term(term, &mut vars));
                }
                term => of_term(term, &mut vars),
            }
        }
    }
    vars
}
