//! Rules to the formatter's rules.
//!
//! OPA reads rules in two ways, and each leaves other places in the tree: with a body as rules,
//! without one (`p := 1`, `p["a"]`) as statements. Must not know: how anything is printed.

use rego_source::Span;

use crate::ast::{self, AssignOp, Term, TermKind};

use super::build::Builder;
use super::place::Place;
use super::tree::{Expr, ExprKind, Head, HeadValue, Kind, Node, Rule};

impl<'a> Builder<'a> {
    /// Returns a rule.
    pub(super) fn rule(&mut self, rule: &'a ast::Rule) -> Rule<'a> {
        let place = self.rule_place(rule);
        let moved = rule.chained.then_some(place);
        self.moved = moved;
        let head = self.head(rule, place);
        self.moved = None;
        let body = match &rule.body {
            Some(body) => self.body(body),
            None => vec![always(place)],
        };
        let els = rule.els.as_deref().map(|els| Box::new(self.els(els)));
        Rule { place, span: rule.span, default: rule.default, head, body, els }
    }

    fn rule_place(&self, rule: &ast::Rule) -> Place {
        let is_bare_call = rule.body.is_none()
            && !rule.default
            && rule.head.value.is_none()
            && rule.head.args.is_some();
        let text = if is_bare_call { rule.head.reference.span } else { rule.span };
        self.at(text)
    }

    fn head(&self, rule: &'a ast::Rule, place: Place) -> Head<'a> {
        let head = &rule.head;
        let reference = self.reference(&head.reference);
        let is_statement = rule.body.is_none() && !rule.default && !head.contains;
        let args = head.args.as_deref().unwrap_or_default();
        let element = head.key.as_ref().map(|key| self.key(key));
        let may_be_keyed = args.is_empty() && !head.contains && !rule.default;
        let keyed = match reference.as_slice() {
            [_, key] if may_be_keyed && head.has_if => {
                !key.is_ground() || matches!(key.kind, Kind::Ref(_))
            }
            [_, _] => may_be_keyed && head.value.is_some(),
            _ => false,
        };
        let head_place = if is_statement { place } else { self.at(head.span) };
        let value = match &head.value {
            Some((term, op)) => Some(HeadValue {
                node: self.node(term),
                // OPA gives all of a further body's head one place.
                implied: rule.chained,
                assign: *op == AssignOp::Assign,
            }),
            None if element.is_some() => None,
            None => {
                let implied = is_statement || head.has_if && reference.len() == 2;
                let node = Node { place: head_place, kind: Kind::Bool(true) };
                Some(HeadValue { node, implied, assign: false })
            }
        };
        Head {
            place: head_place,
            reference,
            args: args.iter().map(|arg| self.node(arg)).collect(),
            element,
            keyed,
            value,
            is_else: false,
        }
    }

    /// Returns the element of a partial set. In `p.a { … }` it is the `a`, which nobody wrote as
    /// a string.
    fn key(&self, term: &'a Term) -> Node<'a> {
        let mut node = self.node(term);
        if let (Kind::Text { literal, .. }, TermKind::String { .. }) = (&mut node.kind, &term.kind)
            && !self.lines.slice(term.span).starts_with(['"', '`'])
        {
            *literal = None;
        }
        node
    }

    fn els(&mut self, els: &'a ast::Else) -> Rule<'a> {
        let word = Span::new(els.span.start, els.span.start + "else".len() as u32);
        let span = Span::new(els.span.start, end_of(els));
        let place = self.at(span);
        let head_text = match &els.value {
            Some((value, _)) => Span::new(word.start, self.last(value)),
            None => word,
        };
        let head_place = self.place(word.start, head_text);
        let mut node = match &els.value {
            Some((value, _)) => self.node(value),
            None => Node { place: head_place, kind: Kind::Bool(true) },
        };
        node.place = head_place.lent();
        let assign = matches!(&els.value, Some((_, AssignOp::Assign)));
        let value = Some(HeadValue { node, implied: false, assign });
        let body = self.else_body(els, place);
        let next = els.els.as_deref().map(|next| Box::new(self.els(next)));
        let head = Head {
            place: head_place,
            reference: vec![Node { place: head_place, kind: Kind::Var("else") }],
            args: Vec::new(),
            element: None,
            keyed: false,
            value,
            is_else: true,
        };
        Rule { place, span, default: false, head, body, els: next }
    }

    /// Returns the body of a branch. OPA moves one without braces to the word `else`.
    fn else_body(&mut self, els: &'a ast::Else, place: Place) -> Vec<Expr<'a>> {
        let Some(body) = &els.body else {
            return vec![always(place)];
        };
        let is_braced = self.lines.slice(body.span).starts_with('{');
        self.moved = (!is_braced).then_some(place);
        let body = self.body(body);
        self.moved = None;
        body
    }
}

fn end_of(els: &ast::Else) -> u32 {
    let mut last = els;
    while let Some(next) = &last.els {
        last = next;
    }
    last.span.end
}

/// Returns the body of what has none.
fn always<'a>(place: Place) -> Expr<'a> {
    let kind = ExprKind::Term(Node { place, kind: Kind::Bool(true) });
    Expr { place, negated: false, kind, with: Vec::new() }
}
