//! The syntax tree to the formatter's tree: OPA's shape of a module, and OPA's places.
//!
//! Must not know: how anything is printed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use rego_source::Span;

use crate::ast::{self, Term, TermKind};

use super::infix::Infix;
use super::order;
use super::place::{Lines, Place};
use super::tree::{Expr, ExprKind, Kind, Node, With};

/// What makes the formatter's tree.
pub(super) struct Builder<'a> {
    pub(super) lines: &'a Lines<'a>,
    /// The outermost parentheses around a term, by the span of the term.
    parens: BTreeMap<(u32, u32), Span>,
    /// The place that everything has at the moment, where OPA moves a whole tree.
    pub(super) moved: Option<Place>,
    /// Whether a call turned out to be `in`.
    pub(super) calls_in: Cell<bool>,
    /// Variables with names that v1 has no variables of.
    pub(super) keywords: RefCell<Vec<Span>>,
    /// What is printed as it is written, comments included.
    pub(super) templates: RefCell<Vec<Span>>,
}

impl<'a> Builder<'a> {
    /// Returns a builder for a module.
    pub(super) fn new(lines: &'a Lines<'a>, module: &ast::Module) -> Self {
        let key = |span: Span| (span.start, span.end);
        let parens = module.parens.iter().map(|p| (key(p.inner), p.outer)).collect();
        Self {
            lines,
            parens,
            moved: None,
            calls_in: Cell::new(false),
            keywords: RefCell::new(Vec::new()),
            templates: RefCell::new(Vec::new()),
        }
    }

    /// Returns a place, or that to which everything is moved.
    pub(super) fn place(&self, at: u32, text: Span) -> Place {
        self.moved.map_or_else(|| self.lines.place(at, text), Place::lent)
    }

    /// Returns the place of something without parentheses.
    pub(super) fn at(&self, span: Span) -> Place {
        self.place(span.start, span)
    }

    fn outer(&self, span: Span) -> Option<Span> {
        self.parens.get(&(span.start, span.end)).copied()
    }

    /// Returns where a term starts, parentheses included.
    fn first(&self, term: &Term) -> u32 {
        if let Some(outer) = self.outer(term.span) {
            return outer.start;
        }
        match &term.kind {
            TermKind::Binary { left, .. } => self.first(left),
            TermKind::In { key, value, .. } => self.first(key.as_deref().unwrap_or(value)),
            TermKind::Ref { head, .. } => self.first(head),
            TermKind::Call { function, .. } => self.first(function),
            _ => term.span.start,
        }
    }

    /// Returns where a term ends, parentheses included.
    pub(super) fn last(&self, term: &Term) -> u32 {
        if let Some(outer) = self.outer(term.span) {
            return outer.end;
        }
        match &term.kind {
            TermKind::Binary { right, .. } => self.last(right),
            TermKind::In { domain, .. } => self.last(domain),
            _ => term.span.end,
        }
    }

    /// Returns where the text of a reference or call starts for OPA: at the last token of what it
    /// starts from.
    fn chain_start(&self, term: &Term) -> u32 {
        match &term.kind {
            TermKind::Ref { head, .. } => self.chain_start(head),
            TermKind::Call { function, .. } => self.chain_start(function),
            TermKind::Var(_) => term.span.start,
            _ => self.last(term).saturating_sub(1),
        }
    }

    fn text_of(&self, term: &Term) -> Span {
        if let Some(outer) = self.outer(term.span) {
            return outer;
        }
        let start = match &term.kind {
            TermKind::Ref { .. } | TermKind::Call { .. } => self.chain_start(term),
            _ => self.first(term),
        };
        Span::new(start, self.last(term))
    }

    /// Returns a term.
    pub(super) fn node(&self, term: &'a Term) -> Node<'a> {
        let place = self.place(term.span.start, self.text_of(term));
        Node { place, kind: self.kind(term) }
    }

    fn nodes(&self, terms: impl IntoIterator<Item = &'a Term>) -> Vec<Node<'a>> {
        terms.into_iter().map(|term| self.node(term)).collect()
    }

    fn kind(&self, term: &'a Term) -> Kind<'a> {
        match &term.kind {
            TermKind::Null => Kind::Null,
            TermKind::Bool(value) => Kind::Bool(*value),
            TermKind::Number(text) => Kind::Number(text),
            TermKind::String { value, .. } => Kind::Text { value, literal: Some(term.span) },
            TermKind::Template { .. } => {
                self.templates.borrow_mut().push(term.span);
                Kind::Template(term.span)
            }
            TermKind::Var(name) if matches!(&**name, "input" | "data") => {
                Kind::Ref(vec![self.var(name, term.span)])
            }
            TermKind::Var(name) => {
                self.see_name(name, term.span);
                Kind::Var(name)
            }
            TermKind::Ref { .. } => Kind::Ref(self.reference(term)),
            TermKind::Call { function, args } => self.call(function, args),
            TermKind::Binary { op, left, right, .. } => {
                let at = self.at(Span::new(left.span.end, right.span.start));
                Kind::Infix { op: Infix::of(*op), at, args: self.nodes([&**left, right]) }
            }
            TermKind::Minus(inner) => {
                let at = self.at(term.span);
                let zero = Node { place: at, kind: Kind::Number("0") };
                let args = vec![zero, self.node(inner)];
                Kind::Infix { op: Infix::of(ast::BinaryOp::Minus), at, args }
            }
            TermKind::In { key, value, domain } => {
                let at = self.at(term.span);
                let args = self.nodes(key.as_deref().into_iter().chain([&**value, domain]));
                Kind::Infix { op: Infix::membership(key.is_some()), at, args }
            }
            TermKind::Array(items) => Kind::Array(self.nodes(items)),
            TermKind::Set(items) => Kind::Set(order::distinct(self.nodes(items), self.lines)),
            TermKind::Object(pairs) => {
                let pairs = pairs.iter().map(|(key, value)| (self.node(key), self.node(value)));
                Kind::Object(order::distinct_keys(pairs.collect(), self.lines))
            }
            TermKind::ArrayCompr { value, body } => {
                Kind::ArrayCompr { value: Box::new(self.node(value)), body: self.body(body) }
            }
            TermKind::SetCompr { value, body } => {
                Kind::SetCompr { value: Box::new(self.node(value)), body: self.body(body) }
            }
            TermKind::ObjectCompr { key, value, body } => {
                let (key, mut value) = (self.node(key), self.node(value));
                // OPA keeps the value on the row of its key.
                value.place = key.place.lent();
                Kind::ObjectCompr {
                    key: Box::new(key),
                    value: Box::new(value),
                    body: self.body(body),
                }
            }
        }
    }

    fn var(&self, name: &'a str, span: Span) -> Node<'a> {
        Node { place: self.at(span), kind: Kind::Var(name) }
    }

    /// Notes a name that v1 has as a keyword. One with a step after it, `if.x`, is a name there, too.
    fn see_name(&self, name: &str, span: Span) {
        if is_reserved(name) {
            self.keywords.borrow_mut().push(span);
        }
    }

    /// Returns what a name or reference starts from, and its steps.
    pub(super) fn reference(&self, term: &'a Term) -> Vec<Node<'a>> {
        match &term.kind {
            TermKind::Var(name) => {
                self.see_name(name, term.span);
                vec![self.var(name, term.span)]
            }
            TermKind::Ref { head, path } => {
                let mut parts = match &head.kind {
                    TermKind::Var(name) => vec![self.var(name, head.span)],
                    _ => vec![self.node(head)],
                };
                parts.extend(path.iter().map(|step| self.step(step)));
                parts
            }
            _ => vec![self.node(term)],
        }
    }

    fn step(&self, step: &'a ast::Step) -> Node<'a> {
        let mut node = self.node(&step.term);
        if step.dotted
            && let Kind::Text { literal, .. } = &mut node.kind
        {
            *literal = None;
        }
        node
    }

    fn call(&self, function: &'a Term, args: &'a [Term]) -> Kind<'a> {
        let text = Span::new(self.chain_start(function), function.span.end);
        let at = self.place(function.span.start, text);
        let args = self.nodes(args);
        let infix = Infix::named(self.lines.slice(function.span));
        match infix {
            Some(op) => {
                self.calls_in.set(self.calls_in.get() || op.is_in());
                Kind::Infix { op, at, args }
            }
            None => {
                let kind = Kind::Ref(self.reference(function));
                Kind::Call { function: Box::new(Node { place: at, kind }), args }
            }
        }
    }

    /// Returns the statements of a body.
    pub(super) fn body(&self, body: &'a ast::Body) -> Vec<Expr<'a>> {
        body.exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr(&self, expr: &'a ast::Expr) -> Expr<'a> {
        let keyword = |word: &str| {
            let start = expr.span.start;
            self.at(Span::new(start, start + word.len() as u32))
        };
        let join = |op: ast::BinaryOp, left: &'a Term, right: &'a Term| {
            let at = self.at(Span::new(left.span.end, right.span.start));
            let args = self.nodes([left, right]);
            let place = self.place(left.span.start, expr.span);
            ExprKind::Term(Node { place, kind: Kind::Infix { op: Infix::of(op), at, args } })
        };
        let kind = match &expr.kind {
            ast::ExprKind::Term(term) => ExprKind::Term(self.node(term)),
            ast::ExprKind::Assign(left, right) => join(ast::BinaryOp::Assign, left, right),
            ast::ExprKind::Unify(left, right) => join(ast::BinaryOp::Unify, left, right),
            ast::ExprKind::SomeDecl(names) => {
                names.iter().for_each(|name| self.see_name(&name.text, name.span));
                let names = names.iter().map(|name| self.var(&name.text, name.span)).collect();
                ExprKind::SomeDecl { place: keyword("some"), names }
            }
            ast::ExprKind::SomeIn { key, value, domain } => {
                let args = self.nodes(key.iter().chain([value, domain]));
                ExprKind::SomeIn { place: keyword("some"), args }
            }
            ast::ExprKind::Every { key, value, domain, body } => ExprKind::Every {
                place: keyword("every"),
                names: self.nodes(key.iter().chain([value])),
                domain: self.node(domain),
                body: self.body(body),
            },
        };
        let with = expr.with.iter().map(|with| With {
            place: self.at(with.span),
            target: self.node(&with.target),
            value: self.node(&with.value),
        });
        Expr { place: self.at(expr.span), negated: expr.negated, kind, with: with.collect() }
    }
}

/// Returns whether v1 has no variables of a name that v0 has. `contains` is a keyword in heads only.
pub(super) fn is_reserved(name: &str) -> bool {
    matches!(name, "if" | "in" | "every")
}
