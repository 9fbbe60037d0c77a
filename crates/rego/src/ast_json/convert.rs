//! From the syntax tree to OPA's shape.
//!
//! Must not know: what names mean.

use std::sync::Arc;

use rego_syntax::ast::{self, AssignOp, ExprKind, Text};

use super::generate::Names;
use super::node::{
    Body, Comprehension, Every, Expr, Head, Import, Kind, Module, Part, Rule, Term, Terms, With,
};

/// Which of OPA's two forms is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As the parser leaves it.
    Parsed,
    /// As the compiler leaves it.
    Compiled,
}

/// Turns a module around; comments and annotations are left to others.
pub(super) fn module(from: &ast::Module, form: Form, names: &mut Names) -> Module {
    let mut convert = Convert { form, names };
    let path = |names: &[ast::Name]| -> Vec<Term> {
        names.iter().map(|name| Term::String(name.text.clone())).collect()
    };
    let package = [vec![Term::var("data")], path(&from.package.path)].concat();
    let import = |import: &ast::Import| {
        let mut terms = path(&import.path);
        if let (Some(first), Some(root)) = (terms.first_mut(), import.path.first()) {
            *first = Term::Var(root.text.clone());
        }
        Import { path: terms, alias: import.alias.as_ref().map(|name| name.text.clone()) }
    };
    let rules = from.rules.iter().map(|rule| convert.rule(rule)).collect();
    let imports = from.imports.iter().map(import).collect();
    Module { package, imports, rules, annotations: Vec::new() }
}

struct Convert<'n> {
    form: Form,
    names: &'n mut Names,
}

impl Convert<'_> {
    fn rule(&mut self, rule: &ast::Rule) -> Rule {
        let head = self.head(&rule.head);
        let body = self.rule_body(rule.body.as_ref());
        let els = rule.els.as_deref().map(|els| Box::new(self.els(&head, els)));
        Rule { default: rule.default, head, body, els, annotations: Vec::new() }
    }

    fn head(&mut self, head: &ast::Head) -> Head {
        let reference = match self.term(&head.reference) {
            Term::Ref(terms) => terms,
            name => vec![name],
        };
        let args = head.args.iter().flatten().map(|arg| self.term(arg)).collect();
        let key = head.key.as_ref().map(|key| self.term(key));
        let assign = matches!(head.value, Some((_, AssignOp::Assign)));
        let value = match &head.value {
            Some((value, _)) => Some(self.term(value)),
            None => key.is_none().then_some(Term::Bool(true)),
        };
        Head { reference, args, key, value, assign }
    }

    /// A branch repeats the head of the first; only its value is its own.
    fn els(&mut self, head: &Head, els: &ast::Else) -> Rule {
        let mut head = head.clone();
        for arg in &mut head.args {
            if matches!(arg, Term::Var(name) if name.starts_with('$')) {
                *arg = Term::Var(self.names.wildcard());
            }
        }
        head.value = Some(Term::Bool(true));
        if let Some((value, op)) = &els.value {
            head.assign = *op == AssignOp::Assign;
            head.value = Some(self.term(value));
        }
        let body = self.rule_body(els.body.as_ref());
        let els = els.els.as_deref().map(|els| Box::new(self.els(&head, els)));
        Rule { default: false, head, body, els, annotations: Vec::new() }
    }

    /// A rule without a body has one that says `true`.
    fn rule_body(&mut self, body: Option<&ast::Body>) -> Body {
        match body {
            Some(body) => self.body(body),
            None => vec![Expr::new(Terms::Term(Term::Bool(true)))],
        }
    }

    fn body(&mut self, body: &ast::Body) -> Body {
        body.exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr(&mut self, expr: &ast::Expr) -> Expr {
        let terms = match &expr.kind {
            ExprKind::Term(term) => match self.term(term) {
                Term::Call(terms) => Terms::Call(terms),
                term => Terms::Term(term),
            },
            ExprKind::Assign(left, right) => self.operation("assign", left, right),
            ExprKind::Unify(left, right) => self.operation("eq", left, right),
            ExprKind::SomeDecl(names) => {
                let name = |name: &ast::Name| self.var(&name.text);
                Terms::Some(names.iter().map(name).collect())
            }
            ExprKind::SomeIn { key, value, domain } => {
                Terms::Some(vec![self.member(key.as_ref(), value, domain)])
            }
            ExprKind::Every { key, value, domain, body } => {
                let key = key.as_ref().map(|key| self.term(key));
                let (value, domain) = (self.term(value), self.term(domain));
                Terms::Every(Box::new(Every { key, value, domain, body: self.body(body) }))
            }
        };
        let with = |with: &ast::With| {
            let (target, value) = (self.term(&with.target), self.term(&with.value));
            With { target, value, is_function: false }
        };
        let with = expr.with.iter().map(with).collect();
        Expr { with, negated: expr.negated, ..Expr::new(terms) }
    }

    fn operation(&mut self, operator: &str, left: &ast::Term, right: &ast::Term) -> Terms {
        Terms::Call(vec![Term::operator(operator), self.term(left), self.term(right)])
    }

    fn member(&mut self, key: Option<&ast::Term>, value: &ast::Term, domain: &ast::Term) -> Term {
        let name = if key.is_some() { "internal.member_3" } else { "internal.member_2" };
        let mut terms = vec![Term::operator(name)];
        terms.extend(key.map(|key| self.term(key)));
        terms.push(self.term(value));
        terms.push(self.term(domain));
        Term::Call(terms)
    }

    fn var(&mut self, name: &Text) -> Term {
        if &**name == "_" { Term::Var(self.names.wildcard()) } else { Term::Var(Arc::clone(name)) }
    }

    fn terms(&mut self, terms: &[ast::Term]) -> Vec<Term> {
        terms.iter().map(|term| self.term(term)).collect()
    }

    fn term(&mut self, term: &ast::Term) -> Term {
        use ast::TermKind as K;
        match &term.kind {
            K::Null => Term::Null,
            K::Bool(bool) => Term::Bool(*bool),
            K::Number(text) => Term::Number(text.clone()),
            K::String { value, .. } => Term::String(value.clone()),
            K::Template { parts, raw } => self.template(parts, *raw),
            K::Var(name) if matches!(&**name, "input" | "data") => {
                Term::Ref(vec![Term::Var(name.clone())])
            }
            K::Var(name) => self.var(name),
            K::Ref { head, path } => self.reference(head, path),
            K::Call { function, args } => {
                let function = match self.term(function) {
                    Term::Var(name) => Term::Ref(vec![Term::Var(name)]),
                    function => function,
                };
                Term::Call([vec![function], self.terms(args)].concat())
            }
            K::Binary { op, left, right, .. } => {
                Term::Call(vec![Term::operator(op.builtin()), self.term(left), self.term(right)])
            }
            K::Minus(inner) => {
                let zero = Term::Number(Arc::from("0"));
                Term::Call(vec![Term::operator("minus"), zero, self.term(inner)])
            }
            K::In { key, value, domain } => self.member(key.as_deref(), value, domain),
            K::Array(items) => Term::Array(self.terms(items)),
            K::Set(items) => Term::Set(self.terms(items)),
            K::Object(entries) => {
                let entry = |(key, value): &(ast::Term, ast::Term)| {
                    let key = self.term(key);
                    (key, self.term(value))
                };
                Term::Object(entries.iter().map(entry).collect())
            }
            K::ArrayCompr { value, body } => self.comprehension(Kind::Array, (None, value), body),
            K::SetCompr { value, body } => self.comprehension(Kind::Set, (None, value), body),
            K::ObjectCompr { key, value, body } => {
                self.comprehension(Kind::Object, (Some(key), value), body)
            }
        }
    }

    fn reference(&mut self, head: &ast::Term, path: &[ast::Step]) -> Term {
        let head = match self.term(head) {
            Term::Ref(terms) => terms,
            head => vec![head],
        };
        let steps: Vec<Term> = path.iter().map(|step| self.term(&step.term)).collect();
        Term::Ref([head, steps].concat())
    }

    fn comprehension(
        &mut self,
        kind: Kind,
        (key, value): (Option<&ast::Term>, &ast::Term),
        body: &ast::Body,
    ) -> Term {
        let key = key.map(|key| self.term(key));
        let value = self.term(value);
        let body = self.body(body);
        Term::Comprehension(Box::new(Comprehension { kind, key, value, body }))
    }

    /// The compiler calls `internal.template_string` with strings, and a set of at most one value
    /// for each expression.
    fn template(&mut self, parts: &[ast::TemplatePart], raw: bool) -> Term {
        let part = |part: &ast::TemplatePart| match part {
            ast::TemplatePart::Text(text) => Part::Text(text.clone()),
            ast::TemplatePart::Expr(expr) => Part::Expr(self.expr(expr)),
        };
        let parts: Vec<Part> = parts.iter().map(part).collect();
        if self.form == Form::Parsed {
            return Term::Template { parts, multi_line: raw };
        }
        let item = |part: Part| match part {
            Part::Text(text) => Term::String(text),
            Part::Expr(expr) => {
                let value = match expr.terms {
                    Terms::Call(terms) => Term::Call(terms),
                    Terms::Term(term) => term,
                    Terms::Some(_) | Terms::Every(_) => Term::Null, // the parser refuses both
                };
                let mut capture = self.names.capture(value);
                if let Term::Comprehension(capture) = &mut capture
                    && let Some(first) = capture.body.first_mut()
                {
                    first.with = expr.with;
                }
                capture
            }
        };
        let items = parts.into_iter().map(item).collect();
        Term::Call(vec![Term::operator("internal.template_string"), Term::Array(items)])
    }
}
