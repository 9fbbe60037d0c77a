//! Rules: what follows a head.

use rego_source::Span;

use crate::ast::{AssignOp, Body, Else, Head, Rule, Term, TermKind};
use crate::token::Tok;

use super::check::{default_arguments_faults, default_value_faults, is_ground};
use super::{HEIGHT_MAX, Parser};

/// What a statement that may be a rule turned out to be.
pub(super) enum Parsed {
    /// One rule, or a chain of them.
    Rules(Vec<Rule>),
    /// No rule: it may be a bare head, which is read as a statement.
    Other,
}

impl Parser<'_> {
    /// Reads a rule.
    pub(super) fn parse_rules(&mut self) -> Parsed {
        let start = self.at.span.start;
        self.height = 0;
        self.keyword_as_name();
        let default = self.is(Tok::Default);
        if default {
            self.scan();
            self.keyword_as_name();
        }
        if !self.is(Tok::Ident) {
            return Parsed::Other;
        }
        let Some(parsed) = self.parse_head(default) else {
            return Parsed::Other;
        };
        if default {
            return self.finish_default(start, parsed.head);
        }
        if self.is_constant(&parsed.head) && !parsed.loose {
            return Parsed::Rules(vec![self.rule(start, parsed.head, None)]);
        }
        match self.parse_rest(start, parsed.head) {
            Some(rules) => Parsed::Rules(rules),
            None => Parsed::Other,
        }
    }

    /// Returns whether the head is the whole rule, `p := 1`. OPA reads it again as a statement,
    /// which a `;` or `with` would go on with.
    fn is_constant(&self, head: &Head) -> bool {
        let goes_on = matches!(self.tok(), Tok::If | Tok::LBrace | Tok::Semicolon | Tok::With);
        head.value.is_some() && !goes_on && !self.failed()
    }

    fn rule(&self, start: u32, head: Head, body: Option<Body>) -> Rule {
        let span = self.span_from(start);
        Rule { default: false, chained: false, head, body, els: None, span }
    }

    /// Checks a default rule. `default p` alone is `true`, as in OPA.
    fn finish_default(&mut self, start: u32, mut head: Head) -> Parsed {
        let span = self.span_from(start);
        let is_function = head.args.as_ref().is_some_and(|args| !args.is_empty());
        if head.value.is_none() && (head.reference_len() != 2 || is_function) {
            let value = Term { kind: TermKind::Bool(true), span: head.span };
            head.value = Some((value, AssignOp::Unify));
        }
        let faults = match &head.value {
            None => vec!["must have a value".to_owned()],
            Some((value, _)) => {
                let mut faults = default_value_faults(value);
                if faults.is_empty() {
                    faults = default_arguments_faults(head.args.as_deref().unwrap_or_default());
                }
                faults
            }
        };
        if !faults.is_empty() {
            for fault in faults {
                self.error(span, format!("illegal default rule ({fault})"));
            }
            return Parsed::Other;
        }
        Parsed::Rules(vec![Rule { default: true, ..self.rule(start, head, None) }])
    }

    /// Reads what follows the head of a rule that is no default.
    fn parse_rest(&mut self, start: u32, mut head: Head) -> Option<Vec<Rule>> {
        head.has_if = self.is(Tok::If);
        if !head.has_if && !head.contains && head.args.is_none() {
            take_key(&mut head);
        }
        let body = if head.has_if {
            self.scan();
            Some(self.parse_if_body()?)
        } else if self.is(Tok::LBrace) {
            Some(self.parse_braced_body()?)
        } else if head.contains {
            return Some(vec![self.rule(start, head, None)]);
        } else {
            return None;
        };
        let mut rule = self.rule(start, head, body);
        if self.is(Tok::Else) && !self.keyword_as_name() {
            rule.els = Some(Box::new(self.parse_else_of(&rule.head)?));
        }
        rule.span = self.span_from(start);
        self.parse_chain(rule)
    }

    /// Reads the body after `if`: a statement, or several in braces. Braces that can be read as
    /// an object or comprehension are one; a set never fails, so that none is meant.
    fn parse_if_body(&mut self) -> Option<Body> {
        let saved = self.save();
        let start = self.at.span.start;
        if let Some(expr) = self.parse_literal()
            && !matches!(
                &expr.kind,
                crate::ast::ExprKind::Term(Term { kind: TermKind::Set(_), .. })
            )
        {
            return Some(Body { exprs: vec![expr], span: self.span_from(start) });
        }
        self.restore(saved);
        self.parse_braced_body()
    }

    /// Reads v0's further bodies `{ … } { … }`.
    fn parse_chain(&mut self, rule: Rule) -> Option<Vec<Rule>> {
        let mut rules = vec![rule];
        while self.is(Tok::LBrace) {
            let first = rules.first()?;
            if first.els.is_some() {
                self.error(self.at.span, "expected else keyword");
                return None;
            }
            let head = first.head.clone();
            let start = self.at.span.start;
            let body = self.parse_braced_body()?;
            let rule = self.rule(start, head, Some(body));
            rules.push(Rule { chained: true, ..rule });
        }
        Some(rules)
    }

    fn parse_else_of(&mut self, head: &Head) -> Option<Else> {
        if let TermKind::Ref { path, .. } = &head.reference.kind
            && !path.iter().all(|step| is_ground(&step.term))
        {
            self.error(self.at.span, "else keyword cannot be used on rules with variables in head");
            return None;
        }
        if head.key.is_some() || is_partial_object(head) {
            self.error(self.at.span, "else keyword cannot be used on multi-value rules");
            return None;
        }
        self.parse_else_chain()
    }

    /// Reads all else branches, and ties them together from the last.
    fn parse_else_chain(&mut self) -> Option<Else> {
        let mut branches: Vec<Else> = Vec::new();
        while self.is(Tok::Else) {
            if branches.len() >= HEIGHT_MAX as usize {
                self.too_deep();
                return None;
            }
            let branch = self.parse_else()?;
            let last = branch.body.is_none();
            branches.push(branch);
            if last {
                break;
            }
        }
        let end = self.at.last_end;
        let mut chain: Option<Box<Else>> = None;
        while let Some(mut branch) = branches.pop() {
            branch.els = chain;
            branch.span = Span::new(branch.span.start, end);
            chain = Some(Box::new(branch));
        }
        chain.map(|first| *first)
    }

    /// Reads one else branch without those after it.
    fn parse_else(&mut self) -> Option<Else> {
        let start = self.at.span.start;
        self.scan();
        let op = match self.tok() {
            Tok::LBrace | Tok::If => None,
            Tok::Assign => Some(AssignOp::Assign),
            Tok::Unify => Some(AssignOp::Unify),
            _ => {
                self.illegal("expected else value term or rule body");
                return None;
            }
        };
        let value = match op {
            None => None,
            Some(op) => {
                self.scan();
                Some((self.parse_infix()?, op))
            }
        };
        let has_if = self.is(Tok::If);
        let body =
            if has_if || self.is(Tok::LBrace) { Some(self.parse_else_body(has_if)?) } else { None };
        Some(Else { value, has_if, body, els: None, span: self.span_from(start) })
    }

    fn parse_else_body(&mut self, has_if: bool) -> Option<Body> {
        if has_if {
            self.scan();
        }
        match self.tok() {
            Tok::LBrace => self.parse_braced_body(),
            Tok::Eof => {
                self.illegal("rule body expected");
                None
            }
            _ => {
                let start = self.at.span.start;
                let expr = self.parse_literal()?;
                Some(Body { exprs: vec![expr], span: self.span_from(start) })
            }
        }
    }
}

/// Makes `p[x]` without a value a partial set with the element `x`.
pub(super) fn take_key(head: &mut Head) {
    if head.value.is_some() || head.reference_len() != 2 {
        return;
    }
    let TermKind::Ref { head: name, path } = &mut head.reference.kind else {
        return;
    };
    head.key = path.pop().map(|step| step.term);
    let name = std::mem::replace(&mut **name, Term { kind: TermKind::Null, span: Span::default() });
    head.reference = name;
}

/// Returns whether it is `p[x] = v` without `if`, which v0 reads as a partial object.
fn is_partial_object(head: &Head) -> bool {
    !head.has_if && head.args.is_none() && head.reference_len() == 2
}
