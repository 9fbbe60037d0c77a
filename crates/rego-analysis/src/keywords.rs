//! Rules and parameters called `input` or `data`, which v1 and strict mode refuse.
//!
//! Variables of that name are refused where they are assigned (`lower/pattern.rs`).
//! Source: OPA `v1/ast/compile.go`, `checkKeywordOverrides`.

use rego_syntax::ast::{Term, TermKind};
use rego_value::Value;

use crate::finding::{COMPILE, Findings, Stage};
use crate::heads::Head;
use crate::unit::Unit;

/// Whether a name is that of a root document.
pub(crate) fn is_root(name: &str) -> bool {
    matches!(name, "input" | "data")
}

/// Reports heads that take the name of a root document.
pub(crate) fn check(heads: &[Head<'_>], units: &[Unit], findings: &mut Findings) {
    for head in heads {
        let Some(unit) = units.get(head.module).filter(|unit| unit.strict) else { continue };
        let name = head.path.get(unit.package.len()).and_then(Value::as_str);
        if let Some(name) = name.filter(|name| is_root(name)) {
            let message = format!("rules must not shadow {name} (use a different rule name)");
            findings.error(Stage::KeywordOverrides, COMPILE, head.location, message);
        }
        for arg in head.rule.head.args.iter().flatten() {
            if let Some(name) = root_name(arg) {
                let message =
                    format!("args must not shadow {name} (use a different argument name)");
                findings.error(Stage::KeywordOverrides, COMPILE, unit.at(arg.span), message);
            }
        }
    }
}

/// Returns the name of the root document that a term is.
pub(crate) fn root_name(term: &Term) -> Option<&str> {
    match &term.kind {
        TermKind::Var(name) if is_root(name) => Some(name),
        _ => None,
    }
}
