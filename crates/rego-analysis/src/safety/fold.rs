//! Puts what was taken out of statements back, where the order allows it.
//!
//! A piece goes back into its statement if it binds nothing but the local made for it, and only
//! pieces of the same statement stand between. Out of a negated statement everything stays: OPA
//! negates what is left of it only, so `not f(input.x)` is undefined where `input.x` is.
//!
//! Source: OPA `v1/ast/compile.go` (`rewriteDynamics`).

use foldhash::{HashMap, HashSet};

use super::assignment;
use super::expand::take;
use super::order::Placed;
use super::output::Found;
use super::vars::direct_in_term;
use crate::scope::LocalName;
use crate::tree::{Expr, ExprKind, Local, RefHead, Replacement, Term, TermKind, With};

/// Returns the statements of a body; groups from `first_head` on belong to `heads`, in order.
pub(super) fn fold(
    placed: Vec<Placed>,
    first_head: u32,
    mut heads: Vec<&mut Term>,
    names: &mut Vec<LocalName>,
) -> Vec<Expr> {
    let mut folder =
        Folder { done: Vec::with_capacity(placed.len()), held: Vec::new(), group: 0, names };
    let placed = take_heads(placed, first_head, &mut heads);
    for placed in placed {
        folder.next(placed);
    }
    folder.release();
    // Pieces that went back need no place, and the statements are kept as long as the policy.
    folder.done.shrink_to_fit();
    folder.done
}

/// Puts the pieces of heads back that bind nothing; returns all others.
fn take_heads(placed: Vec<Placed>, first_head: u32, heads: &mut [&mut Term]) -> Vec<Placed> {
    let mut binds = vec![false; heads.len()];
    for placed in &placed {
        if let Some(at) = placed.piece.group.checked_sub(first_head)
            && let Some(flag) = binds.get_mut(at as usize)
        {
            *flag |= binds_more(placed);
        }
    }
    let mut values: HashMap<Local, Term> = HashMap::default();
    let mut rest = Vec::with_capacity(placed.len());
    for placed in placed {
        let at = placed.piece.group.checked_sub(first_head);
        let pure = at.and_then(|at| binds.get(at as usize)).is_some_and(|binds| !binds);
        match (pure, placed.piece.made_for, placed.piece.expr.kind) {
            (true, Some(local), ExprKind::Unify(_, mut value)) => {
                substitute(&mut value, &mut values);
                values.insert(local, value);
            }
            (_, _, kind) => {
                let expr = Expr { kind, ..placed.piece.expr };
                rest.push(Placed {
                    piece: super::expand::Piece { expr, ..placed.piece },
                    ..placed
                });
            }
        }
    }
    if !values.is_empty() {
        heads.iter_mut().for_each(|head| substitute(head, &mut values));
    }
    rest
}

/// Whether a piece binds anything but the local made for it.
fn binds_more(placed: &Placed) -> bool {
    placed.binds.list.iter().any(|local| Some(*local) != placed.piece.made_for)
}

struct Folder<'n> {
    done: Vec<Expr>,
    /// Pieces that wait for their statement, in order.
    held: Vec<(Local, Expr)>,
    group: u32,
    names: &'n mut Vec<LocalName>,
}

impl Folder<'_> {
    fn next(&mut self, placed: Placed) {
        let pure = !binds_more(&placed);
        let Placed { piece, binds } = placed;
        if piece.group != self.group {
            self.release();
            self.group = piece.group;
        }
        let mut expr = piece.expr;
        match piece.made_for {
            Some(local) if pure => {
                self.put_back(&mut expr, &binds);
                self.held.push((local, expr));
            }
            Some(_) => {
                self.release();
                self.done.push(expr);
            }
            None => {
                if matches!(expr.kind, ExprKind::Not(_)) {
                    self.release();
                    self.negated(expr);
                    return;
                }
                self.put_back(&mut expr, &binds);
                self.release();
                if is_tangled(&expr, &binds) {
                    self.untangle(&mut expr, &binds);
                }
                self.done.push(expr);
            }
        }
    }

    /// Makes the references that bind variables statements before the one that uses them.
    fn untangle(&mut self, expr: &mut Expr, binds: &Found) {
        let with = expr.with.clone();
        match &mut expr.kind {
            ExprKind::Term(Term { kind: TermKind::Call { args, .. }, .. }) => {
                args.iter_mut().for_each(|arg| self.binders(arg, binds, &with));
            }
            ExprKind::Unify(left, right) => {
                self.binders(left, binds, &with);
                self.binders(right, binds, &with);
            }
            _ => {}
        }
    }

    fn binders(&mut self, term: &mut Term, binds: &Found, with: &[With]) {
        if matches!(term.kind, TermKind::Ref { .. }) && mentions_any(term, binds) {
            return self.take_out(term, with);
        }
        match &mut term.kind {
            TermKind::Array(items) | TermKind::Set(items) | TermKind::Call { args: items, .. } => {
                items.iter_mut().for_each(|item| self.binders(item, binds, with));
            }
            TermKind::Object(entries) => {
                for (key, value) in entries {
                    self.binders(key, binds, with);
                    self.binders(value, binds, with);
                }
            }
            _ => {}
        }
    }

    /// Puts what is held into a statement that binds `binds`.
    fn put_back(&mut self, expr: &mut Expr, binds: &Found) {
        if self.held.is_empty() {
            return;
        }
        let mut values: HashMap<Local, Term> = HashMap::default();
        let mut order = Vec::with_capacity(self.held.len());
        for (local, held) in self.held.drain(..) {
            let Expr { kind: ExprKind::Unify(_, value), with, location, index } = held else {
                continue;
            };
            values.insert(local, value);
            order.push((local, with, location, index));
        }
        into_expr(expr, binds, &mut values);
        for (local, with, location, index) in order {
            if let Some(value) = values.remove(&local) {
                let target = Term { kind: TermKind::Local(local), location };
                let kind = ExprKind::Unify(target, value);
                self.held.push((local, Expr { kind, with, location, index }));
            }
        }
    }

    /// Makes what is held statements of their own.
    fn release(&mut self) {
        self.done.extend(self.held.drain(..).map(|(_, expr)| expr));
    }

    fn negated(&mut self, mut expr: Expr) {
        let with = expr.with.clone();
        if let ExprKind::Not(body) = &mut expr.kind {
            for inner in &mut body.exprs {
                self.negated_kind(&mut inner.kind, &with);
            }
        }
        self.done.push(expr);
    }

    fn negated_kind(&mut self, kind: &mut ExprKind, with: &[With]) {
        match kind {
            ExprKind::Term(term) => match &mut term.kind {
                TermKind::Call { callee, args } => {
                    let equality = matches!(callee, crate::tree::Callee::Builtin(decl) if decl.name == "equal");
                    for arg in args {
                        match equality {
                            true => self.steps(arg, with),
                            false => self.whole(arg, with),
                        }
                    }
                }
                _ => self.steps(term, with),
            },
            ExprKind::Unify(result, Term { kind: TermKind::Call { args, .. }, .. }) => {
                args.iter_mut().for_each(|arg| self.whole(arg, with));
                self.whole(result, with);
            }
            ExprKind::Unify(left, right) => {
                self.steps(left, with);
                self.steps(right, with);
            }
            ExprKind::SomeIn { domain, .. } | ExprKind::Every { domain, .. } => {
                self.whole(domain, with);
            }
            ExprKind::Not(_) => {}
        }
    }

    /// Takes the references inside of a term out, the term itself not.
    fn steps(&mut self, term: &mut Term, with: &[With]) {
        match &mut term.kind {
            TermKind::Ref { path, .. } => path.iter_mut().for_each(|step| self.whole(step, with)),
            TermKind::Comprehension { .. } => {}
            _ => self.whole(term, with),
        }
    }

    /// Takes a term out if it is a reference or a comprehension, and such parts of it otherwise.
    fn whole(&mut self, term: &mut Term, with: &[With]) {
        match &mut term.kind {
            TermKind::Ref { path, .. } => {
                path.iter_mut().for_each(|step| self.whole(step, with));
                self.take_out(term, with);
            }
            TermKind::Comprehension { .. } => self.take_out(term, with),
            TermKind::Array(items) | TermKind::Set(items) => {
                items.iter_mut().for_each(|item| self.whole(item, with));
            }
            TermKind::Object(entries) => {
                for (key, value) in entries {
                    self.whole(key, with);
                    self.whole(value, with);
                }
            }
            TermKind::Call { .. } | TermKind::Constant(_) | TermKind::Local(_) => {}
        }
    }

    fn take_out(&mut self, term: &mut Term, with: &[With]) {
        let local = Local(self.names.len() as u32);
        self.names.push(LocalName::Generated);
        let location = term.location;
        let mut expr = assignment(local, take(term));
        expr.with = with.to_vec();
        self.done.push(expr);
        *term = Term { kind: TermKind::Local(local), location };
    }
}

/// Whether a variable that a step of a reference binds stands elsewhere in the statement too, as
/// in `x == input.xs[x]`: then what is written first may need what is written later.
fn is_tangled(expr: &Expr, binds: &Found) -> bool {
    if binds.list.is_empty() {
        return false;
    }
    let mut uses = Uses { binds, steps: Vec::new(), plain: Vec::new() };
    match &expr.kind {
        ExprKind::Term(Term { kind: TermKind::Call { args, .. }, .. }) => {
            args.iter().for_each(|arg| uses.term(arg));
        }
        ExprKind::Unify(left, right) => {
            uses.term(left);
            uses.term(right);
        }
        _ => {}
    }
    let plain: HashSet<Local> = uses.plain.into_iter().collect();
    uses.steps.iter().any(|step| plain.contains(step))
}

/// Variables of a statement that it binds: in steps of references, and elsewhere.
struct Uses<'b> {
    binds: &'b Found,
    steps: Vec<Local>,
    plain: Vec<Local>,
}

impl Uses<'_> {
    fn term(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Local(local) if self.binds.contains(*local) => self.plain.push(*local),
            TermKind::Ref { path, .. } => {
                for step in path {
                    match &step.kind {
                        TermKind::Local(local) if self.binds.contains(*local) => {
                            self.steps.push(*local);
                        }
                        _ => self.term(step),
                    }
                }
            }
            TermKind::Array(items) | TermKind::Set(items) | TermKind::Call { args: items, .. } => {
                items.iter().for_each(|item| self.term(item));
            }
            TermKind::Object(entries) => {
                for (key, value) in entries {
                    self.term(key);
                    self.term(value);
                }
            }
            _ => {}
        }
    }
}

/// Replaces locals of a statement by their values, in places that are computed and not matched.
fn into_expr(expr: &mut Expr, binds: &Found, values: &mut HashMap<Local, Term>) {
    match &mut expr.kind {
        ExprKind::Term(term) => substitute(term, values),
        ExprKind::Unify(left, right) => {
            for side in [left, right] {
                if !mentions_any(side, binds) {
                    substitute(side, values);
                }
            }
        }
        ExprKind::SomeIn { domain, .. } | ExprKind::Every { domain, .. } => {
            substitute(domain, values);
        }
        ExprKind::Not(_) => {}
    }
    for with in &mut expr.with {
        if let Replacement::Value(term) = &mut with.value {
            substitute(term, values);
        }
    }
}

fn mentions_any(term: &Term, locals: &Found) -> bool {
    let mut found = false;
    direct_in_term(term, &mut |local| found |= locals.contains(local));
    found
}

/// Replaces locals by their values; each stands in one place only.
fn substitute(term: &mut Term, values: &mut HashMap<Local, Term>) {
    match &mut term.kind {
        TermKind::Local(local) => {
            if let Some(value) = values.remove(local) {
                *term = value;
            }
        }
        TermKind::Ref { head, path } => {
            if let RefHead::Local(local) = head
                && let Some(value) = values.remove(local)
            {
                *head = RefHead::Term(Box::new(value));
            }
            path.iter_mut().for_each(|step| substitute(step, values));
        }
        TermKind::Call { args: items, .. } | TermKind::Array(items) | TermKind::Set(items) => {
            items.iter_mut().for_each(|item| substitute(item, values));
        }
        TermKind::Object(entries) => {
            for (key, value) in entries {
                substitute(key, values);
                substitute(value, values);
            }
        }
        TermKind::Constant(_) | TermKind::Comprehension { .. } => {}
    }
}
