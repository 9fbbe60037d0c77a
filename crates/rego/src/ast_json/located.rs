//! OPA's JSON of a parsed module with the place of every node: file, row, column, and its text in
//! Base64, as `opa parse --json-include locations` shows it.
//!
//! Must not know: the compiled form.
//!
//! Source: behaviour of OPA's `v1/ast`, `IncludeLocation`.

use std::sync::Arc;

use base64::Engine;
use rego_source::{SourceFile, Span};
use rego_syntax::ast::{self, AssignOp, ExprKind, TermKind as K};
use rego_value::{Number, Value};

use super::write::Fields;

/// Adds places to the nodes of a module.
pub(super) struct Located<'m> {
    file: &'m SourceFile,
    /// How many wildcards were met.
    wildcards: usize,
}

impl<'m> Located<'m> {
    pub(super) fn new(file: &'m Arc<SourceFile>) -> Self {
        Self { file, wildcards: 0 }
    }

    /// Returns the object of a module; of annotations, those of each rule, and comments those given.
    pub(super) fn module(
        &mut self,
        module: &ast::Module,
        (annotations, of_rules): (Vec<Value>, Vec<Vec<Value>>),
        comments: Vec<Value>,
    ) -> Value {
        let package = Value::object_from_strs([
            ("location", self.place(module.package.span)),
            ("path", self.package_path(&module.package)),
        ]);
        let mut out = Fields::new(vec![("package", package)]);
        out.list("imports", module.imports.iter().map(|import| self.import(import)).collect());
        out.list("annotations", annotations);
        out.list(
            "rules",
            module
                .rules
                .iter()
                .zip(of_rules)
                .map(|(rule, of_rule)| self.rule(rule, of_rule))
                .collect(),
        );
        out.list("comments", comments);
        out.object()
    }

    /// Returns the object of a place.
    pub(super) fn place(&self, span: Span) -> Value {
        let at = self.file.position(span.start);
        let text = base64::engine::general_purpose::STANDARD.encode(self.file.slice(span));
        Value::object_from_strs([
            ("file", Value::from(self.file.name())),
            ("row", Value::from(i64::from(at.row))),
            ("col", Value::from(i64::from(at.col))),
            ("text", Value::from(text)),
        ])
    }

    fn typed(&self, name: &str, value: Value, span: Span) -> Value {
        let fields =
            [("location", self.place(span)), ("type", Value::from(name)), ("value", value)];
        Value::object_from_strs(fields)
    }

    fn package_path(&self, package: &ast::Package) -> Value {
        let whole = package.path.iter().map(|name| name.span).reduce(Span::to);
        let root = self.typed("var", Value::from("data"), whole.unwrap_or(package.span));
        let names = package.path.iter();
        let parts = names.map(|name| self.typed("string", Value::from(&*name.text), name.span));
        Value::array(std::iter::once(root).chain(parts).collect())
    }

    fn import(&self, import: &ast::Import) -> Value {
        let part = |(at, name): (usize, &ast::Name)| {
            let kind = if at == 0 { "var" } else { "string" };
            self.typed(kind, Value::from(&*name.text), name.span)
        };
        let parts = Value::array(import.path.iter().enumerate().map(part).collect());
        let whole = import.path.iter().map(|name| name.span).reduce(Span::to);
        let path = self.typed("ref", parts, whole.unwrap_or(import.span));
        let mut out = Fields::new(vec![("path", path), ("location", self.place(import.span))]);
        out.put("alias", import.alias.as_ref().map(|alias| Value::from(&*alias.text)));
        out.object()
    }

    fn rule(&mut self, rule: &ast::Rule, annotations: Vec<Value>) -> Value {
        let head = self.head(&rule.head, rule.head.value.as_ref(), rule.head.span);
        let mut out = Fields::new(vec![("head", head), ("location", self.place(rule.span))]);
        out.put("body", Some(self.rule_body(rule.body.as_ref(), rule.head.span)));
        out.flag("default", rule.default);
        out.list("annotations", annotations);
        let els = rule.els.as_deref().map(|els| self.els(&rule.head, els));
        out.put("else", els);
        out.object()
    }

    fn els(&mut self, head: &ast::Head, els: &ast::Else) -> Value {
        let said = self.head(head, els.value.as_ref(), els.span);
        let mut out = Fields::new(vec![("head", said), ("location", self.place(els.span))]);
        out.put("body", Some(self.rule_body(els.body.as_ref(), els.span)));
        let next = els.els.as_deref().map(|next| self.els(head, next));
        out.put("else", next);
        out.object()
    }

    fn head(
        &mut self,
        head: &ast::Head,
        value: Option<&(ast::Term, AssignOp)>,
        span: Span,
    ) -> Value {
        let mut out = Fields::new(vec![("location", self.place(span))]);
        let reference = match &head.reference.kind {
            K::Ref { head, path } => self.parts(head, path),
            _ => vec![self.term(&head.reference)],
        };
        if let K::Var(name) = &head.reference.kind {
            out.put("name", Some(Value::from(&**name)));
        }
        out.put("ref", Some(Value::array(reference)));
        let args: Vec<Value> = head.args.iter().flatten().map(|arg| self.term(arg)).collect();
        out.list("args", args);
        let key = head.key.as_ref().map(|key| self.term(key));
        let alone = key.is_none();
        out.put("key", key);
        match value {
            Some((value, op)) => {
                out.put("value", Some(self.term(value)));
                out.flag("assign", *op == AssignOp::Assign);
            }
            None if alone => out.put("value", Some(self.typed("boolean", Value::TRUE, span))),
            None => {}
        }
        out.object()
    }

    /// A rule without a body has one that says `true`.
    fn rule_body(&mut self, body: Option<&ast::Body>, head: Span) -> Value {
        match body {
            Some(body) => self.body(body),
            None => {
                let said = self.typed("boolean", Value::TRUE, head);
                let fields =
                    [("index", Value::from(0i64)), ("location", self.place(head)), ("terms", said)];
                Value::array(vec![Value::object_from_strs(fields)])
            }
        }
    }

    fn body(&mut self, body: &ast::Body) -> Value {
        let exprs = body.exprs.iter().enumerate();
        Value::array(exprs.map(|(at, expr)| self.expr(at, expr)).collect())
    }

    fn expr(&mut self, at: usize, expr: &ast::Expr) -> Value {
        let terms = match &expr.kind {
            ExprKind::Term(term) => match self.call(term) {
                Some(terms) => Value::array(terms),
                None => self.term(term),
            },
            ExprKind::Assign(left, right) => self.operation("assign", left, right, expr.span),
            ExprKind::Unify(left, right) => self.operation("eq", left, right, expr.span),
            ExprKind::SomeDecl(names) => {
                let symbols = names.iter().map(|name| self.name(&name.text, name.span)).collect();
                self.some(Value::array(symbols), expr.span)
            }
            ExprKind::SomeIn { key, value, domain } => {
                let parts = self.member(key.as_ref(), value, domain, expr.span);
                let call = self.typed("call", Value::array(parts), expr.span);
                self.some(Value::array(vec![call]), expr.span)
            }
            ExprKind::Every { key, value, domain, body } => {
                let key = key.as_ref().map_or(Value::NULL, |key| self.term(key));
                Value::object_from_strs([
                    ("key", key),
                    ("location", self.place(expr.span)),
                    ("value", self.term(value)),
                    ("domain", self.term(domain)),
                    ("body", self.body(body)),
                ])
            }
        };
        let index = Value::from(i64::try_from(at).unwrap_or(i64::MAX));
        let place = self.place(expr.span);
        let mut out = Fields::new(vec![("index", index), ("location", place), ("terms", terms)]);
        out.flag("negated", expr.negated);
        let with = expr.with.iter().map(|with| {
            Value::object_from_strs([
                ("location", self.place(with.span)),
                ("target", self.term(&with.target)),
                ("value", self.term(&with.value)),
            ])
        });
        let with = with.collect();
        out.list("with", with);
        out.object()
    }

    fn some(&self, symbols: Value, span: Span) -> Value {
        Value::object_from_strs([("location", self.place(span)), ("symbols", symbols)])
    }

    fn name(&mut self, name: &str, span: Span) -> Value {
        if name != "_" {
            return self.typed("var", Value::from(name), span);
        }
        let made_up = format!("${}", self.wildcards);
        self.wildcards += 1;
        self.typed("var", Value::from(made_up), span)
    }

    fn operator(&self, name: &str, span: Span) -> Value {
        let part = |(at, part): (usize, &str)| {
            self.typed(if at == 0 { "var" } else { "string" }, Value::from(part), span)
        };
        let parts = name.split('.').enumerate().map(part).collect();
        self.typed("ref", Value::array(parts), span)
    }

    fn operation(&mut self, name: &str, left: &ast::Term, right: &ast::Term, at: Span) -> Value {
        let operator = self.operator(name, at);
        Value::array(vec![operator, self.term(left), self.term(right)])
    }

    fn member(
        &mut self,
        key: Option<&ast::Term>,
        value: &ast::Term,
        domain: &ast::Term,
        at: Span,
    ) -> Vec<Value> {
        let name = if key.is_some() { "internal.member_3" } else { "internal.member_2" };
        let mut parts = vec![self.operator(name, at)];
        parts.extend(key.map(|key| self.term(key)));
        parts.push(self.term(value));
        parts.push(self.term(domain));
        parts
    }

    /// Returns the function and the operands of a call, an operator's too.
    fn call(&mut self, term: &ast::Term) -> Option<Vec<Value>> {
        Some(match &term.kind {
            K::Call { function, args } => {
                let mut parts = vec![match &function.kind {
                    K::Var(name) => self.operator(name, function.span),
                    _ => self.term(function),
                }];
                parts.extend(args.iter().map(|arg| self.term(arg)));
                parts
            }
            K::Binary { op, left, right, .. } => {
                let operator = self.operator(op.builtin(), term.span);
                vec![operator, self.term(left), self.term(right)]
            }
            K::Minus(inner) => {
                let operator = self.operator("minus", term.span);
                let zero = self.typed("number", Value::from(0i64), term.span);
                vec![operator, zero, self.term(inner)]
            }
            K::In { key, value, domain } => self.member(key.as_deref(), value, domain, term.span),
            _ => return None,
        })
    }

    fn terms(&mut self, terms: &[ast::Term]) -> Value {
        Value::array(terms.iter().map(|term| self.term(term)).collect())
    }

    fn parts(&mut self, head: &ast::Term, path: &[ast::Step]) -> Vec<Value> {
        let mut parts = match &head.kind {
            K::Var(name) => vec![self.name(name, head.span)],
            _ => vec![self.term(head)],
        };
        parts.extend(path.iter().map(|step| self.term(&step.term)));
        parts
    }

    fn term(&mut self, term: &ast::Term) -> Value {
        let span = term.span;
        if let Some(parts) = self.call(term) {
            return self.typed("call", Value::array(parts), span);
        }
        let (name, value) = match &term.kind {
            K::Null => ("null", Value::object(Vec::new())),
            K::Bool(bool) => ("boolean", Value::from(*bool)),
            K::Number(text) => {
                ("number", Number::parse(text).map_or(Value::from(&**text), Value::from))
            }
            K::String { value, .. } => ("string", Value::from(&**value)),
            K::Template { parts, raw } => ("templatestring", self.template(parts, *raw, span)),
            K::Var(name) if matches!(&**name, "input" | "data") => {
                let root = self.typed("var", Value::from(&**name), span);
                ("ref", Value::array(vec![root]))
            }
            K::Var(name) => return self.name(name, span),
            K::Ref { head, path } => ("ref", Value::array(self.parts(head, path))),
            K::Array(items) => ("array", self.terms(items)),
            K::Set(items) => ("set", self.terms(items)),
            K::Object(entries) => {
                let pair = |(key, value): &(ast::Term, ast::Term)| {
                    let key = self.term(key);
                    Value::array(vec![key, self.term(value)])
                };
                ("object", Value::array(entries.iter().map(pair).collect()))
            }
            K::ArrayCompr { value, body } => {
                ("arraycomprehension", self.comprehension((None, "term", value), body))
            }
            K::SetCompr { value, body } => {
                ("setcomprehension", self.comprehension((None, "term", value), body))
            }
            K::ObjectCompr { key, value, body } => {
                ("objectcomprehension", self.comprehension((Some(key), "value", value), body))
            }
            K::Call { .. } | K::Binary { .. } | K::Minus(_) | K::In { .. } => {
                ("null", Value::object(Vec::new())) // handled above
            }
        };
        self.typed(name, value, span)
    }

    fn comprehension(
        &mut self,
        (key, name, value): (Option<&ast::Term>, &str, &ast::Term),
        body: &ast::Body,
    ) -> Value {
        let key = key.map(|key| self.term(key));
        let value = self.term(value);
        let mut out = Fields::new(vec![(name, value)]);
        out.put("body", Some(self.body(body)));
        out.put("key", key);
        out.object()
    }

    fn template(&mut self, parts: &[ast::TemplatePart], raw: bool, span: Span) -> Value {
        let part = |part: &ast::TemplatePart| match part {
            ast::TemplatePart::Text(text) => self.typed("string", Value::from(&**text), span),
            ast::TemplatePart::Expr(expr) => self.expr(0, expr),
        };
        let parts = Value::array(parts.iter().map(part).collect());
        Value::object_from_strs([("parts", parts), ("multi_line", Value::from(raw))])
    }
}
