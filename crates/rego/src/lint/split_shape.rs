//! `[a, b] := split(…)` in a denial.

use rego_source::Diagnostic;
use rego_syntax::ast::{ExprKind, Term, TermKind};

use super::Rule;
use super::denial::is_denial;
use super::reference::call;
use super::view::View;
use super::walk::{Node, nodes};

const ID: &str = "fixed-parts-in-denial";

pub(super) const RULE: Rule = Rule {
    id: ID,
    summary: "a denial takes text apart into a fixed number of parts",
    explanation: "\
`[host, target] := split(bind, \":\")` holds only where there are exactly two parts. With \
`/etc:/mnt:ro` there are three: the body fails, and what should have been denied is not.

    parts := split(bind, \":\")
    host := parts[0]

Where the shape itself matters, deny what has another one.",
    check,
};

fn check(view: &View<'_>, out: &mut Vec<Diagnostic>) {
    for site in view.sites().filter(|site| is_denial(*site)) {
        for node in nodes(site.rule) {
            let Node::Expr(expr) = node else { continue };
            let (ExprKind::Assign(left, right) | ExprKind::Unify(left, right)) = &expr.kind else {
                continue;
            };
            let Some(count) = parts(left, right).or_else(|| parts(right, left)) else { continue };
            if expr.negated {
                continue;
            }
            let message =
                format!("this denial vanishes where the text does not split into {count} parts");
            let hint = "keep the parts in a variable, and take the one that matters: `parts[0]`";
            out.push(site.finding(ID, expr.span, message).with_hint(hint));
        }
    }
}

/// Returns the length of an array pattern that a call of `split` must match.
fn parts(pattern: &Term, value: &Term) -> Option<usize> {
    let TermKind::Array(items) = &pattern.kind else { return None };
    call(value).filter(|(name, _)| name == "split").map(|_| items.len())
}
