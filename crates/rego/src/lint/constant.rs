//! What a term is known to be without evaluating anything.

use rego_syntax::ast::{BinaryOp, Expr, ExprKind, Term, TermKind};

/// A scalar as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(&'a str),
}

impl Constant<'_> {
    /// Returns the name of its type.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
        }
    }
}

/// Returns the scalar that a term is.
pub(super) fn constant(term: &Term) -> Option<Constant<'_>> {
    match &term.kind {
        TermKind::Null => Some(Constant::Null),
        TermKind::Bool(value) => Some(Constant::Bool(*value)),
        TermKind::Number(text) => text.parse().ok().map(Constant::Number),
        TermKind::String { value, .. } => Some(Constant::Text(value)),
        _ => None,
    }
}

/// Returns the string that a term is.
pub(super) fn text(term: &Term) -> Option<&str> {
    match &term.kind {
        TermKind::String { value, .. } => Some(value),
        _ => None,
    }
}

/// Returns both sides of a comparison for equality, `==` and `=`.
pub(super) fn equality(expr: &Expr) -> Option<(&Term, &Term)> {
    match &expr.kind {
        ExprKind::Unify(left, right) => Some((left, right)),
        ExprKind::Term(term) => match &term.kind {
            TermKind::Binary { op: BinaryOp::Equal | BinaryOp::Unify, left, right, .. } => {
                Some((left, right))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Returns whether a statement holds, where that does not depend on anything.
pub(super) fn outcome(expr: &Expr) -> Option<bool> {
    let holds = match &expr.kind {
        ExprKind::Term(term) => match &term.kind {
            TermKind::Binary { op, left, right, .. } => compared(*op, left, right)?,
            _ => constant(term)? != Constant::Bool(false),
        },
        ExprKind::Unify(left, right) => constant(left)? == constant(right)?,
        _ => return None,
    };
    Some(holds != expr.negated)
}

fn compared(op: BinaryOp, left: &Term, right: &Term) -> Option<bool> {
    if is_count(left) {
        // A count is never negative.
        return match (op, constant(right)?) {
            (BinaryOp::GreaterEqual, Constant::Number(than)) if than <= 0.0 => Some(true),
            (BinaryOp::Less, Constant::Number(than)) if than <= 0.0 => Some(false),
            _ => None,
        };
    }
    let (left, right) = (constant(left)?, constant(right)?);
    match (op, &left, &right) {
        (BinaryOp::Equal | BinaryOp::Unify, ..) => Some(left == right),
        (BinaryOp::NotEqual, ..) => Some(left != right),
        (_, Constant::Number(left), Constant::Number(right)) => match op {
            BinaryOp::Less => Some(left < right),
            BinaryOp::LessEqual => Some(left <= right),
            BinaryOp::Greater => Some(left > right),
            BinaryOp::GreaterEqual => Some(left >= right),
            _ => None,
        },
        _ => None,
    }
}

fn is_count(term: &Term) -> bool {
    matches!(&term.kind, TermKind::Call { function, .. }
        if matches!(&function.kind, TermKind::Var(name) if &**name == "count"))
}
