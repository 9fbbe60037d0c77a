//! A parsed module as an indented list of nodes, as `opa parse` shows it by default.
//!
//! Must not know: JSON, spans.
//!
//! Source: behaviour of OPA's `ast.Pretty`.

use super::node::{Body, Expr, Head, Kind, Module, Part, Rule, Term, Terms, With};

/// Returns the text of a module; so many annotations and comments follow.
pub(super) fn module(module: &Module, annotations: usize, comments: usize) -> String {
    let mut page = Page { text: String::new(), depth: 0 };
    page.node("module", |page| {
        page.node("package", |page| page.reference(&module.package));
        for import in &module.imports {
            page.node("import", |page| {
                page.reference(&import.path);
                page.line(import.alias.as_deref().unwrap_or_default());
            });
        }
        module.rules.iter().for_each(|rule| page.rule(rule));
        (0..annotations).for_each(|_| page.line("annotations"));
        (0..comments).for_each(|_| page.line("comment"));
    });
    page.text
}

struct Page {
    text: String,
    depth: usize,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(&" ".repeat(self.depth));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn node(&mut self, name: &str, below: impl FnOnce(&mut Self)) {
        self.line(name);
        self.depth += 1;
        below(self);
        self.depth -= 1;
    }

    fn reference(&mut self, terms: &[Term]) {
        self.node("ref", |page| page.terms(terms));
    }

    fn terms(&mut self, terms: &[Term]) {
        terms.iter().for_each(|term| self.term(term));
    }

    fn rule(&mut self, rule: &Rule) {
        self.node("rule", |page| {
            page.head(&rule.head);
            page.body(&rule.body);
            rule.els.iter().for_each(|els| page.rule(els));
        });
    }

    fn head(&mut self, head: &Head) {
        self.node("head", |page| {
            page.reference(&head.reference);
            if !head.args.is_empty() {
                page.node("args", |page| page.terms(&head.args));
            }
            head.value.iter().for_each(|value| page.term(value));
        });
    }

    fn body(&mut self, body: &Body) {
        self.node("body", |page| {
            body.iter().enumerate().for_each(|(at, expr)| page.expr(at, expr));
        });
    }

    fn expr(&mut self, at: usize, expr: &Expr) {
        let negated = if expr.negated { "negated " } else { "" };
        self.node(&format!("expr {negated}index={at}"), |page| {
            match &expr.terms {
                Terms::Term(term) => page.term(term),
                Terms::Call(terms) => page.terms(terms),
                Terms::Some(symbols) => page.node("somedecl", |page| page.terms(symbols)),
                Terms::Every(every) => page.node("every", |page| {
                    every.key.iter().for_each(|key| page.term(key));
                    page.term(&every.value);
                    page.term(&every.domain);
                    page.body(&every.body);
                }),
            }
            expr.with.iter().for_each(|with| page.with(with));
        });
    }

    fn with(&mut self, with: &With) {
        self.node("with", |page| {
            page.term(&with.target);
            page.term(&with.value);
        });
    }

    fn term(&mut self, term: &Term) {
        match term {
            Term::Null => self.line("null"),
            Term::Bool(bool) => self.line(if *bool { "true" } else { "false" }),
            Term::Number(text) | Term::Var(text) => self.line(text),
            Term::String(text) => self.line(&rego_value::Value::from(&**text).to_json()),
            Term::Ref(terms) => self.reference(terms),
            Term::Call(terms) => self.node("call", |page| page.terms(terms)),
            Term::Array(items) => self.node("array", |page| page.terms(items)),
            Term::Set(items) => self.node("set", |page| page.terms(items)),
            Term::Object(entries) => self.node("object", |page| {
                for (key, value) in entries {
                    page.term(key);
                    page.term(value);
                }
            }),
            Term::Comprehension(inner) => {
                let name = match inner.kind {
                    Kind::Array => "arraycomprehension",
                    Kind::Object => "objectcomprehension",
                    Kind::Set => "setcomprehension",
                };
                self.node(name, |page| {
                    inner.key.iter().for_each(|key| page.term(key));
                    page.term(&inner.value);
                    page.body(&inner.body);
                });
            }
            Term::Template { parts, .. } => self.node("templatestring", |page| {
                for part in parts {
                    match part {
                        Part::Text(text) => {
                            page.line(&rego_value::Value::from(&**text).to_json());
                        }
                        Part::Expr(expr) => page.expr(0, expr),
                    }
                }
            }),
        }
    }
}
