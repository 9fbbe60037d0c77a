//! Defaults beside rules that make one of the two pointless.

use rego_source::Diagnostic;
use rego_syntax::ast::Rule as Definition;

use super::Rule;
use super::constant::{Constant, constant};
use super::view::{Group, Site, View, rule_name};

const ID: &str = "default-shadowed";

pub(super) const RULE: Rule = Rule {
    id: ID,
    summary: "a rule gives what the default gives anyway, or the default never counts",
    explanation: "\
A default counts where no definition does. A definition with the default's own value changes nothing \
but this: where another one holds at the same time, the two conflict, and evaluation fails.

    default allow := false
    allow := false if input.banned     # not a veto: a conflict where `allow if …` holds, too

A veto is a condition of the rule that allows: `not input.banned`. A default next to a definition \
without conditions never counts. And a default of another type than every definition, `\"false\"` for \
`false`, is true to whoever asks whether it is.",
    check,
};

fn check(view: &View<'_>, out: &mut Vec<Diagnostic>) {
    for group in view.groups() {
        let Some((index, default)) = group.rules.iter().find(|(_, rule)| rule.default) else {
            continue;
        };
        let (Some(unit), Some(value)) = (view.unit(*index), value_of(default)) else { continue };
        let site = Site { unit, rule: default };
        for (index, rule) in group.rules.iter().filter(|(_, rule)| is_plain(rule)) {
            let Some(unit) = view.unit(*index) else { continue };
            out.extend(compare(Site { unit, rule }, site, &value));
        }
        out.extend(other_type(site, group, &value));
    }
}

/// Whether a rule is a definition of one value.
fn is_plain(rule: &Definition) -> bool {
    !rule.default
        && rule.head.key.is_none()
        && super::reference::plain_path(&rule.head.reference).is_some()
}

/// Returns the value of a rule's first branch, where it is a scalar.
fn value_of(rule: &Definition) -> Option<Constant<'_>> {
    match &rule.head.value {
        Some((term, _)) => constant(term),
        None => Some(Constant::Bool(true)),
    }
}

fn compare(site: Site<'_, '_>, default: Site<'_, '_>, value: &Constant<'_>) -> Option<Diagnostic> {
    let rule = site.rule;
    let name = rule_name(rule).join(".");
    // A value that is read from elsewhere may be undefined, and then the default does count.
    let is_defined = value_of(rule).is_some();
    if is_defined && rule.body.is_none() && rule.els.is_none() && rule.head.args.is_none() {
        let message = format!("`{name}` is defined without conditions: its default never counts");
        let hint = "remove one of the two";
        let note = "the default is here";
        let at = default.at(default.rule.span);
        return Some(site.finding(ID, rule.head.span, message).with_hint(hint).with_note(at, note));
    }
    let has_others = rule.els.is_some();
    if has_others || value_of(rule).as_ref() != Some(value) {
        return None;
    }
    let message = format!("this gives `{name}` the value that it has by default");
    let hint = "remove it; a veto belongs into the conditions of the rules with another value";
    let note = "the default is here";
    let at = default.at(default.rule.span);
    Some(site.finding(ID, rule.head.span, message).with_hint(hint).with_note(at, note))
}

/// Finds a default whose type none of the definitions has.
fn other_type(site: Site<'_, '_>, group: &Group<'_>, value: &Constant<'_>) -> Option<Diagnostic> {
    let mut kinds = Vec::new();
    for (_, rule) in group.rules.iter().filter(|(_, rule)| !rule.default) {
        kinds.extend(super::walk::branches(rule).iter().map(|branch| match branch.value {
            Some(term) => constant(term).map(|value| value.kind()),
            None => Some(Constant::Bool(true).kind()),
        }));
    }
    let first = kinds.first().copied().flatten()?;
    let same = kinds.iter().all(|kind| *kind == Some(first));
    if !same || first == value.kind() || *value == Constant::Null {
        return None;
    }
    let name = rule_name(site.rule).join(".");
    let message =
        format!("the default of `{name}` is a {}, every other definition a {first}", value.kind());
    Some(site.finding(ID, site.rule.span, message).with_hint("give both the same type"))
}
