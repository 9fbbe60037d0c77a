//! References and calls: what directly follows a term.

use rego_source::Span;

use crate::ast::{Step, Term, TermKind, Text};
use crate::token::Tok;

use super::Parser;

impl Parser<'_> {
    /// Reads what directly follows a term whose last token is the current one.
    pub(super) fn parse_term_finish(&mut self, head: Term) -> Option<Term> {
        self.scan_blank();
        match self.tok() {
            Tok::LParen | Tok::Dot | Tok::LBrack => self.parse_ref(head),
            Tok::Whitespace => {
                self.scan();
                Some(head)
            }
            _ => Some(head),
        }
    }

    /// Reads steps and calls after a head; the current token starts the first.
    pub(super) fn parse_ref(&mut self, mut head: Term) -> Option<Term> {
        loop {
            if !can_be_dereferenced(&head) {
                let kind = value_name(&head);
                self.error(head.span, format!("illegal ref (head cannot be {kind})"));
            }
            let term = self.parse_steps(head)?;
            if !self.is(Tok::LParen) {
                if self.is(Tok::Whitespace) {
                    self.scan();
                }
                return Some(term);
            }
            head = self.parse_call(term)?;
            if !self.grow() {
                return None;
            }
            match self.tok() {
                Tok::Dot | Tok::LBrack => {}
                Tok::Whitespace => {
                    self.scan();
                    return Some(head);
                }
                _ => return Some(head),
            }
        }
    }

    /// Reads `.a` and `[b]` as long as they follow each other.
    fn parse_steps(&mut self, head: Term) -> Option<Term> {
        let mut path = Vec::new();
        loop {
            match self.tok() {
                Tok::Dot => path.push(self.parse_dot()?),
                Tok::LBrack => path.push(self.parse_bracket()?),
                _ => break,
            }
        }
        if path.is_empty() {
            return Some(head);
        }
        let span = self.span_from(head.span.start);
        Some(Term { kind: TermKind::Ref { head: Box::new(head), path }, span })
    }

    fn parse_dot(&mut self) -> Option<Step> {
        self.scan_blank();
        let keyword = self.features.keywords_in_refs && self.tok().is_keyword();
        if !self.is(Tok::Ident) && !keyword {
            self.illegal("expected identifier");
            return None;
        }
        let kind = TermKind::String { value: Text::from(self.text()), raw: false };
        let term = Term { kind, span: self.at.span };
        self.scan_blank();
        Some(Step { term, dotted: true })
    }

    fn parse_bracket(&mut self) -> Option<Step> {
        self.scan();
        let term = self.parse_infix()?;
        if !self.is(Tok::RBrack) {
            self.illegal("expected [");
            return None;
        }
        self.scan_blank();
        Some(Step { term, dotted: false })
    }

    /// Reads a call's operands; `set()` is the empty set.
    fn parse_call(&mut self, function: Term) -> Option<Term> {
        let start = function.span.start;
        self.scan();
        let args = if self.is(Tok::RParen) {
            Vec::new()
        } else {
            self.parse_list(Tok::RParen, Vec::new())?
        };
        let span = Span::new(start, self.at.span.end);
        self.scan_blank();
        let is_set = args.is_empty() && matches!(&function.kind, TermKind::Var(v) if &**v == "set");
        let kind = if is_set {
            TermKind::Set(Vec::new())
        } else {
            TermKind::Call { function: Box::new(function), args }
        };
        Some(Term { kind, span })
    }
}

fn can_be_dereferenced(head: &Term) -> bool {
    !matches!(
        &head.kind,
        TermKind::Null
            | TermKind::Bool(_)
            | TermKind::Number(_)
            | TermKind::String { .. }
            | TermKind::Template { .. }
            | TermKind::Ref { .. }
    )
}

/// Returns what OPA calls a term of this kind. `input` and `data` are references to it.
pub(super) fn value_name(term: &Term) -> &'static str {
    match &term.kind {
        TermKind::Null => "null",
        TermKind::Bool(_) => "boolean",
        TermKind::Number(_) => "number",
        TermKind::String { .. } => "string",
        TermKind::Template { .. } => "templatestring",
        TermKind::Var(name) if matches!(&**name, "input" | "data") => "ref",
        TermKind::Var(_) => "var",
        TermKind::Ref { .. } => "ref",
        TermKind::Call { .. }
        | TermKind::Binary { .. }
        | TermKind::Minus(_)
        | TermKind::In { .. } => "call",
        TermKind::Array(_) => "array",
        TermKind::Object(_) => "object",
        TermKind::Set(_) => "set",
        TermKind::ArrayCompr { .. } => "arraycomprehension",
        TermKind::SetCompr { .. } => "setcomprehension",
        TermKind::ObjectCompr { .. } => "objectcomprehension",
    }
}
