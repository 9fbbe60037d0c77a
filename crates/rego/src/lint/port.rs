//! `to_number` of ports.

use rego_source::Diagnostic;
use rego_syntax::ast::{Term, TermKind};

use super::Rule;
use super::constant::text;
use super::reference::call;
use super::view::View;
use super::walk::{Node, nodes};

const ID: &str = "port-to-number";

pub(super) const RULE: Rule = Rule {
    id: ID,
    summary: "`to_number` of a port: there are empty ones, and ranges",
    explanation: "\
Docker's ports are strings: `\"80\"`, but also `\"\"` (the daemon chooses) and `\"8000-8010\"`. \
`to_number` of the last two is an error, which is undefined: a denial that needs it vanishes, and the \
range is granted.

    regex.match(`^[0-9]+$`, binding.HostPort)     # first be sure that it is one port
    to_number(binding.HostPort) < 1024

And deny, in a rule of its own, what is neither a number nor empty.",
    check,
};

fn check(view: &View<'_>, out: &mut Vec<Diagnostic>) {
    for site in view.sites().filter(|site| !site.is_test()) {
        for node in nodes(site.rule) {
            let Node::Term(term) = node else { continue };
            let Some((name, [operand])) = call(term) else { continue };
            let named = last_name(operand).is_some_and(|name| name.to_lowercase().contains("port"));
            if name != "to_number" || !named || is_checked(site.rule, operand) {
                continue;
            }
            let operand = view.text(site, operand);
            let message = format!(
                "`{operand}` may be empty or a range of ports: `to_number` is undefined then"
            );
            let hint = format!(
                "check it first, ``regex.match(`^[0-9]+$`, {operand})``, and deny what is neither"
            );
            out.push(site.finding(ID, term.span, message).with_hint(hint));
        }
    }
}

/// Returns the last name of a reference.
fn last_name(term: &Term) -> Option<&str> {
    match &term.kind {
        TermKind::Var(name) => Some(name),
        TermKind::Ref { path, .. } => path.iter().rev().find_map(|step| text(&step.term)),
        _ => None,
    }
}

/// Whether the rule looks at the operand with a regular expression, too.
fn is_checked(rule: &rego_syntax::ast::Rule, operand: &Term) -> bool {
    let wanted = super::reference::key(operand);
    nodes(rule).into_iter().any(|node| {
        let Node::Term(term) = node else { return false };
        call(term).is_some_and(|(name, args)| {
            matches!(name.as_str(), "regex.match" | "re_match")
                && args.iter().any(|arg| super::reference::key(arg) == wanted)
        })
    })
}
