//! Prefixes of paths that end in the middle of a name.

use std::collections::BTreeSet;

use rego_source::Diagnostic;
use rego_syntax::ast::{ExprKind, Term, TermKind};

use super::Rule;
use super::constant::text;
use super::reference::call;
use super::view::{Site, View};
use super::walk::{Node, nodes};

const ID: &str = "prefix-without-slash";

pub(super) const RULE: Rule = Rule {
    id: ID,
    summary: "a prefix of a path does not end with a slash",
    explanation: "\
`startswith(path, \"/data\")` also holds for `/database` and `/data-of-others`. Where such a test allows, \
it allows too much; where it denies, too much as well.

    within(path, directory) if path == directory
    within(path, directory) if startswith(path, concat(\"\", [directory, \"/\"]))

Paths of the host are to be cleaned first, or `..` leads out of any prefix.",
    check,
};

fn check(view: &View<'_>, out: &mut Vec<Diagnostic>) {
    for site in view.sites().filter(|site| !site.is_test()) {
        let locals = site.locals();
        for node in nodes(site.rule) {
            let Node::Term(term) = node else { continue };
            let Some((name, [_, prefix])) = call(term) else { continue };
            if !matches!(name.as_str(), "startswith" | "strings.any_prefix_match") {
                continue;
            }
            let Some(found) = prefixes(view, site, &locals, prefix).into_iter().find(|p| bites(p))
            else {
                continue;
            };
            let message = format!("the prefix `{found}` also fits `{found}-and-more`");
            let hint = format!("test for `== \"{found}\"` and for the prefix `\"{found}/\"`");
            out.push(site.finding(ID, term.span, message).with_hint(hint));
        }
    }
}

/// Whether a text is an absolute path that ends in a name.
fn bites(prefix: &str) -> bool {
    prefix.starts_with('/') && prefix.chars().last().is_some_and(char::is_alphanumeric)
}

/// Returns the texts that a term is known to be: a constant, or the elements of a literal or of a rule
/// with one, where a variable runs through it.
fn prefixes<'v>(
    view: &'v View<'_>,
    site: Site<'_, 'v>,
    locals: &BTreeSet<&str>,
    term: &'v Term,
) -> Vec<&'v str> {
    if let Some(text) = text(term) {
        return vec![text];
    }
    let of_name = |name: &str| {
        nodes(site.rule).into_iter().find_map(|node| match node {
            Node::Expr(expr) => source_of(&expr.kind, name),
            Node::Term(_) => None,
        })
    };
    let domain = match &term.kind {
        TermKind::Var(name) if locals.contains(&**name) => of_name(name).unwrap_or(term),
        _ => term,
    };
    elements(view, site, locals, domain)
}

/// Returns what a statement draws the variable from: `some x in this`, `x := this`.
fn source_of<'a>(kind: &'a ExprKind, name: &str) -> Option<&'a Term> {
    let is_it = |term: &Term| matches!(&term.kind, TermKind::Var(known) if **known == *name);
    match kind {
        ExprKind::SomeIn { value, domain, .. } | ExprKind::Every { value, domain, .. } => {
            is_it(value).then_some(domain)
        }
        ExprKind::Assign(left, right) | ExprKind::Unify(left, right) => {
            is_it(left).then_some(right)
        }
        _ => None,
    }
}

fn elements<'v>(
    view: &'v View<'_>,
    site: Site<'_, 'v>,
    locals: &BTreeSet<&str>,
    term: &'v Term,
) -> Vec<&'v str> {
    if let TermKind::Array(items) | TermKind::Set(items) = &term.kind {
        return items.iter().filter_map(text).collect();
    }
    if let Some(text) = text(term) {
        return vec![text];
    }
    // `paths`, or `paths[_]`: the constant beginning is the rule.
    let Some((path, _)) = view.resolve(site, locals, term) else { return Vec::new() };
    let Some(group) = view.group_at(&path) else { return Vec::new() };
    let values = group.rules.iter().filter_map(|(_, rule)| rule.head.value.as_ref());
    let terms = values.flat_map(|(value, _)| match &value.kind {
        TermKind::Array(items) | TermKind::Set(items) => items.as_slice(),
        _ => std::slice::from_ref(value),
    });
    terms.filter_map(text).collect()
}
