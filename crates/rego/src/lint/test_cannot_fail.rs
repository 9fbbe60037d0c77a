//! Tests that pass whatever the policy says.

use std::collections::BTreeSet;

use rego_source::Diagnostic;
use rego_syntax::ast::{Expr, ExprKind, Term, TermKind};

use super::Rule;
use super::constant::outcome;
use super::reference::first_name;
use super::view::{Site, View};
use super::walk::{Node, branches, nodes};

const ID: &str = "test-cannot-fail";

pub(super) const RULE: Rule = Rule {
    id: ID,
    summary: "a test passes whatever the policy says",
    explanation: "\
A test is worth what it can fail for. One that reaches no rule outside of the tests, neither `input` \
nor `data`, compares constants; `not data.gate.alow` holds because nothing of that name is there; \
`count(x) >= 0` always holds.

    test_denied if not authz.allow with input as {\"user\": \"eve\"}

Change the policy so that the test should fail, and see that it does.",
    check,
};

/// Most rules that are looked through for one test.
const REACH_MAX: usize = 10_000;

fn check(view: &View<'_>, out: &mut Vec<Diagnostic>) {
    for site in view.sites().filter(|site| site.is_test_rule()) {
        let statements: Vec<&Expr> = branches(site.rule)
            .iter()
            .filter_map(|branch| branch.body)
            .flat_map(|body| &body.exprs)
            .collect();
        let missing: Vec<_> =
            statements.iter().filter_map(|expr| missing(view, site, expr)).collect();
        let outcomes: Vec<_> = statements.iter().map(|expr| outcome(expr)).collect();
        let say = |message: &str| {
            let hint = "refer to a rule of the policy, with an input that decides it";
            site.finding(ID, site.rule.head.span, message.to_string()).with_hint(hint)
        };
        if !missing.is_empty() {
            out.extend(missing);
        } else if outcomes.contains(&Some(false)) {
            // It always fails, which nobody overlooks.
        } else if outcomes.iter().all(|outcome| *outcome == Some(true)) {
            out.push(say("this test always passes: it has no condition that could fail"));
        } else if !reaches_policy(view, site) {
            out.push(say("this test refers to no rule of a policy, to neither `input` nor `data`"));
        }
    }
}

/// Finds a negated reference to what is nowhere.
fn missing(view: &View<'_>, site: Site<'_, '_>, expr: &Expr) -> Option<Diagnostic> {
    let ExprKind::Term(term) = &expr.kind else { return None };
    let (path, _) = view.resolve(site, &site.locals(), term).filter(|_| expr.negated)?;
    // A test may put something there itself.
    if !view.is_missing(&path)
        || expr.with.iter().any(|with| first_name(&with.target) != Some("input"))
    {
        return None;
    }
    let name = view.text(site, term);
    let message = format!("nothing defines `{name}`: `not` always holds");
    Some(site.finding(ID, expr.span, message).with_hint("is it spelled as the policy spells it?"))
}

/// Whether a test refers, itself or through others, to something outside of the tests.
fn reaches_policy<'a>(view: &View<'a>, from: Site<'_, 'a>) -> bool {
    let mut open = vec![from];
    let mut seen: BTreeSet<*const rego_syntax::ast::Rule> = BTreeSet::new();
    while let Some(site) = open.pop() {
        if !seen.insert(site.rule) || seen.len() > REACH_MAX {
            continue;
        }
        let locals = site.locals();
        for term in references(site) {
            if first_name(term) == Some("input") {
                return true;
            }
            let Some((path, _)) = view.resolve(site, &locals, term) else { continue };
            let Some(group) = view.group_on(&path) else { return true };
            for (index, rule) in &group.rules {
                let Some(unit) = view.unit(*index) else { continue };
                let next = Site { unit, rule };
                if !next.is_test() && !is_literal(rule) {
                    return true;
                }
                open.push(next);
            }
        }
    }
    seen.len() > REACH_MAX
}

/// Whether a rule beside tests is but a name for a value.
fn is_literal(rule: &rego_syntax::ast::Rule) -> bool {
    rule.body.is_none() && rule.head.args.is_none() && rule.head.key.is_none() && !rule.default
}

/// Returns the names, references and called functions of a rule.
fn references<'a>(site: Site<'_, 'a>) -> Vec<&'a Term> {
    let terms = nodes(site.rule).into_iter().filter_map(|node| match node {
        Node::Term(term) => Some(match &term.kind {
            TermKind::Call { function, .. } => function,
            _ => term,
        }),
        Node::Expr(_) => None,
    });
    terms.collect()
}
