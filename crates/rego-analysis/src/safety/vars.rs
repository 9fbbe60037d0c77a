//! Sets of variables, and which ones a term or statement mentions.

use crate::tree::{Body, Expr, ExprKind, Local, RefHead, Term, TermKind};
use crate::walk::{Part, expr_parts, term_parts};

/// A set of locals, as bits.
#[derive(Clone, Debug, Default)]
pub(crate) struct VarSet {
    words: Vec<u64>,
}

impl VarSet {
    /// Whether a local is in it.
    pub(crate) fn contains(&self, local: Local) -> bool {
        let word = self.words.get(local.0 as usize / 64).copied().unwrap_or(0);
        word >> (local.0 % 64) & 1 == 1
    }

    fn remove(&mut self, local: Local) {
        if let Some(word) = self.words.get_mut(local.0 as usize / 64) {
            *word &= !(1 << (local.0 % 64));
        }
    }

    /// Adds a local; whether it is new.
    pub(crate) fn insert(&mut self, local: Local) -> bool {
        let at = local.0 as usize / 64;
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        let Some(word) = self.words.get_mut(at) else { return false };
        let bit = 1 << (local.0 % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

/// A set that forgets what came since a mark: what is bound while bodies inside of bodies are
/// looked at.
#[derive(Debug, Default)]
pub(crate) struct Bound {
    set: VarSet,
    log: Vec<Local>,
}

impl Bound {
    /// Returns what is in it now.
    pub(crate) fn set(&self) -> &VarSet {
        &self.set
    }

    /// Adds a local.
    pub(crate) fn insert(&mut self, local: Local) {
        if self.set.insert(local) {
            self.log.push(local);
        }
    }

    /// Returns a mark to go back to.
    pub(crate) fn mark(&self) -> usize {
        self.log.len()
    }

    /// Forgets what came since a mark.
    pub(crate) fn rewind(&mut self, mark: usize) {
        for local in self.log.drain(mark.min(self.log.len())..) {
            self.set.remove(local);
        }
    }
}

/// Calls `f` with every local of a term outside of closures.
pub(crate) fn direct_in_term(term: &Term, f: &mut impl FnMut(Local)) {
    own(term, f);
    term_parts(term, &mut |part| {
        // A comprehension's head belongs to its closure, as its body does.
        if let Part::Term(part) = part
            && !matches!(term.kind, TermKind::Comprehension { .. })
        {
            direct_in_term(part, f);
        }
    });
}

/// Calls `f` with every local of a statement outside of closures. What `not` negates is no closure.
pub(crate) fn direct_in_expr(expr: &Expr, f: &mut impl FnMut(Local)) {
    expr_parts(expr, &mut |part| match part {
        Part::Term(term) => direct_in_term(term, f),
        Part::Body(body) if matches!(expr.kind, ExprKind::Not(_)) => {
            body.exprs.iter().for_each(|inner| direct_in_expr(inner, f));
        }
        Part::Body(_) => {}
    });
}

/// Calls `f` with every local of a term.
pub(crate) fn all_in_term(term: &Term, f: &mut impl FnMut(Local)) {
    own(term, f);
    term_parts(term, &mut |part| all_in_part(part, f));
}

fn all_in_part(part: Part<'_>, f: &mut impl FnMut(Local)) {
    match part {
        Part::Term(term) => all_in_term(term, f),
        Part::Body(body) => all_in_body(body, f),
    }
}

/// Calls `f` with every local of a body.
pub(crate) fn all_in_body(body: &Body, f: &mut impl FnMut(Local)) {
    body.exprs.iter().for_each(|expr| all_in_expr(expr, f));
}

/// Calls `f` with every local of a statement.
pub(crate) fn all_in_expr(expr: &Expr, f: &mut impl FnMut(Local)) {
    expr_parts(expr, &mut |part| all_in_part(part, f));
}

fn own(term: &Term, f: &mut impl FnMut(Local)) {
    match &term.kind {
        TermKind::Local(local) => f(*local),
        TermKind::Ref { head: RefHead::Local(local), .. } => f(*local),
        _ => {}
    }
}
