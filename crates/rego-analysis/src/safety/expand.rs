//! Takes nested calls out of statements, so that each statement computes one thing.
//!
//! `x = f(g(y))` is `a = g(y)`, `b = f(a)`, `x = b`. What a comprehension has inside stays there:
//! its body is expanded when it is ordered.
//!
//! Source: OPA `v1/ast/compile.go` (`expandExpr`, `rewriteWithModifiers`).

use rego_source::Location;

use super::{assignment, requires_eval};
use crate::scope::LocalName;
use crate::tree::{Expr, ExprKind, Local, RefHead, Replacement, Term, TermKind};

/// A statement, or a part that was taken out of one.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) expr: Expr,
    /// Pieces of one statement have one group.
    pub(crate) group: u32,
    /// The local made up for it, where it was taken out of another.
    pub(crate) made_for: Option<Local>,
}

/// Makes pieces.
pub(crate) struct Expander<'n> {
    pub(crate) names: &'n mut Vec<LocalName>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) group: u32,
}

impl Expander<'_> {
    /// Adds the pieces of a statement; the statement itself comes last.
    pub(crate) fn statement(&mut self, mut expr: Expr) {
        for with in &mut expr.with {
            if let Replacement::Value(value) = &mut with.value {
                self.replacement(value);
            }
        }
        let own = self.pieces.len();
        self.kind(&mut expr.kind);
        for piece in self.pieces.iter_mut().skip(own) {
            piece.expr.with.clone_from(&expr.with);
        }
        self.pieces.push(Piece { expr, group: self.group, made_for: None });
        self.group += 1;
    }

    /// A value after `with` is computed once, before the statement and outside of the replacement;
    /// it stays a statement of its own, since each piece of the statement needs it.
    fn replacement(&mut self, value: &mut Term) {
        let before = self.pieces.len();
        *value = self.head(take(value));
        if let Some(piece) = self.pieces.get_mut(before..).and_then(|made| made.last_mut()) {
            piece.made_for = None;
        }
    }

    /// Returns what stands for a term of a head: itself, or the local that a piece computes.
    pub(crate) fn head(&mut self, term: Term) -> Term {
        let term = self.lift(term);
        if requires_eval(&term) { self.made_up(term) } else { term }
    }

    fn kind(&mut self, kind: &mut ExprKind) {
        match kind {
            ExprKind::Term(term) => match &mut term.kind {
                TermKind::Call { args, .. } => self.lift_all(args),
                _ => *term = self.lift(take(term)),
            },
            ExprKind::Unify(left, Term { kind: TermKind::Call { args, .. }, location })
                if takes_result(*location, left.location) =>
            {
                self.lift_all(args);
                *left = self.lift(take(left));
            }
            ExprKind::Unify(left, right) => {
                *left = self.lift(take(left));
                *right = self.lift(take(right));
            }
            ExprKind::SomeIn { key, value, domain } => {
                for part in key.iter_mut().chain([value, domain]) {
                    *part = self.lift(take(part));
                }
            }
            ExprKind::Every { domain, .. } => {
                let made_up = self.pieces.len();
                let lifted = self.lift(take(domain));
                let already =
                    self.pieces.len() > made_up && matches!(lifted.kind, TermKind::Local(_));
                *domain = match (&lifted.kind, already) {
                    (TermKind::Constant(_), _) | (_, true) => lifted,
                    _ => self.made_up(lifted),
                };
            }
            ExprKind::Not(body) => {
                for inner in &mut body.exprs {
                    self.kind(&mut inner.kind);
                }
            }
        }
    }

    fn lift_all(&mut self, terms: &mut [Term]) {
        for term in terms {
            *term = self.lift(take(term));
        }
    }

    /// Returns the term with its calls replaced by locals.
    fn lift(&mut self, mut term: Term) -> Term {
        match &mut term.kind {
            TermKind::Call { args, .. } => {
                self.lift_all(args);
                return self.made_up(term);
            }
            TermKind::Ref { head, path } => {
                self.lift_all(path);
                if let RefHead::Term(inner) = head {
                    let lifted = self.lift(take(inner));
                    let subject = match lifted.kind {
                        TermKind::Local(_) => lifted,
                        _ => self.made_up(lifted),
                    };
                    if let TermKind::Local(local) = subject.kind {
                        *head = RefHead::Local(local);
                    }
                }
            }
            TermKind::Array(items) | TermKind::Set(items) => self.lift_all(items),
            TermKind::Object(entries) => {
                for (key, value) in entries {
                    *key = self.lift(take(key));
                    *value = self.lift(take(value));
                }
            }
            TermKind::Constant(_) | TermKind::Local(_) | TermKind::Comprehension { .. } => {}
        }
        term
    }

    /// Adds a piece that computes a term, and returns its local.
    fn made_up(&mut self, term: Term) -> Term {
        let local = Local(self.names.len() as u32);
        self.names.push(LocalName::Generated);
        let location = term.location;
        let expr = assignment(local, term);
        self.pieces.push(Piece { expr, group: self.group, made_for: Some(local) });
        Term { kind: TermKind::Local(local), location }
    }
}

/// Whether an operand stands inside of a call, as `out` of `f(x, out)` does and that of
/// `out = f(x)` does not: such a call is one statement.
pub(crate) fn takes_result(call: Location, operand: Location) -> bool {
    call.source == operand.source
        && call.span.start < operand.span.start
        && operand.span.end < call.span.end
}

/// Takes a term out of its place.
pub(super) fn take(term: &mut Term) -> Term {
    let location = term.location;
    let kind = std::mem::replace(&mut term.kind, TermKind::Constant(rego_value::Value::NULL));
    Term { kind, location }
}
