//! Puts the statements of a body, and of the bodies inside of it, in an order that is safe.
//!
//! As OPA does: again and again from the top, each statement is taken as soon as all it needs is
//! there. What keeps this linear is that a statement is only looked at again when one of its
//! variables was bound since.
//!
//! Source: OPA `v1/ast/compile.go` (`reorderBodyForSafety`, `bodySafetyTransformer`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use foldhash::{HashMap, HashSet};
use rego_source::Location;

use super::expand::{Expander, Piece};
use super::fold;
use super::output::{Found, outputs};
use super::vars::{Bound, VarSet, all_in_body, all_in_term, direct_in_expr, direct_in_term};
use crate::scope::LocalName;
use crate::tree::{Body, Expr, ExprKind, Local, RefHead, Replacement, Term, TermKind};
use crate::walk::{Part, expr_parts, term_parts};

/// Orders the bodies of one definition.
pub(crate) struct Orderer<'n> {
    pub(crate) names: &'n mut Vec<LocalName>,
    /// Variables without a value, with the statements that need them.
    pub(crate) refused: Vec<(Local, Location)>,
    /// Those statements, to tell why.
    pub(crate) left_out: Vec<Expr>,
    /// What is bound around the body under way: parameters at first.
    pub(crate) bound: Bound,
    /// Where ordering was given up, if it was.
    pub(crate) exhausted: Option<Location>,
    /// How many variables of statements were looked at.
    work: u64,
}

/// So many variables are looked at for one definition before ordering is given up, which is a
/// fraction of a second. Only bodies that were written to be hard need more than a few a word.
const WORK_MAX: u64 = 10_000_000;

/// A piece that has its place.
pub(crate) struct Placed {
    pub(crate) piece: Piece,
    /// What it binds, but for the local made for it.
    pub(crate) binds: Found,
}

/// What ordering needs to know of a piece.
struct Needs {
    /// Its variables, closures left out.
    direct: Vec<Local>,
    /// The variables of its closures that the body around has too.
    closed: Vec<Local>,
}

impl<'n> Orderer<'n> {
    /// Returns an orderer that makes its locals up in `names`.
    pub(crate) fn new(names: &'n mut Vec<LocalName>) -> Self {
        Self {
            names,
            refused: Vec::new(),
            left_out: Vec::new(),
            bound: Bound::default(),
            exhausted: None,
            work: 0,
        }
    }

    /// Orders a body whose heads (the head of its rule or comprehension) may bind variables too.
    /// Also returns the variables of heads that nothing mentions else.
    pub(crate) fn order(&mut self, body: Body, mut heads: Vec<&mut Term>) -> (Body, Vec<Local>) {
        let mut expander = Expander { names: self.names, pieces: Vec::new(), group: 0 };
        body.exprs.into_iter().for_each(|expr| expander.statement(expr));
        let first_head = expander.group;
        for head in &mut heads {
            **head = expander.head(super::expand::take(head));
            expander.group += 1;
        }
        let pieces = expander.pieces;
        let mut mentioned = HashSet::default();
        for piece in &pieces {
            direct_in_expr(&piece.expr, &mut |local| {
                mentioned.insert(local);
            });
        }
        let loose = loose_in_heads(&heads, &mentioned, self.bound.set());
        let mark = self.bound.mark();
        let mut placed = self.place(pieces, &mentioned);
        self.bound.rewind(mark);
        self.enter_closures(&mut placed);
        self.bound.rewind(mark);
        let exprs = fold::fold(placed, first_head, heads, self.names);
        (Body { exprs }, loose)
    }

    /// Returns the pieces in a safe order. What has no place is reported and left out.
    fn place(&mut self, pieces: Vec<Piece>, mentioned: &HashSet<Local>) -> Vec<Placed> {
        let needs: Vec<Needs> =
            pieces.iter().map(|p| needs_of(&p.expr, mentioned, self.bound.set())).collect();
        let mut waiting: HashMap<Local, Vec<usize>> = HashMap::default();
        for (at, needs) in needs.iter().enumerate() {
            for local in needs.direct.iter().chain(&needs.closed) {
                waiting.entry(*local).or_default().push(at);
            }
        }
        // Rounds over the body, and the place within: what was bound behind a place is seen there
        // in the next round.
        let mut queue: BinaryHeap<Reverse<(u32, usize)>> =
            (0..pieces.len()).map(|at| Reverse((0, at))).collect();
        let mut queued = vec![true; pieces.len()];
        let mut open: Vec<Option<Piece>> = pieces.into_iter().map(Some).collect();
        let mut placed = Vec::with_capacity(open.len());
        while let Some(Reverse((round, at))) = queue.pop() {
            if let Some(flag) = queued.get_mut(at) {
                *flag = false;
            }
            let (Some(slot), Some(needs)) = (open.get_mut(at), needs.get(at)) else { continue };
            let Some(piece) = slot else { continue };
            self.work += needs.direct.len() as u64 + needs.closed.len() as u64 + 1;
            if self.work > WORK_MAX {
                self.exhausted = Some(piece.expr.location);
                return placed;
            }
            let found = outputs(&piece.expr, self.bound.set());
            if !needs.met(&found, self.bound.set()) {
                continue;
            }
            for local in &found.list {
                self.bound.insert(*local);
                for other in waiting.get(local).into_iter().flatten() {
                    if let Some(flag) = queued.get_mut(*other)
                        && !std::mem::replace(flag, true)
                    {
                        queue.push(Reverse((round + u32::from(*other <= at), *other)));
                    }
                }
            }
            placed.extend(slot.take().map(|piece| Placed { piece, binds: found }));
        }
        self.refuse(open, &needs);
        placed
    }

    fn refuse(&mut self, open: Vec<Option<Piece>>, needs: &[Needs]) {
        let safe = self.bound.set();
        for (piece, needs) in open.into_iter().zip(needs) {
            let Some(piece) = piece else { continue };
            let found = outputs(&piece.expr, safe);
            let direct = needs.direct.iter().filter(|local| !found.contains(**local));
            for local in direct.chain(&needs.closed).filter(|local| !safe.contains(**local)) {
                self.refused.push((*local, piece.expr.location));
            }
            self.left_out.push(piece.expr);
        }
    }

    /// Orders the bodies inside of statements: those before are bound there.
    fn enter_closures(&mut self, placed: &mut [Placed]) {
        if !placed.iter().any(|placed| has_closure(&placed.piece.expr)) {
            return;
        }
        for Placed { piece, .. } in placed {
            let location = piece.expr.location;
            self.closures_in_expr(&mut piece.expr, location);
            direct_in_expr(&piece.expr, &mut |local| self.bound.insert(local));
        }
    }

    fn closures_in_expr(&mut self, expr: &mut Expr, at: Location) {
        match &mut expr.kind {
            ExprKind::Term(term) => self.closures_in_term(term, at),
            ExprKind::Unify(left, right) => {
                self.closures_in_term(left, at);
                self.closures_in_term(right, at);
            }
            ExprKind::SomeIn { key, value, domain } => {
                for part in key.iter_mut().chain([value, domain]) {
                    self.closures_in_term(part, at);
                }
            }
            ExprKind::Every { key, value, domain, body } => {
                self.closures_in_term(domain, at);
                let mark = self.bound.mark();
                for local in key.iter().chain([&*value]) {
                    self.bound.insert(*local);
                }
                let (ordered, _) = self.order(std::mem::take(body), Vec::new());
                self.bound.rewind(mark);
                *body = ordered;
            }
            ExprKind::Not(body) => {
                for inner in &mut body.exprs {
                    self.closures_in_expr(inner, at);
                }
            }
        }
        for with in &mut expr.with {
            if let Replacement::Value(term) = &mut with.value {
                self.closures_in_term(term, at);
            }
        }
    }

    fn closures_in_term(&mut self, term: &mut Term, at: Location) {
        match &mut term.kind {
            TermKind::Constant(_) | TermKind::Local(_) => {}
            TermKind::Ref { head, path } => {
                if let RefHead::Term(inner) = head {
                    self.closures_in_term(inner, at);
                }
                path.iter_mut().for_each(|step| self.closures_in_term(step, at));
            }
            TermKind::Call { args: items, .. } | TermKind::Array(items) | TermKind::Set(items) => {
                items.iter_mut().for_each(|item| self.closures_in_term(item, at));
            }
            TermKind::Object(entries) => {
                for (key, value) in entries {
                    self.closures_in_term(key, at);
                    self.closures_in_term(value, at);
                }
            }
            TermKind::Comprehension { key, value, body, .. } => {
                let heads = key.iter_mut().chain([value]).map(|head| &mut **head).collect();
                let (ordered, loose) = self.order(std::mem::take(body), heads);
                *body = ordered;
                self.refused.extend(loose.into_iter().map(|local| (local, at)));
            }
        }
    }
}

impl Needs {
    /// Whether a statement that binds `found` can stand where `safe` are bound.
    fn met(&self, found: &Found, safe: &VarSet) -> bool {
        let ready = |local: &Local| safe.contains(*local);
        self.closed.iter().all(ready)
            && self.direct.iter().all(|local| ready(local) || found.contains(*local))
    }
}

fn needs_of(expr: &Expr, mentioned: &HashSet<Local>, outer: &VarSet) -> Needs {
    let mut direct = Vec::new();
    direct_in_expr(expr, &mut |local| {
        if !outer.contains(local) {
            direct.push(local);
        }
    });
    let mut closed = Vec::new();
    closures(expr, &mut |local| {
        if mentioned.contains(&local) && !outer.contains(local) {
            closed.push(local);
        }
    });
    for list in [&mut direct, &mut closed] {
        list.sort_unstable();
        list.dedup();
    }
    Needs { direct, closed }
}

/// Calls `f` with the variables inside of a statement's closures.
fn closures(expr: &Expr, f: &mut impl FnMut(Local)) {
    expr_parts(expr, &mut |part| match part {
        Part::Term(term) => closures_in(term, f),
        Part::Body(body) if matches!(expr.kind, ExprKind::Not(_)) => {
            body.exprs.iter().for_each(|inner| closures(inner, f));
        }
        Part::Body(body) => all_in_body(body, f),
    });
}

fn closures_in(term: &Term, f: &mut impl FnMut(Local)) {
    if matches!(term.kind, TermKind::Comprehension { .. }) {
        return all_in_term(term, f);
    }
    term_parts(term, &mut |part| {
        if let Part::Term(part) = part {
            closures_in(part, f);
        }
    });
}

fn has_closure(expr: &Expr) -> bool {
    let mut found = false;
    expr_parts(expr, &mut |part| {
        found |= match part {
            Part::Term(term) => term_has_closure(term),
            Part::Body(body) if matches!(expr.kind, ExprKind::Not(_)) => {
                body.exprs.iter().any(has_closure)
            }
            Part::Body(_) => true,
        };
    });
    found
}

fn term_has_closure(term: &Term) -> bool {
    if matches!(term.kind, TermKind::Comprehension { .. }) {
        return true;
    }
    let mut found = false;
    term_parts(term, &mut |part| {
        if let Part::Term(part) = part {
            found |= term_has_closure(part);
        }
    });
    found
}

/// Returns the variables of heads that neither the body nor anything around mentions.
fn loose_in_heads(heads: &[&mut Term], mentioned: &HashSet<Local>, outer: &VarSet) -> Vec<Local> {
    let mut loose = Vec::new();
    for head in heads {
        direct_in_term(head, &mut |local| {
            if !mentioned.contains(&local) && !outer.contains(local) {
                loose.push(local);
            }
        });
    }
    loose
}
