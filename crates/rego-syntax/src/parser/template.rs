//! Template strings: `$"… {x} …"`.

use rego_source::Span;

use crate::ast::{Expr, ExprKind, TemplatePart, Term, TermKind, Text};
use crate::lexer::Quote;
use crate::token::Tok;

use super::Parser;
use super::literal::{inside, unescape};

impl Parser<'_> {
    /// Reads a template string; ends on its last piece.
    pub(super) fn parse_template(&mut self) -> Option<Term> {
        if !self.features.template_strings {
            let message = "template strings are not supported by current capabilities";
            self.error(self.at.span, message);
            return None;
        }
        let start = self.at.span.start;
        let raw = matches!(self.tok(), Tok::RawTemplatePart | Tok::RawTemplateEnd);
        let quote = if raw { Quote::Back } else { Quote::Double };
        let mut parts = Vec::new();
        loop {
            let text = self.parse_template_text(raw)?;
            if !text.is_empty() {
                parts.push(TemplatePart::Text(text));
            }
            if matches!(self.tok(), Tok::TemplateEnd | Tok::RawTemplateEnd) {
                break;
            }
            self.scan();
            parts.push(TemplatePart::Expr(Box::new(self.parse_template_expr()?)));
            self.scan_template(quote);
            if self.is(Tok::Illegal) {
                return None;
            }
        }
        let span = Span::new(start, self.at.span.end);
        Some(Term { kind: TermKind::Template { parts, raw }, span })
    }

    /// Reads the current piece of literal text.
    fn parse_template_text(&mut self, raw: bool) -> Option<Text> {
        let literal = self.text();
        let text = inside(literal.strip_prefix('$').unwrap_or(literal));
        if raw {
            return Some(Text::from(text.replace("\\{", "{")));
        }
        let value = unescape(text);
        if value.is_none() {
            self.error(self.at.span, format!("illegal template-string part: {literal}"));
        }
        value
    }

    /// Reads the expression between braces; ends on the closing one.
    fn parse_template_expr(&mut self) -> Option<Expr> {
        let Some(expr) = self.parse_literal() else {
            self.error(self.at.span, "invalid template-string expression");
            return None;
        };
        let unexpected = match &expr.kind {
            _ if expr.negated => "negation ('not')",
            ExprKind::Unify(..) => "unification ('=')",
            ExprKind::Assign(..) => "assignment (':=')",
            ExprKind::Every { .. } => "'every'",
            ExprKind::SomeDecl(_) | ExprKind::SomeIn { .. } => "'some'",
            ExprKind::Term(_) if self.is(Tok::RBrace) => return Some(expr),
            ExprKind::Term(_) => {
                self.error(self.at.span, "expected } to end template string expression");
                return None;
            }
        };
        self.error(expr.span, format!("unexpected {unexpected} in template-string expression"));
        None
    }
}
