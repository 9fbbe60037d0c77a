//! Terms: operators and what stands between them.

use rego_source::Span;

use crate::ast::{BinaryOp, Parens, Term, TermKind};
use crate::token::Tok;

use super::Parser;

/// How strongly the comparisons bind: the weakest operators but `in`.
const COMPARISON: u8 = 1;

/// Whether `k, v in xs` may stand here, or a comma ends the term.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comma {
    /// `k, v in xs` is read as one term.
    Pairs,
    /// The comma separates elements.
    Separates,
}

fn binary_op(tok: Tok) -> Option<(BinaryOp, u8)> {
    Some(match tok {
        Tok::Equal => (BinaryOp::Equal, COMPARISON),
        Tok::NotEqual => (BinaryOp::NotEqual, COMPARISON),
        Tok::Less => (BinaryOp::Less, COMPARISON),
        Tok::LessEqual => (BinaryOp::LessEqual, COMPARISON),
        Tok::Greater => (BinaryOp::Greater, COMPARISON),
        Tok::GreaterEqual => (BinaryOp::GreaterEqual, COMPARISON),
        Tok::Or => (BinaryOp::Or, 2),
        Tok::And => (BinaryOp::And, 3),
        Tok::Plus => (BinaryOp::Plus, 4),
        Tok::Minus => (BinaryOp::Minus, 4),
        Tok::Mul => (BinaryOp::Mul, 5),
        Tok::Div => (BinaryOp::Div, 5),
        Tok::Rem => (BinaryOp::Rem, 5),
        _ => return None,
    })
}

impl Parser<'_> {
    /// Reads a term with its operators, `k, v in xs` included.
    pub(super) fn parse_infix(&mut self) -> Option<Term> {
        self.parse_operators(None, Comma::Pairs)
    }

    /// Reads a term with its operators; a comma ends it.
    pub(super) fn parse_element(&mut self) -> Option<Term> {
        self.parse_operators(None, Comma::Separates)
    }

    /// Reads the operators after a first operand, or that one, too.
    pub(super) fn parse_operators(&mut self, first: Option<Term>, comma: Comma) -> Option<Term> {
        let around = if first.is_none() { std::mem::take(&mut self.height) } else { 0 };
        let term = self.parse_membership(first, comma);
        self.height = self.height.max(around);
        term
    }

    fn parse_membership(&mut self, first: Option<Term>, comma: Comma) -> Option<Term> {
        let mut left = self.parse_binary(COMPARISON, first)?;
        loop {
            if comma == Comma::Pairs && self.is(Tok::Comma) {
                let saved = self.save();
                match self.parse_pair_membership() {
                    Some((value, domain)) => {
                        left = membership(Some(left), value, domain);
                        if self.grow() && self.is(Tok::In) {
                            continue;
                        }
                        break;
                    }
                    None => self.restore(saved),
                }
            }
            self.keyword_as_name();
            if !self.is(Tok::In) {
                break;
            }
            self.scan();
            let Some(domain) = self.parse_binary(COMPARISON, None) else {
                break;
            };
            left = membership(None, left, domain);
            if !self.grow() || !self.is(Tok::In) {
                break;
            }
        }
        Some(left)
    }

    /// Reads `, v in xs` after a key.
    fn parse_pair_membership(&mut self) -> Option<(Term, Term)> {
        self.scan();
        let value = self.parse_binary(COMPARISON, None)?;
        if !self.is(Tok::In) {
            return None;
        }
        self.scan();
        let domain = self.parse_binary(COMPARISON, None)?;
        Some((value, domain))
    }

    /// Reads operators that bind at least as strongly as `weakest`, all from the left. Where an
    /// operand is missing what was read so far is the term, as in OPA, and the error stands.
    fn parse_binary(&mut self, weakest: u8, first: Option<Term>) -> Option<Term> {
        let around = if first.is_none() { std::mem::take(&mut self.height) } else { 0 };
        let left = match first {
            Some(term) => term,
            None => self.parse_term()?,
        };
        let term = self.parse_chain_of(weakest, left);
        self.height = self.height.max(around);
        Some(term)
    }

    fn parse_chain_of(&mut self, weakest: u8, mut left: Term) -> Term {
        let mut strongest = u8::MAX;
        while let Some((op, strength)) = binary_op(self.tok()) {
            if strength < weakest || strength > strongest {
                break;
            }
            self.scan();
            match self.parse_binary(strength + 1, None) {
                Some(right) => left = binary(op, left, right),
                None => strongest = strength - 1,
            }
            if !self.grow() {
                break;
            }
        }
        left
    }

    /// Reads a term without operators: a literal, name, collection or parenthesis, with the
    /// references and calls that directly follow.
    pub(super) fn parse_term(&mut self) -> Option<Term> {
        self.nested(|p| {
            let head = p.parse_head_term()?;
            p.parse_term_finish(head)
        })
    }

    fn parse_head_term(&mut self) -> Option<Term> {
        let literal = |kind| Some(Term { kind, span: self.at.span });
        match self.tok() {
            Tok::Null => literal(TermKind::Null),
            Tok::True => literal(TermKind::Bool(true)),
            Tok::False => literal(TermKind::Bool(false)),
            Tok::Minus | Tok::Dot | Tok::Number => self.parse_number(),
            Tok::String => self.parse_string(),
            Tok::RawString => Some(self.parse_raw_string()),
            Tok::TemplatePart | Tok::TemplateEnd | Tok::RawTemplatePart | Tok::RawTemplateEnd => {
                self.parse_template()
            }
            // `contains` is a keyword in rule heads only.
            Tok::Ident | Tok::Contains => Some(self.var()),
            Tok::LBrack => self.parse_array(),
            Tok::LBrace => self.parse_set_or_object(),
            Tok::LParen => self.parse_parentheses(),
            _ => {
                self.illegal_token();
                None
            }
        }
    }

    fn parse_parentheses(&mut self) -> Option<Term> {
        let start = self.at.span.start;
        self.scan();
        let mut term = self.parse_infix()?;
        if !self.is(Tok::RParen) {
            self.error(self.at.span, "non-terminated expression");
            return None;
        }
        if let TermKind::Binary { parens, .. } = &mut term.kind {
            *parens = true;
        }
        // The tree has no level for parentheses.
        self.height = self.height.saturating_sub(1);
        let outer = Span::new(start, self.at.span.end);
        self.parens.push(Parens { inner: term.span, outer });
        Some(term)
    }
}

fn binary(op: BinaryOp, left: Term, right: Term) -> Term {
    let span = left.span.to(right.span);
    let kind = TermKind::Binary { op, left: Box::new(left), right: Box::new(right), parens: false };
    Term { kind, span }
}

fn membership(key: Option<Term>, value: Term, domain: Term) -> Term {
    let first: Span = key.as_ref().map_or(value.span, |k| k.span);
    let span = first.to(domain.span);
    let kind =
        TermKind::In { key: key.map(Box::new), value: Box::new(value), domain: Box::new(domain) };
    Term { kind, span }
}
