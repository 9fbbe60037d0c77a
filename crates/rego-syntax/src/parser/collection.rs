//! Arrays, sets, objects and comprehensions.
//!
//! `[a | b]` is a comprehension where it can be one, else an array of one union. A comprehension
//! is tried first; where its body ends at a comma, the text is read again as elements.

use rego_source::Span;

use crate::ast::{Body, Term, TermKind};
use crate::token::Tok;

use super::Parser;
use super::term::Comma;

/// What became of an attempt to read `| body`.
enum Attempt {
    Comprehension(Body),
    /// It is none; the parser stands before the `|` again.
    None,
    /// It is a broken one; the error is reported.
    Failed,
}

impl Parser<'_> {
    /// Reads an array; ends on its `]`.
    pub(super) fn parse_array(&mut self) -> Option<Term> {
        let start = self.at.span.start;
        self.scan();
        let kind = self.parse_array_inside()?;
        Some(Term { kind, span: Span::new(start, self.at.span.end) })
    }

    fn parse_array_inside(&mut self) -> Option<TermKind> {
        if self.is(Tok::RBrack) {
            return Some(TermKind::Array(Vec::new()));
        }
        let leading_comma = self.skip_leading_comma();
        let head = self.parse_term()?;
        if self.is(Tok::Or) && !leading_comma {
            match self.try_comprehension(Tok::RBrack, true) {
                Attempt::Comprehension(body) => {
                    return Some(TermKind::ArrayCompr { value: Box::new(head), body });
                }
                Attempt::None => {}
                Attempt::Failed => return None,
            }
        }
        let first = self.parse_operators(Some(head), Comma::Separates)?;
        self.parse_list_from(Tok::RBrack, first).map(TermKind::Array)
    }

    /// Skips the comma that OPA allows before the first element.
    fn skip_leading_comma(&mut self) -> bool {
        let comma = self.is(Tok::Comma);
        if comma {
            self.scan();
        }
        comma
    }

    /// Reads `| body` up to the closing bracket. Where it fails on a comma, or `fallback` does not
    /// depend on one, the caller may read on from the `|`.
    fn try_comprehension(&mut self, end: Tok, only_before_comma: bool) -> Attempt {
        let bar = self.at.span.start;
        if self.not_comprehensions.contains(&bar) {
            return Attempt::None;
        }
        let saved = self.save();
        self.scan();
        if let Some(body) = self.parse_body(end, saved.cursor.span.end) {
            return Attempt::Comprehension(body);
        }
        if only_before_comma && !self.is(Tok::Comma) {
            return Attempt::Failed;
        }
        self.restore(saved);
        self.not_comprehensions.insert(bar);
        Attempt::None
    }

    /// Reads a set or object; ends on its `}`.
    pub(super) fn parse_set_or_object(&mut self) -> Option<Term> {
        let start = self.at.span.start;
        self.scan();
        let kind = self.parse_braces_inside()?;
        Some(Term { kind, span: Span::new(start, self.at.span.end) })
    }

    fn parse_braces_inside(&mut self) -> Option<TermKind> {
        if self.is(Tok::RBrace) {
            return Some(TermKind::Object(Vec::new()));
        }
        let comprehension = !self.skip_leading_comma();
        let head = self.parse_term()?;
        if self.is(Tok::Or) && comprehension {
            match self.try_comprehension(Tok::RBrace, true) {
                Attempt::Comprehension(body) => {
                    return Some(TermKind::SetCompr { value: Box::new(head), body });
                }
                Attempt::None => {}
                Attempt::Failed => return None,
            }
            let first = self.parse_operators(Some(head), Comma::Separates)?;
            return self.parse_list_from(Tok::RBrace, first).map(TermKind::Set);
        }
        let first = self.parse_operators(Some(head), Comma::Separates)?;
        match self.tok() {
            Tok::RBrace | Tok::Comma => self.parse_list_from(Tok::RBrace, first).map(TermKind::Set),
            Tok::Colon => self.parse_object(first, comprehension),
            _ => {
                self.illegal("non-terminated set");
                None
            }
        }
    }

    /// Reads an object from the colon after its first key on.
    fn parse_object(&mut self, key: Term, comprehension: bool) -> Option<TermKind> {
        self.scan();
        let at_value = self.save();
        let head = self.parse_term()?;
        if comprehension {
            match self.tok() {
                Tok::RBrace | Tok::Comma => {
                    let pairs = self.parse_pairs_from(key, head);
                    if pairs.is_none() {
                        self.restore(at_value);
                        self.illegal("non-terminated object");
                    }
                    return pairs.map(TermKind::Object);
                }
                Tok::Or => {
                    if let Attempt::Comprehension(body) = self.try_comprehension(Tok::RBrace, false)
                    {
                        let (key, value) = (Box::new(key), Box::new(head));
                        return Some(TermKind::ObjectCompr { key, value, body });
                    }
                }
                _ => {}
            }
        }
        let value = self.parse_operators(Some(head), Comma::Separates)?;
        match self.tok() {
            Tok::RBrace | Tok::Comma => self.parse_pairs_from(key, value).map(TermKind::Object),
            _ => {
                self.illegal("non-terminated object");
                None
            }
        }
    }

    /// Reads the elements after a first one, up to the closing bracket.
    fn parse_list_from(&mut self, end: Tok, first: Term) -> Option<Vec<Term>> {
        match self.tok() {
            tok if tok == end => Some(vec![first]),
            Tok::Comma => {
                self.scan();
                self.parse_list(end, vec![first])
            }
            _ => {
                self.expected_comma(end);
                None
            }
        }
    }

    /// Reads elements up to the closing bracket; a comma may stand before that.
    pub(super) fn parse_list(&mut self, end: Tok, mut terms: Vec<Term>) -> Option<Vec<Term>> {
        while !self.is(end) {
            terms.push(self.parse_element()?);
            self.end_element(end)?;
        }
        Some(terms)
    }

    fn parse_pairs_from(&mut self, key: Term, value: Term) -> Option<Vec<(Term, Term)>> {
        let mut pairs = vec![(key, value)];
        if self.is(Tok::Comma) {
            self.scan();
        }
        while !self.is(Tok::RBrace) {
            let key = self.parse_element()?;
            if !self.is(Tok::Colon) {
                self.illegal("expected \":\"");
                return None;
            }
            self.scan();
            pairs.push((key, self.parse_element()?));
            self.end_element(Tok::RBrace)?;
        }
        Some(pairs)
    }

    /// Reads the comma after an element, if the bracket does not close.
    fn end_element(&mut self, end: Tok) -> Option<()> {
        if self.is(Tok::Comma) {
            self.scan();
        } else if !self.is(end) {
            self.expected_comma(end);
            return None;
        }
        Some(())
    }

    fn expected_comma(&mut self, end: Tok) {
        self.illegal(&format!("expected \",\" or \"{}\"", end.name()));
    }
}
