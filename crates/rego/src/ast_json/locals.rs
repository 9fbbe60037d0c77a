//! Declared variables get made-up names; `:=` and `some` become `=`. Source: OPA's stage
//! `RewriteLocalVars`.
//!
//! Must not know: names outside of a rule.

use std::collections::BTreeMap;

use rego_syntax::ast::Text;

use super::generate::Names;
use super::node::{Body, Comprehension, Every, Expr, Module, Rule, Term, Terms};
use super::vars::{Known, of_equality, of_term};

/// Renames the declared variables of a module. Returns whether it has a `:=` in a body.
pub(super) fn module(module: &mut Module, names: &mut Names) -> bool {
    let mut assigns = false;
    for rule in &mut module.rules {
        let mut locals = Locals { names, scopes: vec![Scope::new()], assigns: false };
        rule.head.args.iter_mut().for_each(|arg| locals.arg(arg));
        let args = locals.scopes.clone();
        // The branches repeat the parameters of the first.
        let params = rule.head.args.clone();
        let mut next = Some(rule);
        while let Some(rule) = next {
            locals.scopes.clone_from(&args);
            rule.head.args.clone_from(&params);
            locals.rule(rule);
            next = rule.els.as_deref_mut();
        }
        assigns |= locals.assigns;
    }
    assigns
}

type Scope = BTreeMap<Text, Text>;

struct Locals<'n> {
    names: &'n mut Names,
    /// What declared names are called now, outermost first.
    scopes: Vec<Scope>,
    /// Whether there was a `:=`.
    assigns: bool,
}

impl Locals<'_> {
    /// Renames what a parameter binds.
    fn arg(&mut self, arg: &mut Term) {
        match arg {
            Term::Var(name) => {
                let known = self.renamed(name);
                *name = known.unwrap_or_else(|| self.declare(name));
            }
            Term::Array(items) => items.iter_mut().for_each(|item| self.arg(item)),
            Term::Object(entries) => entries.iter_mut().for_each(|(_, value)| self.arg(value)),
            _ => {}
        }
    }

    fn rule(&mut self, rule: &mut Rule) {
        // Comprehensions of the head are renamed on their own, then see the body's names.
        let scopes = std::mem::take(&mut self.scopes);
        self.scopes.push(Scope::new());
        rule.head.terms_mut().for_each(|term| self.closures(term));
        self.scopes = scopes;
        self.body(&mut rule.body);
        let declared: Scope = self.scopes.iter().flatten().map(pair).collect();
        rule.head.terms_mut().for_each(|term| rename(term, &declared));
    }

    fn closures(&mut self, term: &mut Term) {
        match term {
            Term::Comprehension(inner) => self.comprehension(inner),
            _ => term.parts_mut().into_iter().for_each(|term| self.closures(term)),
        }
    }

    fn body(&mut self, body: &mut Body) {
        let whole = std::mem::take(body);
        body.extend(whole.into_iter().filter_map(|expr| self.expr(expr)));
        if body.is_empty() {
            body.push(Expr::new(Terms::Term(Term::Bool(true))));
        }
    }

    /// Renames the variables of a statement; one that only declares is gone.
    fn expr(&mut self, mut expr: Expr) -> Option<Expr> {
        let assigns = expr.sides("assign").is_some();
        match &mut expr.terms {
            Terms::Call(terms) if assigns => {
                self.assign(terms);
                expr.with.iter_mut().for_each(|with| self.term(&mut with.value));
                return Some(expr);
            }
            Terms::Term(term) => self.term(term),
            Terms::Call(terms) => terms.iter_mut().skip(1).for_each(|term| self.term(term)),
            Terms::Every(every) => self.every(every),
            Terms::Some(terms) => {
                let [Term::Call(call)] = terms.as_slice() else {
                    for term in terms {
                        if let Term::Var(name) = term {
                            self.declare(name);
                        }
                    }
                    return None;
                };
                expr.terms = self.some_in(call);
            }
        }
        for with in &mut expr.with {
            self.term(&mut with.target);
            self.term(&mut with.value);
        }
        Some(expr)
    }

    /// The right side sees the names as they were before.
    fn assign(&mut self, terms: &mut [Term]) {
        if let [operator, left, right] = terms {
            self.term(right);
            self.assigned(left);
            self.assigns = true;
            *operator = Term::operator("eq");
        }
    }

    fn assigned(&mut self, left: &mut Term) {
        match left {
            Term::Var(name) => *name = self.declare(name),
            Term::Array(items) => items.iter_mut().for_each(|item| self.assigned(item)),
            Term::Object(entries) => {
                entries.iter_mut().for_each(|(_, value)| self.assigned(value));
            }
            _ => {}
        }
    }

    /// `some k, v in xs` says `v = xs[k]`.
    fn some_in(&mut self, call: &[Term]) -> Terms {
        let (key, value, domain) = match call {
            [_, key, value, domain] => (key.clone(), value.clone(), domain.clone()),
            [_, value, domain] => (Term::Var(self.names.local()), value.clone(), domain.clone()),
            _ => return Terms::Some(call.to_vec()),
        };
        let mut known = Known::default();
        of_term(&domain, &mut known.names);
        let head = match domain {
            Term::Ref(terms) => terms,
            domain => vec![domain],
        };
        let reference = Term::Ref([head, vec![key]].concat());
        for name in of_equality(&value, &reference, &known) {
            self.declare(&name);
        }
        let mut terms = vec![Term::operator("eq"), value, reference];
        terms.iter_mut().skip(1).for_each(|term| self.term(term));
        Terms::Call(terms)
    }

    fn every(&mut self, every: &mut Every) {
        self.term(&mut every.domain);
        self.scopes.push(Scope::new());
        for term in every.key.iter_mut().chain([&mut every.value]) {
            if let Term::Var(name) = term
                && !name.starts_with('$')
            {
                *name = self.declare(name);
            }
        }
        every.key.get_or_insert_with(|| Term::Var(self.names.local()));
        self.body(&mut every.body);
        self.scopes.pop();
    }

    fn comprehension(&mut self, inner: &mut Comprehension) {
        self.scopes.push(Scope::new());
        self.body(&mut inner.body);
        inner.key.iter_mut().for_each(|key| self.term(key));
        self.term(&mut inner.value);
        self.scopes.pop();
    }

    fn term(&mut self, term: &mut Term) {
        match term {
            Term::Var(name) => {
                if let Some(renamed) = self.renamed(name) {
                    *name = renamed;
                }
            }
            Term::Call(terms) => terms.iter_mut().skip(1).for_each(|term| self.term(term)),
            Term::Comprehension(inner) => self.comprehension(inner),
            _ => term.parts_mut().into_iter().for_each(|term| self.term(term)),
        }
    }

    fn renamed(&self, name: &Text) -> Option<Text> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name)).cloned()
    }

    fn declare(&mut self, name: &Text) -> Text {
        let local = self.names.local();
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.clone(), local.clone());
        }
        local
    }
}

fn pair((name, local): (&Text, &Text)) -> (Text, Text) {
    (name.clone(), local.clone())
}

/// Renames every variable of a term, those of comprehensions included.
fn rename(term: &mut Term, names: &Scope) {
    match term {
        Term::Var(name) => {
            if let Some(renamed) = names.get(name) {
                *name = renamed.clone();
            }
        }
        Term::Comprehension(inner) => {
            let terms = inner.key.iter_mut().chain([&mut inner.value]);
            terms.for_each(|term| rename(term, names));
            inner.body.iter_mut().for_each(|expr| rename_expr(expr, names));
        }
        _ => term.parts_mut().into_iter().for_each(|term| rename(term, names)),
    }
}

fn rename_expr(expr: &mut Expr, names: &Scope) {
    match &mut expr.terms {
        Terms::Term(term) => rename(term, names),
        Terms::Call(terms) | Terms::Some(terms) => {
            terms.iter_mut().for_each(|term| rename(term, names));
        }
        Terms::Every(every) => {
            rename(&mut every.domain, names);
            every.body.iter_mut().for_each(|expr| rename_expr(expr, names));
        }
    }
    for with in &mut expr.with {
        rename(&mut with.target, names);
        rename(&mut with.value, names);
    }
}
