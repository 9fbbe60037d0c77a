//! Elements of sets and keys of objects: each once, as OPA keeps them.
//!
//! Must not know: how anything is printed.

use std::cmp::Ordering;

use super::place::Lines;
use super::text::plain;
use super::tree::{Expr, ExprKind, Kind, Node};

/// Returns the elements of a set in the order of the text, each once: the first of those that are
/// equal. Where all have one place, which OPA does to some, they are in Rego's order.
pub(super) fn distinct<'a>(mut items: Vec<Node<'a>>, lines: &Lines<'_>) -> Vec<Node<'a>> {
    items.sort_by(|a, b| compare(a, b, lines));
    items.dedup_by(|next, first| compare(first, next, lines) == Ordering::Equal);
    items.sort_by_key(|item| item.place.at);
    items
}

/// Returns the pairs of an object in the order of the text, each key once: the first of those that
/// are equal, with the value of the last.
pub(super) fn distinct_keys<'a>(
    mut pairs: Vec<(Node<'a>, Node<'a>)>,
    lines: &Lines<'_>,
) -> Vec<(Node<'a>, Node<'a>)> {
    pairs.sort_by(|(a, _), (b, _)| compare(a, b, lines));
    pairs.dedup_by(|next, first| {
        let equal = compare(&first.0, &next.0, lines) == Ordering::Equal;
        if equal {
            std::mem::swap(&mut first.1, &mut next.1);
        }
        equal
    });
    pairs.sort_by_key(|(key, _)| key.place.at);
    pairs
}

/// Compares two terms in Rego's order.
fn compare(a: &Node<'_>, b: &Node<'_>, lines: &Lines<'_>) -> Ordering {
    match (&a.kind, &b.kind) {
        (Kind::Bool(a), Kind::Bool(b)) => a.cmp(b),
        (Kind::Number(a), Kind::Number(b)) => Decimal::new(a).cmp(&Decimal::new(b)),
        (Kind::Text { value: a, .. }, Kind::Text { value: b, .. }) => a.cmp(b),
        // Each `_` is a variable of its own.
        (Kind::Var("_"), Kind::Var("_")) => a.place.at.cmp(&b.place.at),
        (Kind::Var(a), Kind::Var(b)) => a.cmp(b),
        (Kind::Ref(a), Kind::Ref(b)) | (Kind::Array(a), Kind::Array(b)) => {
            compare_all(a.iter(), b.iter(), lines)
        }
        (Kind::Set(a), Kind::Set(b)) => {
            compare_all(sorted(a, lines).into_iter(), sorted(b, lines).into_iter(), lines)
        }
        (Kind::Object(a), Kind::Object(b)) => {
            compare_all(flat(a, lines).into_iter(), flat(b, lines).into_iter(), lines)
        }
        _ => match rank(a).cmp(&rank(b)).then_with(|| plain(a, lines).cmp(&plain(b, lines))) {
            Ordering::Equal if has_wildcard(a) => a.place.at.cmp(&b.place.at),
            other => other,
        },
    }
}

/// Returns whether a `_` stands in a term, which then equals no other.
fn has_wildcard(node: &Node<'_>) -> bool {
    match &node.kind {
        Kind::Var(name) => *name == "_",
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text { .. } | Kind::Template(_) => {
            false
        }
        Kind::Ref(nodes) | Kind::Array(nodes) | Kind::Set(nodes) => nodes.iter().any(has_wildcard),
        Kind::Call { args, .. } | Kind::Infix { args, .. } => args.iter().any(has_wildcard),
        Kind::Object(pairs) => pairs.iter().any(|(k, v)| has_wildcard(k) || has_wildcard(v)),
        Kind::ArrayCompr { value, body } | Kind::SetCompr { value, body } => {
            has_wildcard(value) || body.iter().any(has_wildcard_inside)
        }
        Kind::ObjectCompr { key, value, body } => {
            has_wildcard(key) || has_wildcard(value) || body.iter().any(has_wildcard_inside)
        }
    }
}

fn has_wildcard_inside(expr: &Expr<'_>) -> bool {
    let mut with = expr.with.iter();
    with.any(|with| has_wildcard(&with.value))
        || match &expr.kind {
            ExprKind::Term(term) => has_wildcard(term),
            ExprKind::SomeDecl { .. } => false,
            ExprKind::SomeIn { args, .. } => args.iter().any(has_wildcard),
            ExprKind::Every { names, domain, body, .. } => {
                names.iter().any(has_wildcard)
                    || has_wildcard(domain)
                    || body.iter().any(has_wildcard_inside)
            }
        }
}

/// Returns the elements of a set in Rego's order.
pub(super) fn sorted<'n, 'a>(items: &'n [Node<'a>], lines: &Lines<'_>) -> Vec<&'n Node<'a>> {
    let mut items: Vec<_> = items.iter().collect();
    items.sort_by(|a, b| compare(a, b, lines));
    items
}

/// Returns the keys and values of an object by its keys.
pub(super) fn flat<'n, 'a>(
    pairs: &'n [(Node<'a>, Node<'a>)],
    lines: &Lines<'_>,
) -> Vec<&'n Node<'a>> {
    let mut pairs: Vec<_> = pairs.iter().collect();
    pairs.sort_by(|(a, _), (b, _)| compare(a, b, lines));
    pairs.into_iter().flat_map(|(key, value)| [key, value]).collect()
}

fn compare_all<'n, 'a: 'n>(
    a: impl Iterator<Item = &'n Node<'a>>,
    mut b: impl Iterator<Item = &'n Node<'a>>,
    lines: &Lines<'_>,
) -> Ordering {
    for left in a {
        let Some(right) = b.next() else {
            return Ordering::Greater;
        };
        match compare(left, right, lines) {
            Ordering::Equal => {}
            other => return other,
        }
    }
    if b.next().is_some() { Ordering::Less } else { Ordering::Equal }
}

fn rank(node: &Node<'_>) -> u8 {
    match &node.kind {
        Kind::Null => 0,
        Kind::Bool(_) => 1,
        Kind::Number(_) => 2,
        Kind::Text { .. } => 3,
        Kind::Var(_) => 4,
        Kind::Ref(_) => 5,
        Kind::Array(_) => 6,
        Kind::Object(_) => 7,
        Kind::Set(_) => 8,
        Kind::ArrayCompr { .. } => 9,
        Kind::ObjectCompr { .. } => 10,
        Kind::SetCompr { .. } => 11,
        Kind::Call { .. } | Kind::Infix { .. } | Kind::Template(_) => 12,
    }
}

/// A number's text as a value: `0.` and its digits times a power of ten.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    exponent: i64,
    /// Without zeros at either end; empty for zero.
    digits: String,
}

impl Decimal {
    fn new(text: &str) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i64 = exponent.trim_start_matches('+').parse().unwrap_or(i64::MAX);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let zeros = (all.len() - significant.len()) as i64;
        let exponent = exponent.saturating_add(whole.len() as i64 - zeros);
        let digits = significant.trim_end_matches('0').to_owned();
        match digits.is_empty() {
            true => Self { negative: false, exponent: i64::MIN, digits },
            false => Self { negative, exponent, digits },
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let size =
            |a: &Self, b: &Self| a.exponent.cmp(&b.exponent).then_with(|| a.digits.cmp(&b.digits));
        match (self.negative, other.negative) {
            (false, false) => size(self, other),
            (true, true) => size(other, self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}
