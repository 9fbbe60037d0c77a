//! Joins: `some x in xs` right before a comparison of `x.a.b` with what is known already.

use rego_analysis::tree::{Callee, Expr, ExprKind, Local, RefHead, Term, TermKind};
use rego_value::Value;

use super::emit::{Emit, Lowered};
use crate::op::Src;

/// A loop and the comparison after it.
pub(super) struct Join<'a> {
    key: Option<&'a Term>,
    element: Local,
    domain: &'a Term,
    path: Vec<Value>,
    other: &'a Term,
}

impl Emit<'_, '_> {
    /// Returns the join that two statements make together, if they do.
    pub(super) fn join_on<'a>(&self, expr: &'a Expr, next: &'a Expr) -> Option<Join<'a>> {
        let options = self.scope.options;
        if !options.joins || options.trace || !expr.with.is_empty() || !next.with.is_empty() {
            return None;
        }
        let ExprKind::SomeIn { key, value, domain } = &expr.kind else { return None };
        let TermKind::Local(element) = value.kind else { return None };
        if self.bound(element).is_some() {
            return None;
        }
        let (a, b) = match &next.kind {
            ExprKind::Unify(a, b) => (a, b),
            ExprKind::Term(Term { kind: TermKind::Call { callee, args }, .. }) => {
                match (callee, args.as_slice()) {
                    (Callee::Builtin(decl), [a, b]) if decl.name == "equal" => (a, b),
                    _ => return None,
                }
            }
            _ => return None,
        };
        let join = |side, other| {
            let path = path_from(element, side)?;
            self.is_plain(other).then_some(Join { key: key.as_ref(), element, domain, path, other })
        };
        join(a, b).or_else(|| join(b, a))
    }

    /// Whether a term is known, and only looks up: it opens no loop and has no other effect.
    fn is_plain(&self, term: &Term) -> bool {
        match &term.kind {
            TermKind::Constant(_) => true,
            TermKind::Local(local) => self.bound(*local).is_some(),
            TermKind::Ref { head, path } => {
                let known = match head {
                    RefHead::Input => true,
                    RefHead::Local(local) => self.bound(*local).is_some(),
                    RefHead::Data | RefHead::Term(_) => false,
                };
                known && path.iter().all(|step| self.is_plain(step))
            }
            _ => false,
        }
    }

    /// Lowers the loop; the comparison follows as ever.
    pub(super) fn join(&mut self, expr: &Expr, join: &Join<'_>) -> Lowered<()> {
        self.place = expr.location;
        let other = self.term(join.other)?;
        let src = self.term(join.domain)?;
        let path = self.path(join.path.iter().cloned());
        let (key, value) = self.open_joined_loop(src, Some((path, other)));
        if let Some(pattern) = join.key {
            self.pattern(pattern, Src::reg(key))?;
        }
        self.bind_local(join.element, Src::reg(value));
        Ok(())
    }
}

/// The constant path from a local that a term is.
fn path_from(local: Local, term: &Term) -> Option<Vec<Value>> {
    match &term.kind {
        TermKind::Local(l) if *l == local => Some(Vec::new()),
        TermKind::Ref { head: RefHead::Local(l), path } if *l == local => {
            let constant = |step: &Term| match &step.kind {
                TermKind::Constant(value) => Some(value.clone()),
                _ => None,
            };
            path.iter().map(constant).collect()
        }
        _ => None,
    }
}
