//! What a query depends on: documents of `input` and base data, and rules, through all rules that
//! it reaches.
//!
//! Must not know: how anything is evaluated.
//!
//! Source: behaviour of OPA's `v1/dependencies`, "opa deps".

use std::collections::{BTreeMap, BTreeSet};

use rego_value::Value;

use crate::tree::{
    Body, Callee, Definition, Expr, ExprKind, Local, RefHead, Replacement, Resolved, RuleId,
    RuleTree, Term, TermKind,
};
use crate::walk::{Part, expr_parts, term_parts};

/// What a query depends on; each path with its root first, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// Documents from outside: `input.a`, `data.b`.
    pub base: BTreeSet<Vec<Value>>,
    /// Rules.
    pub rules: BTreeSet<Vec<Value>>,
}

/// Returns what the body of a query depends on. Linear in the size of the rules that it reaches.
pub fn dependencies(resolved: &Resolved, query: &Body) -> Dependencies {
    let mut found = Dependencies::default();
    let mut seen = BTreeSet::new();
    let mut next = Vec::new();
    let mut own = Uses { all: true, ..Uses::default() };
    own.body(query);
    own.finish(resolved, &mut found, &mut next);
    while let Some(rule) = next.pop() {
        if !seen.insert(rule) {
            continue;
        }
        let Some(rule) = resolved.rules.get(rule.0 as usize) else { continue };
        found.rules.insert(rooted("data", &rule.path));
        for definition in rule.definitions.iter().chain(rule.default.as_deref()) {
            let mut own = Uses::default();
            let chain = std::iter::successors(Some(definition), |one| one.els.as_deref());
            chain.for_each(|definition| own.definition(definition));
            own.finish(resolved, &mut found, &mut next);
        }
    }
    found
}

fn rooted(root: &str, path: &[Value]) -> Vec<Value> {
    std::iter::once(Value::from(root)).chain(path.iter().cloned()).collect()
}

/// A reference as far as it is known, and whether all of it is.
type Path = (Vec<Value>, bool);

/// What one definition or query uses itself.
#[derive(Default)]
struct Uses {
    /// Whether a variable counts that nothing uses: those of a query are its answer.
    all: bool,
    /// What variables stand for.
    bound: BTreeMap<Local, Path>,
    /// Uses of variables, with the steps that follow.
    locals: Vec<(Local, Vec<Value>)>,
    paths: BTreeSet<Vec<Value>>,
    rules: Vec<RuleId>,
}

impl Uses {
    fn definition(&mut self, definition: &Definition) {
        let heads = definition.args.iter().chain(&definition.keys).chain([&definition.value]);
        heads.for_each(|term| self.term(term));
        self.body(&definition.body);
    }

    fn body(&mut self, body: &Body) {
        body.exprs.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        for with in &expr.with {
            if let Replacement::Function(Callee::Rule(rule)) = &with.value {
                self.rules.push(*rule);
            }
        }
        if let ExprKind::Unify(left, right) = &expr.kind
            && (self.binds(left, right) || self.binds(right, left))
        {
            for with in &expr.with {
                if let Replacement::Value(term) = &with.value {
                    self.term(term);
                }
            }
            return;
        }
        expr_parts(expr, &mut |part| self.part(part));
    }

    /// Takes down that a variable stands for a document; `false` where it does not.
    fn binds(&mut self, variable: &Term, value: &Term) -> bool {
        let TermKind::Local(local) = variable.kind else { return false };
        let (Some(path), false) = (path_of(value), self.bound.contains_key(&local)) else {
            return false;
        };
        if let TermKind::Ref { path: steps, .. } = &value.kind {
            let inner = |step: &&Term| !matches!(step.kind, TermKind::Constant(_));
            steps.iter().filter(inner).for_each(|step| self.term(step));
        }
        self.bound.insert(local, path);
        true
    }

    fn part(&mut self, part: Part<'_>) {
        match part {
            Part::Term(term) => self.term(term),
            Part::Body(body) => self.body(body),
        }
    }

    fn term(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Local(local) => self.locals.push((*local, Vec::new())),
            TermKind::Ref { head: RefHead::Local(local), path } => {
                self.locals.push((*local, known(path).0));
            }
            TermKind::Ref { .. } => self.paths.extend(path_of(term).map(|(path, _)| path)),
            TermKind::Call { callee: Callee::Rule(rule), .. } => self.rules.push(*rule),
            _ => {}
        }
        term_parts(term, &mut |part| self.part(part));
    }

    /// Adds what was found, the shortest path of those that begin alike.
    fn finish(mut self, resolved: &Resolved, found: &mut Dependencies, next: &mut Vec<RuleId>) {
        next.append(&mut self.rules);
        let locals = std::mem::take(&mut self.locals);
        for (local, steps) in locals {
            if let Some((path, whole)) = self.bound.get(&local) {
                let mut path = path.clone();
                if *whole {
                    path.extend(steps);
                }
                self.paths.insert(path);
            }
        }
        if self.all {
            self.paths.extend(std::mem::take(&mut self.bound).into_values().map(|(path, _)| path));
        }
        let mut last: Option<Vec<Value>> = None;
        for path in self.paths {
            if last.as_ref().is_some_and(|last| path.starts_with(last)) {
                continue;
            }
            if !reach(resolved, &path, next) {
                found.base.insert(path.clone());
            }
            last = Some(path);
        }
    }
}

/// Returns the path of a reference into `input` or `data`.
fn path_of(term: &Term) -> Option<Path> {
    let TermKind::Ref { head, path } = &term.kind else { return None };
    let root = match head {
        RefHead::Input => "input",
        RefHead::Data => "data",
        RefHead::Local(_) | RefHead::Term(_) => return None,
    };
    let (steps, whole) = known(path);
    Some((rooted(root, &steps), whole))
}

/// Returns the steps up to the first that is not known, and whether that is all.
fn known(path: &[Term]) -> Path {
    let mut steps = Vec::new();
    for step in path {
        match &step.kind {
            TermKind::Constant(value) => steps.push(value.clone()),
            _ => return (steps, false),
        }
    }
    (steps, true)
}

/// Adds the rules that a path reaches: the one it leads into, or all below. Whether there are any.
fn reach(resolved: &Resolved, path: &[Value], next: &mut Vec<RuleId>) -> bool {
    let Some((root, steps)) = path.split_first() else { return false };
    if root.as_str() != Some("data") {
        return false;
    }
    let tree = &resolved.tree;
    let mut at = RuleTree::ROOT;
    for step in steps {
        let Some(child) = tree.child(at, step) else { return false };
        at = child;
        if let Some(rule) = tree.node(at).and_then(|node| node.rule) {
            next.push(rule);
            return true;
        }
    }
    let (before, mut open) = (next.len(), vec![at]);
    while let Some(node) = open.pop().and_then(|id| tree.node(id)) {
        next.extend(node.rule);
        open.extend(node.children.iter().map(|(_, child)| *child));
    }
    next.len() > before
}
