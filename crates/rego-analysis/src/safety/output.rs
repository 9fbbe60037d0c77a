//! Which variables a statement binds, once a set of variables is bound.
//!
//! Source: OPA `v1/ast/compile.go` (`outputVarsForExpr` and what it calls).

use foldhash::HashSet;

use super::unify::Unifier;
use super::vars::{VarSet, direct_in_term};
use crate::tree::{Expr, ExprKind, Local, RefHead, Replacement, Term, TermKind};

/// Variables, each once, in order of appearance.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) list: Vec<Local>,
    set: HashSet<Local>,
}

impl Found {
    /// Whether a variable is one of them.
    pub(crate) fn contains(&self, local: Local) -> bool {
        self.set.contains(&local)
    }

    fn add(&mut self, local: Local) {
        if self.set.insert(local) {
            self.list.push(local);
        }
    }
}

/// Returns the variables that a statement binds where those of `safe` are bound.
pub(crate) fn outputs(expr: &Expr, safe: &VarSet) -> Found {
    let mut out = Outputs { safe, found: Found::default() };
    let with_safe = expr.with.iter().all(|with| match &with.value {
        Replacement::Value(term) => out.all_known(term),
        Replacement::Function(_) => true,
    });
    if !with_safe {
        return Found::default();
    }
    match &expr.kind {
        ExprKind::Not(_) => {}
        ExprKind::Term(term) => out.steps(term),
        ExprKind::Every { domain, .. } => out.steps(domain),
        ExprKind::Unify(left, right) => out.unify(left, right),
        ExprKind::SomeIn { key, value, domain } => out.some_in(key.as_ref(), value, domain),
    }
    out.found
}

struct Outputs<'s> {
    safe: &'s VarSet,
    found: Found,
}

impl Outputs<'_> {
    fn known(&self, local: Local) -> bool {
        self.safe.contains(local) || self.found.contains(local)
    }

    fn all_known(&self, term: &Term) -> bool {
        let mut all = true;
        direct_in_term(term, &mut |local| all &= self.known(local));
        all
    }

    fn add(&mut self, local: Local) {
        if !self.safe.contains(local) {
            self.found.add(local);
        }
    }

    /// Adds what the steps of references bind.
    fn steps(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Ref { head, path } => {
                let safe = match head {
                    RefHead::Input | RefHead::Data => true,
                    RefHead::Local(local) => self.safe.contains(*local),
                    RefHead::Term(inner) => self.all_known(inner),
                };
                if safe {
                    path.iter().for_each(|step| self.bindable(step));
                }
            }
            TermKind::Call { args, .. } => args.iter().for_each(|arg| self.steps(arg)),
            TermKind::Array(items) | TermKind::Set(items) => {
                items.iter().for_each(|item| self.steps(item));
            }
            TermKind::Object(entries) => {
                for (key, value) in entries {
                    self.steps(key);
                    self.steps(value);
                }
            }
            TermKind::Constant(_) | TermKind::Local(_) | TermKind::Comprehension { .. } => {}
        }
    }

    /// Adds every variable of a step; of a reference inside of it, only those of its steps.
    fn bindable(&mut self, step: &Term) {
        match &step.kind {
            TermKind::Local(local) => self.add(*local),
            TermKind::Ref { path, .. } => path.iter().for_each(|step| self.bindable(step)),
            TermKind::Call { args, .. } => args.iter().for_each(|arg| self.bindable(arg)),
            TermKind::Array(items) | TermKind::Set(items) => {
                items.iter().for_each(|item| self.bindable(item));
            }
            TermKind::Object(entries) => {
                for (key, value) in entries {
                    self.bindable(key);
                    self.bindable(value);
                }
            }
            TermKind::Constant(_) | TermKind::Comprehension { .. } => {}
        }
    }

    fn unify(&mut self, left: &Term, right: &Term) {
        for (target, other) in [(left, right), (right, left)] {
            if let TermKind::Call { args, .. } = &other.kind {
                args.iter().for_each(|arg| self.steps(arg));
                if args.iter().all(|arg| self.all_known(arg)) {
                    self.bindable(target);
                }
                return;
            }
        }
        self.steps(left);
        self.steps(right);
        for local in Unifier::run(&|local| self.known(local), left, right) {
            self.add(local);
        }
    }

    fn some_in(&mut self, key: Option<&Term>, value: &Term, domain: &Term) {
        self.steps(domain);
        for pattern in key.iter().copied().chain([value]) {
            self.steps(pattern);
        }
        let reachable = match &domain.kind {
            TermKind::Ref { head: RefHead::Local(local), .. } => self.safe.contains(*local),
            TermKind::Ref { .. } => true,
            _ => self.all_known(domain),
        };
        if reachable {
            key.iter().for_each(|key| self.bindable(key));
            for local in Unifier::bind_all(&|local| self.known(local), value) {
                self.add(local);
            }
        }
    }
}
