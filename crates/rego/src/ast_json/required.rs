//! What compiled modules need: builtins, features, keywords.
//!
//! Must not know: how a module is compiled.
//!
//! Source: OPA's stage `BuildRequiredCapabilities`.

use std::collections::BTreeSet;

use rego_syntax::Features;
use rego_syntax::ast::{self, RegoVersion};

use super::node::{Body, Expr, Module, Rule, Term, Terms};
use crate::builtins;
use crate::capabilities::{self, Capabilities};

/// The function that template strings call.
const TEMPLATE_STRING: &str = "internal.template_string";

/// What is needed so far.
#[derive(Default)]
pub(super) struct Needs {
    builtins: BTreeSet<&'static str>,
    keywords: BTreeSet<&'static str>,
    features: BTreeSet<&'static str>,
}

impl Needs {
    /// Adds what a module needs: as it was read, as it is compiled, and the builtins that only the
    /// first one calls.
    pub(super) fn add(&mut self, read: &ast::Module, compiled: &Module, gone: Vec<&'static str>) {
        self.builtins.extend(gone);
        for rule in &compiled.rules {
            std::iter::successors(Some(rule), |rule| rule.els.as_deref())
                .for_each(|rule| self.rule(rule));
        }
        if self.builtins.contains(TEMPLATE_STRING) {
            self.features.insert(capabilities::TEMPLATE_STRINGS);
        }
        if read.version == RegoVersion::V1 {
            self.features.insert(capabilities::REGO_V1);
            return;
        }
        if read.rego_v1_import {
            self.features.insert(capabilities::REGO_V1_IMPORT);
        }
        read.imports.iter().for_each(|import| self.import(import));
        self.features.extend(compiled.rules.iter().filter_map(|rule| head_form(rule)));
    }

    /// Returns all that is needed.
    pub(super) fn into_capabilities(self) -> Capabilities {
        let found = self.builtins.iter().filter_map(|name| builtins::find(name));
        Capabilities::required(found.map(|builtin| &builtin.decl), &self.keywords, &self.features)
    }

    /// Adds the keywords that an import of a v0 module brings; v1 has them all.
    fn import(&mut self, import: &ast::Import) {
        let path: Vec<&str> = import.path.iter().map(|name| &*name.text).collect();
        let ["future", "keywords", rest @ ..] = path.as_slice() else { return };
        let all = Features::FUTURE_KEYWORDS.into_iter();
        self.keywords.extend(all.filter(|word| rest.first().is_none_or(|one| one == word)));
    }

    fn rule(&mut self, rule: &Rule) {
        let head = &rule.head;
        let terms = head.reference.iter().chain(&head.args).chain(&head.key).chain(&head.value);
        terms.for_each(|term| self.term(term));
        self.body(&rule.body);
    }

    fn body(&mut self, body: &Body) {
        body.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.terms {
            Terms::Term(term) => self.term(term),
            Terms::Call(terms) => self.call(terms),
            Terms::Some(terms) => terms.iter().for_each(|term| self.term(term)),
            Terms::Every(every) => {
                self.term(&every.domain);
                self.body(&every.body);
            }
        }
        expr.with.iter().for_each(|with| self.term(&with.value));
    }

    fn call(&mut self, terms: &[Term]) {
        let name = terms.first().and_then(Term::dotted);
        let builtin = name.and_then(|name| builtins::find(&name));
        self.builtins.extend(builtin.map(|builtin| builtin.decl.name));
        terms.iter().for_each(|term| self.term(term));
    }

    fn term(&mut self, term: &Term) {
        match term {
            Term::Call(terms) => self.call(terms),
            Term::Comprehension(inner) => {
                inner.key.iter().chain([&inner.value]).for_each(|term| self.term(term));
                self.body(&inner.body);
            }
            _ => term.parts().into_iter().for_each(|term| self.term(term)),
        }
    }
}

/// Returns the feature that a head of more than two parts takes in v0.
fn head_form(rule: &Rule) -> Option<&'static str> {
    let steps = rule.head.reference.get(1..).filter(|steps| steps.len() >= 2)?;
    let is_constant = |term: &Term| !matches!(term, Term::Var(_));
    Some(match steps.iter().all(is_constant) {
        true => capabilities::HEAD_STRING_PREFIXES,
        false => capabilities::HEAD_REFS,
    })
}
