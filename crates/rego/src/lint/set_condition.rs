//! `not deny` where `deny` is a set.

use rego_source::Diagnostic;
use rego_syntax::ast::{Expr, ExprKind};

use super::Rule;
use super::view::{Site, View};
use super::walk::{Node, nodes};

const ID: &str = "set-as-condition";

pub(super) const RULE: Rule = Rule {
    id: ID,
    summary: "a set or object of rules stands as a condition: it is always defined",
    explanation: "\
A rule with `contains`, or one that makes an object entry by entry, is always defined: without any \
element it is the empty set, which is neither false nor undefined. `not deny` is therefore never \
true, and a gate that says so refuses everything; `deny` alone always holds.

    allow if not deny             # never
    allow if count(deny) == 0     # where nothing is denied

A single element may be asked for as it is: `not deny[\"no root\"]`.",
    check,
};

fn check(view: &View<'_>, out: &mut Vec<Diagnostic>) {
    for site in view.sites() {
        let locals = site.locals();
        for node in nodes(site.rule) {
            let Node::Expr(expr) = node else { continue };
            let ExprKind::Term(term) = &expr.kind else { continue };
            let Some((path, true)) = view.resolve(site, &locals, term) else { continue };
            let Some(group) = view.group_at(&path) else { continue };
            if group.is_collection() {
                out.push(finding(view, site, expr, group.is_set()));
            }
        }
    }
}

fn finding(view: &View<'_>, site: Site<'_, '_>, expr: &Expr, is_set: bool) -> Diagnostic {
    let ExprKind::Term(term) = &expr.kind else {
        return site.finding(ID, expr.span, String::new());
    };
    let name = view.text(site, term);
    let what = if is_set { "a set" } else { "an object" };
    let message = if expr.negated {
        format!("`{name}` is {what}, which is always defined: `not {name}` is never true")
    } else {
        format!("`{name}` is {what}, which is always defined: the condition always holds")
    };
    let relation = if expr.negated { "==" } else { ">" };
    site.finding(ID, expr.span, message).with_hint(format!("write `count({name}) {relation} 0`"))
}
