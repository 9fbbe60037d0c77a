//! Heads of rules.

use crate::ast::{AssignOp, Head, Term, TermKind};
use crate::token::Tok;

use super::Parser;

/// A head, and what only the parser of rules has to know about it.
pub(super) struct ParsedHead {
    /// The head, with any key in its reference still.
    pub(super) head: Head,
    /// Whether blanks stand between the name and what follows it, as only a head allows.
    pub(super) loose: bool,
}

impl Head {
    /// Returns how many parts the reference has.
    pub(super) fn reference_len(&self) -> usize {
        match &self.reference.kind {
            TermKind::Ref { path, .. } => path.len() + 1,
            _ => 1,
        }
    }
}

impl Parser<'_> {
    /// Reads a head; the current token is its name.
    pub(super) fn parse_head(&mut self, default: bool) -> Option<ParsedHead> {
        let start = self.at.span.start;
        let name = self.var();
        let (target, loose) = self.parse_head_finish(name)?;
        let (reference, args) = match target.kind {
            TermKind::Call { function, args } => (*function, Some(args)),
            kind => (Term { kind, span: target.span }, None),
        };
        if !starts_with_var(&reference) {
            return None;
        }
        let mut head = Head {
            reference,
            args,
            key: None,
            contains: false,
            value: None,
            has_if: false,
            span: self.span_from(start),
        };
        match self.tok() {
            Tok::Contains => self.parse_contains(&mut head),
            Tok::Unify => self.parse_value(&mut head, AssignOp::Unify, default),
            Tok::Assign => self.parse_value(&mut head, AssignOp::Assign, default),
            _ => {}
        }
        head.span = self.span_from(start);
        Some(ParsedHead { head, loose })
    }

    /// Reads the reference or call that a name starts. Blanks may stand after the name.
    fn parse_head_finish(&mut self, name: Term) -> Option<(Term, bool)> {
        self.scan_blank();
        if is_operator(self.tok()) {
            self.illegal_token();
        }
        let loose = self.is(Tok::Whitespace);
        if loose {
            self.scan();
        }
        let term = match self.tok() {
            Tok::LParen | Tok::Dot | Tok::LBrack => match self.parse_ref(name) {
                Some(term) => term,
                None => {
                    self.illegal("expected rule head name");
                    return None;
                }
            },
            _ => return Some((name, false)),
        };
        Some((term, loose))
    }

    fn parse_contains(&mut self, head: &mut Head) {
        let name = self.reference_text(&head.reference);
        if head.args.is_some() {
            self.illegal(&format!(
                "the contains keyword can only be used with multi-value rule definitions (e.g., \
                 {name} contains <VALUE> {{ ... }})"
            ));
        }
        self.scan();
        head.contains = true;
        head.key = self.parse_infix();
        if head.key.is_none() {
            self.illegal(&format!(
                "expected rule key term (e.g., {name} contains <VALUE> {{ ... }})"
            ));
        }
    }

    fn parse_value(&mut self, head: &mut Head, op: AssignOp, default: bool) {
        self.scan();
        if let Some(value) = self.parse_infix() {
            head.value = Some((value, op));
            return;
        }
        let name = self.reference_text(&head.reference);
        let is_function = head.args.as_ref().is_some_and(|args| !args.is_empty());
        let wanted = match op {
            AssignOp::Unify => format!("rule value term (e.g., {name}[<nil>] = <VALUE> {{ ... }})"),
            AssignOp::Assign if is_function => {
                format!("function value term (e.g., {name}(...) := <VALUE> {{ ... }})")
            }
            AssignOp::Assign if default => {
                format!("default rule value term (e.g., default {name} := <VALUE>)")
            }
            AssignOp::Assign => format!("rule value term (e.g., {name} := <VALUE> {{ ... }})"),
        };
        self.illegal(&format!("expected {wanted}"));
    }

    /// Returns a reference as OPA prints it: string steps that are names after a dot.
    pub(super) fn reference_text(&self, reference: &Term) -> String {
        let TermKind::Ref { head, path } = &reference.kind else {
            return self.slice(reference.span).to_owned();
        };
        let mut text = self.slice(head.span).to_owned();
        for step in path {
            match &step.term.kind {
                TermKind::String { value, .. } if is_name(value) => {
                    text.push('.');
                    text.push_str(value);
                }
                TermKind::String { value, .. } => text.push_str(&format!("[{value:?}]")),
                _ => text.push_str(&format!("[{}]", self.slice(step.term.span))),
            }
        }
        text
    }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !Tok::of_word(text.as_bytes()).is_keyword()
}

fn is_operator(tok: Tok) -> bool {
    matches!(
        tok,
        Tok::Plus
            | Tok::Minus
            | Tok::Mul
            | Tok::Div
            | Tok::Rem
            | Tok::And
            | Tok::Or
            | Tok::Equal
            | Tok::NotEqual
            | Tok::Greater
            | Tok::GreaterEqual
            | Tok::Less
            | Tok::LessEqual
    )
}

/// Returns whether a reference starts with a variable, as a rule's must.
pub(super) fn starts_with_var(reference: &Term) -> bool {
    match &reference.kind {
        TermKind::Var(_) => true,
        TermKind::Ref { head, .. } => matches!(head.kind, TermKind::Var(_)),
        _ => false,
    }
}
