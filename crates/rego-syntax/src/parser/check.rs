//! What OPA's parser refuses although the grammar allows it.

use rego_source::Span;

use crate::ast::{Rule, TemplatePart, Term, TermKind};
use crate::token::Tok;

/// Returns what is wrong with a rule by the rules of v1, with the place.
pub(super) fn v1_faults(rule: &Rule) -> Vec<(Span, String)> {
    let head = &rule.head;
    let is_function = head.args.as_ref().is_some_and(|args| !args.is_empty());
    let kind = if is_function { "function" } else { "rule" };
    let mut faults = Vec::new();
    let mut fault = |span: Span, message: String| faults.push((span, message));
    let keyword = keyword_name(&head.reference);
    if let Some(name) = keyword {
        fault(rule.span, format!("{name} keyword cannot be used for rule name"));
    }
    let no_value = head.value.is_none() && head.key.is_none() && head.args.is_none();
    if rule.body.is_none() && !rule.default && no_value {
        fault(rule.span, format!("{kind} must have value assignment and/or body declaration"));
    }
    let no_if = format!("`if` keyword is required before {kind} body");
    if rule.body.is_some() && !head.has_if {
        fault(rule.span, no_if.clone());
    }
    if head.key.is_some() && head.value.is_none() && !head.contains {
        fault(rule.span, "`contains` keyword is required for partial set rules".to_owned());
    }
    let mut els = rule.els.as_deref();
    while let Some(branch) = els {
        if let Some(name) = keyword {
            fault(branch.span, format!("{name} keyword cannot be used for rule name"));
        }
        if branch.body.is_some() && !branch.has_if {
            fault(branch.span, no_if.clone());
        }
        els = branch.els.as_deref();
    }
    faults
}

/// Returns the keyword of v1 that a rule is named like.
pub(crate) fn keyword_name(reference: &Term) -> Option<&str> {
    match &reference.kind {
        TermKind::Var(name) if Tok::of_word(name.as_bytes()).is_keyword() => Some(name),
        _ => None,
    }
}

/// Returns what is wrong with the value of a default rule: it must not depend on anything.
pub(super) fn default_value_faults(value: &Term) -> Vec<String> {
    let mut faults = Vec::new();
    find_dependent(value, &mut faults);
    faults.into_iter().map(|kind| format!("value cannot contain {kind}")).collect()
}

fn find_dependent(term: &Term, found: &mut Vec<&'static str>) {
    match &term.kind {
        TermKind::Var(name) if matches!(&**name, "input" | "data") => found.push("ref"),
        TermKind::Var(_) => found.push("var"),
        TermKind::Ref { .. } => found.push("ref"),
        TermKind::Call { .. }
        | TermKind::Binary { .. }
        | TermKind::Minus(_)
        | TermKind::In { .. } => found.push("call"),
        TermKind::Array(items) | TermKind::Set(items) => {
            items.iter().for_each(|item| find_dependent(item, found));
        }
        TermKind::Object(pairs) => {
            for (key, value) in pairs {
                find_dependent(key, found);
                find_dependent(value, found);
            }
        }
        TermKind::Template { parts, .. }
            if parts.iter().any(|part| matches!(part, TemplatePart::Expr(_))) =>
        {
            found.push("call");
        }
        _ => {}
    }
}

/// Returns what is wrong with the arguments of a default function: they must be distinct
/// variables.
pub(super) fn default_arguments_faults(args: &[Term]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for arg in args {
        match &arg.kind {
            TermKind::Var(name) if &**name == "_" => {}
            TermKind::Var(name) if seen.contains(&&**name) => {
                faults.push(format!("arguments cannot be repeated {name}"));
            }
            TermKind::Var(name) => seen.push(name),
            _ => {
                let kind = super::reference::value_name(arg);
                faults.push(format!("arguments cannot contain {kind}"));
            }
        }
    }
    faults
}

/// Returns whether a term holds no variable. The head of a reference does not count.
pub(super) fn is_ground(term: &Term) -> bool {
    match &term.kind {
        TermKind::Null
        | TermKind::Bool(_)
        | TermKind::Number(_)
        | TermKind::String { .. }
        | TermKind::Template { .. } => true,
        TermKind::Var(name) => matches!(&**name, "input" | "data"),
        TermKind::Ref { path, .. } => path.iter().all(|step| is_ground(&step.term)),
        TermKind::Call { args, .. } => args.iter().all(is_ground),
        TermKind::Binary { left, right, .. } => is_ground(left) && is_ground(right),
        TermKind::Minus(term) => is_ground(term),
        TermKind::In { key, value, domain } => {
            key.as_deref().is_none_or(is_ground) && is_ground(value) && is_ground(domain)
        }
        TermKind::Array(items) | TermKind::Set(items) => items.iter().all(is_ground),
        TermKind::Object(pairs) => pairs.iter().all(|(k, v)| is_ground(k) && is_ground(v)),
        TermKind::ArrayCompr { .. } | TermKind::SetCompr { .. } | TermKind::ObjectCompr { .. } => {
            false
        }
    }
}
