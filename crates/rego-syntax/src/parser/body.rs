//! Bodies and their statements: `some`, `every`, `not`, `with`.

use rego_source::Span;

use crate::ast::{Body, Expr, ExprKind, Name, RegoVersion, Term, TermKind, With};
use crate::token::{Keywords, Tok};

use super::Parser;

impl Parser<'_> {
    /// Reads statements up to the closing bracket and ends on it; `start` is where the body's
    /// span starts.
    pub(super) fn parse_body(&mut self, end: Tok, start: u32) -> Option<Body> {
        let exprs = self.nested(|p| p.parse_statements(end, false))?;
        Some(Body { exprs, span: Span::new(start, self.at.span.end) })
    }

    /// Reads statements: up to `end`, or, where only `;` separates (`semicolon`), up to the first
    /// that none follows.
    pub(super) fn parse_statements(&mut self, end: Tok, semicolon: bool) -> Option<Vec<Expr>> {
        if self.is(end) {
            self.error(self.at.span, "found empty body");
            return None;
        }
        let mut exprs = Vec::new();
        loop {
            exprs.push(self.parse_literal()?);
            if self.is(Tok::Semicolon) {
                self.scan();
                continue;
            }
            if self.is(end) || semicolon {
                return Some(exprs);
            }
            if !self.at.skipped_newline || self.gives_up() {
                if !self.failed() {
                    self.illegal(&format!("expected \\n or ; or {}", end.name()));
                }
                return None;
            }
        }
    }

    /// Reads one statement.
    pub(super) fn parse_literal(&mut self) -> Option<Expr> {
        let start = self.at.span.start;
        if self.keyword_as_name() {
            return self.parse_literal_expr(start, false);
        }
        let negated = self.is(Tok::Not);
        if negated {
            self.scan();
        }
        match self.tok() {
            Tok::Some | Tok::Every if negated => {
                self.illegal(&format!("illegal negation of '{}'", self.tok().name()));
                None
            }
            Tok::Some => self.parse_some(start),
            Tok::Every => self.parse_every(start),
            _ => self.parse_literal_expr(start, negated),
        }
    }

    fn parse_literal_expr(&mut self, start: u32, negated: bool) -> Option<Expr> {
        let before = self.save();
        let kind = self.parse_expr_kind()?;
        let with = self.parse_with()?;
        if let ExprKind::Term(Term { kind: TermKind::Var(name), .. }) = &kind
            && self.version == RegoVersion::V0
            && &**name == "every"
        {
            self.hint_every(before);
        }
        Some(Expr { kind, negated, with, span: self.span_from(start) })
    }

    fn parse_expr_kind(&mut self) -> Option<ExprKind> {
        let left = self.parse_infix()?;
        let kind: fn(Term, Term) -> ExprKind = match self.tok() {
            Tok::Assign => ExprKind::Assign,
            Tok::Unify => ExprKind::Unify,
            _ => return Some(ExprKind::Term(left)),
        };
        self.scan();
        Some(kind(left, self.parse_infix()?))
    }

    /// Reads the `with` modifiers, if there are any.
    fn parse_with(&mut self) -> Option<Vec<With>> {
        let mut with = Vec::new();
        while self.is(Tok::With) {
            let start = self.at.span.start;
            self.scan();
            if !self.is(Tok::Ident) {
                self.illegal("expected ident");
                return None;
            }
            let target = self.parse_term()?;
            if !matches!(target.kind, TermKind::Var(_) | TermKind::Ref { .. }) {
                self.illegal("expected with target path");
            }
            if !self.is(Tok::As) {
                self.illegal("expected as keyword");
                return None;
            }
            self.scan();
            let value = self.parse_infix()?;
            with.push(With { target, value, span: self.span_from(start) });
        }
        Some(with)
    }

    /// Reads `some x in xs`, or else `some x, y`.
    fn parse_some(&mut self, start: u32) -> Option<Expr> {
        let saved = self.save();
        self.scan();
        match self.parse_infix().map(|term| term.kind) {
            Some(TermKind::In { key, value, domain }) => {
                let kind =
                    ExprKind::SomeIn { key: key.map(|k| *k), value: *value, domain: *domain };
                let with = self.parse_with()?;
                return Some(Expr { kind, negated: false, with, span: self.span_from(start) });
            }
            Some(TermKind::Call { .. } | TermKind::Binary { .. }) => {
                self.illegal("expected `x in xs` or `x, y in xs` expression");
                return None;
            }
            _ => self.restore(saved),
        }
        self.hint_some_in(saved);
        let kind = ExprKind::SomeDecl(self.parse_some_names()?);
        Some(Expr { kind, negated: false, with: Vec::new(), span: self.span_from(start) })
    }

    fn parse_some_names(&mut self) -> Option<Vec<Name>> {
        let mut names = Vec::new();
        loop {
            self.scan();
            if !self.is(Tok::Ident) {
                self.illegal("expected var");
                return None;
            }
            names.push(self.name());
            self.scan();
            if !self.is(Tok::Comma) {
                return Some(names);
            }
        }
    }

    fn parse_every(&mut self, start: u32) -> Option<Expr> {
        self.scan();
        let TermKind::In { key, value, domain } = self.parse_infix()?.kind else {
            self.illegal("expected `x[, y] in xs { ... }` expression");
            return None;
        };
        let is_var = |term: &Term| matches!(term.kind, TermKind::Var(_));
        if !key.as_deref().is_none_or(is_var) {
            self.illegal("expected key to be a variable");
            return None;
        }
        if !is_var(&value) {
            self.illegal("expected value to be a variable");
            return None;
        }
        if !self.is(Tok::LBrace) {
            self.illegal("missing body");
            return None;
        }
        let body = self.parse_braced_body()?;
        let kind = ExprKind::Every { key: key.map(|k| *k), value: *value, domain: *domain, body };
        let with = self.parse_with()?;
        Some(Expr { kind, negated: false, with, span: self.span_from(start) })
    }

    /// Reads a body between braces and moves past it. OPA takes whatever token stands where the
    /// brace should be as one.
    pub(super) fn parse_braced_body(&mut self) -> Option<Body> {
        let start = self.at.span.start;
        self.scan();
        let body = self.parse_body(Tok::RBrace, start)?;
        self.scan();
        Some(body)
    }

    /// Notes, for v0, that the statement would be an `every` with the keyword imported.
    fn hint_every(&mut self, at: super::Saved) {
        if self.would_parse(at, |p| p.parse_every(at.cursor.span.start).is_some()) {
            self.hints
                .push("`import future.keywords.every` for `every x in xs { ... }` expressions");
        }
    }

    /// Notes, for v0, that the statement would be a `some … in` with the keyword imported.
    fn hint_some_in(&mut self, at: super::Saved) {
        let is_membership = |p: &mut Self| {
            p.scan();
            p.parse_infix().is_some_and(|term| matches!(term.kind, TermKind::In { .. }))
        };
        if self.version == RegoVersion::V0 && self.would_parse(at, is_membership) {
            self.hints.push("`import future.keywords.in` for `some x in xs` expressions");
        }
    }

    /// Returns whether something can be read at a place with all future keywords in force.
    fn would_parse(&mut self, at: super::Saved, read: impl FnOnce(&mut Self) -> bool) -> bool {
        if self.lexer.keywords == Keywords::all() {
            return false;
        }
        let now = self.save();
        let errors = std::mem::take(&mut self.errors);
        let tried = std::mem::take(&mut self.not_comprehensions);
        let keywords = std::mem::replace(&mut self.lexer.keywords, Keywords::all());
        self.move_to(at.cursor);
        let parses = read(self);
        self.errors = errors;
        self.not_comprehensions = tried;
        self.lexer.keywords = keywords;
        self.restore(now);
        parses
    }
}
