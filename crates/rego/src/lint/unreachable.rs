//! Rules that never apply.

use std::collections::BTreeMap;

use rego_source::Diagnostic;
use rego_syntax::ast::{BinaryOp, Body, Expr, ExprKind, Term, TermKind};

use super::Rule;
use super::constant::{Constant, constant, equality, outcome};
use super::reference::{Key, key};
use super::view::{Site, View};
use super::walk::{Branch, branches};

const ID: &str = "unreachable";

pub(super) const RULE: Rule = Rule {
    id: ID,
    summary: "a rule never applies: its conditions exclude each other, or one before it always holds",
    explanation: "\
The statements of a body must all hold at once. Two that exclude each other, or one that is false \
whatever the input is, make a rule that never applies:

    deny if {
        input.method == \"POST\"
        input.method == \"PUT\"       # never both
    }

Alternatives are rules of their own, or `input.method in {\"POST\", \"PUT\"}`. Likewise what follows an \
`else` without a condition is never reached.",
    check,
};

fn check(view: &View<'_>, out: &mut Vec<Diagnostic>) {
    for site in view.sites().filter(|site| !site.rule.default) {
        let branches = branches(site.rule);
        for branch in &branches {
            out.extend(branch.body.and_then(|body| never_holds(view, site, body)));
        }
        out.extend(after_the_last(site, &branches));
    }
}

/// Finds the first branch after one that always holds.
fn after_the_last(site: Site<'_, '_>, branches: &[Branch<'_>]) -> Option<Diagnostic> {
    // A function's parameters are conditions, too.
    let is_function = site.rule.head.args.is_some();
    let holds = |(index, branch): (usize, &Branch<'_>)| {
        let always = match branch.body {
            None => true,
            Some(body) => body.exprs.iter().all(|expr| outcome(expr) == Some(true)),
        };
        let has_value = branch.value.is_none_or(|value| constant(value).is_some());
        always && has_value && !(is_function && index == 0)
    };
    let last = branches.iter().enumerate().position(holds)?;
    let after = branches.get(last + 1)?;
    let message = "this `else` is never reached: the branch before it always holds".to_string();
    Some(
        site.finding(ID, after.span, message).with_hint("remove it, or give the other a condition"),
    )
}

/// Finds the first statement that cannot hold where the others do.
fn never_holds(view: &View<'_>, site: Site<'_, '_>, body: &Body) -> Option<Diagnostic> {
    let mut equal: BTreeMap<Key, (Constant<'_>, &Term)> = BTreeMap::new();
    let mut truth: BTreeMap<Key, bool> = BTreeMap::new();
    let mut unequal: Vec<(Key, Constant<'_>)> = Vec::new();
    let hint = "write alternatives as rules of their own, or with `in`";
    for expr in body.exprs.iter().filter(|expr| expr.with.is_empty()) {
        let say = |message: String| Some(site.finding(ID, expr.span, message).with_hint(hint));
        if outcome(expr) == Some(false) {
            let message = "this condition never holds, so the rule never applies".to_string();
            let hint = "remove the rule; a value without conditions is for `default`";
            return Some(site.finding(ID, expr.span, message).with_hint(hint));
        }
        if let ExprKind::Term(term) = &expr.kind
            && let Some(key) = key(term)
            && truth.insert(key, !expr.negated) == Some(expr.negated)
        {
            let text = view.text(site, term);
            return say(format!("`{text}` cannot both hold and not hold: the rule never applies"));
        }
        let Some((term, key, value, is_equal)) = fixed(expr) else { continue };
        let text = view.text(site, term);
        if is_equal && unequal.contains(&(key.clone(), value.clone())) {
            return say(format!("`{text}` is to be what it must not be: the rule never applies"));
        }
        match equal.get(&key) {
            Some((known, _)) if (*known == value) != is_equal => {
                return say(format!("`{text}` cannot be both: the rule never applies"));
            }
            _ if is_equal => drop(equal.insert(key, (value, term))),
            _ => unequal.push((key, value)),
        }
    }
    None
}

/// Returns the reference that a statement compares with a constant, and whether they are to be equal.
fn fixed(expr: &Expr) -> Option<(&Term, Key, Constant<'_>, bool)> {
    let (left, right, is_equal) = match &expr.kind {
        ExprKind::Term(Term {
            kind: TermKind::Binary { op: BinaryOp::NotEqual, left, right, .. },
            ..
        }) if !expr.negated => (&**left, &**right, false),
        _ => equality(expr).map(|(left, right)| (left, right, true))?,
    };
    let (term, value) = match (constant(left), constant(right)) {
        (None, Some(value)) => (left, value),
        (Some(value), None) => (right, value),
        _ => return None,
    };
    // `not x == 1` also holds where `x` is undefined, but not beside an `x == 1`. `not x != 1` says
    // nothing of the kind, and is left alone.
    Some((term, key(term)?, value, is_equal != expr.negated))
}
