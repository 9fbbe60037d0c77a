//! The resolved tree as text: locals are `$0`, `$1`, …, paths are whole.

#![allow(clippy::indexing_slicing, reason = "a test may panic and say why")]

use rego_analysis::tree::{
    Body, Callee, Definition, Expr, ExprKind, RefHead, Replacement, Resolved, Rule, Term, TermKind,
    WithTarget,
};
use rego_value::Value;

pub(crate) fn rule(all: &Resolved, rule: &Rule) -> String {
    let mut out = format!("{:?} {}", rule.kind, path("data", &rule.path));
    for of in &rule.definitions {
        definition(all, of, &mut out);
    }
    if let Some(default) = &rule.default {
        out.push_str(&format!("\n  default {}", term(all, &default.value)));
    }
    out
}

fn definition(all: &Resolved, of: &Definition, out: &mut String) {
    let list = |terms: &[Term]| terms.iter().map(|t| term(all, t)).collect::<Vec<_>>().join(", ");
    out.push_str(&format!("\n  ({})[{}]", list(&of.args), list(&of.keys)));
    let verb = if of.contains { "contains" } else { ":=" };
    out.push_str(&format!(" {verb} {} if {}", term(all, &of.value), body(all, &of.body)));
    if let Some(els) = &of.els {
        out.push_str("\n  else");
        definition(all, els, out);
    }
}

fn body(all: &Resolved, of: &Body) -> String {
    let exprs: Vec<String> = of.exprs.iter().map(|e| expr(all, e)).collect();
    format!("{{ {} }}", exprs.join("; "))
}

fn expr(all: &Resolved, of: &Expr) -> String {
    let mut out = match &of.kind {
        ExprKind::Term(t) => term(all, t),
        ExprKind::Unify(a, b) => format!("{} = {}", term(all, a), term(all, b)),
        ExprKind::SomeIn { key, value, domain } => {
            let key = key.as_ref().map(|key| format!("{}, ", term(all, key))).unwrap_or_default();
            format!("some {key}{} in {}", term(all, value), term(all, domain))
        }
        ExprKind::Every { key, value, domain, body: inner } => {
            let key = key.map(|key| format!("${}, ", key.0)).unwrap_or_default();
            format!("every {key}${} in {} {}", value.0, term(all, domain), body(all, inner))
        }
        ExprKind::Not(inner) => format!("not {}", body(all, inner)),
    };
    for with in &of.with {
        let target = match &with.target {
            WithTarget::Input(keys) => path("input", keys),
            WithTarget::Data(keys) => path("data", keys),
            WithTarget::Function(callee) => function(all, *callee),
        };
        let value = match &with.value {
            Replacement::Value(value) => term(all, value),
            Replacement::Function(callee) => function(all, *callee),
        };
        out.push_str(&format!(" with {target} as {value}"));
    }
    out
}

fn term(all: &Resolved, of: &Term) -> String {
    let list = |terms: &[Term]| terms.iter().map(|t| term(all, t)).collect::<Vec<_>>().join(", ");
    match &of.kind {
        TermKind::Constant(value) => format!("{value:?}"),
        TermKind::Local(local) => format!("${}", local.0),
        TermKind::Ref { head, path } => {
            let head = match head {
                RefHead::Input => "input".to_owned(),
                RefHead::Data => "data".to_owned(),
                RefHead::Local(local) => format!("${}", local.0),
                RefHead::Term(inner) => term(all, inner),
            };
            let steps: Vec<String> = path.iter().map(|t| format!("[{}]", term(all, t))).collect();
            head + &steps.concat()
        }
        TermKind::Call { callee, args } => format!("{}({})", function(all, *callee), list(args)),
        TermKind::Array(items) => format!("[{}]", list(items)),
        TermKind::Set(items) => format!("{{{}}}", list(items)),
        TermKind::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", term(all, key), term(all, value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        TermKind::Comprehension { kind, key, value, body: inner } => {
            let key = key.as_ref().map(|key| format!("{}: ", term(all, key))).unwrap_or_default();
            format!("{kind:?}({key}{} | {})", term(all, value), body(all, inner))
        }
    }
}

fn function(all: &Resolved, callee: Callee) -> String {
    match callee {
        Callee::Builtin(decl) => decl.name.to_owned(),
        Callee::Rule(id) => path("data", &all.rules[id.0 as usize].path),
    }
}

fn path(root: &str, keys: &[Value]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("[{key:?}]")).collect();
    format!("{root}{}", keys.concat())
}
