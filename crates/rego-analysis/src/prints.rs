//! `print` may only name what statements before it have bound.
//!
//! Source: OPA `v1/ast/compile.go`, `rewritePrintCalls`.

use std::collections::BTreeMap;

use rego_source::Location;

use crate::definition::Draft;
use crate::finding::{COMPILE, Findings, Stage};
use crate::safety::{Bound, VarSet, all_in_term, direct_in_expr, outputs};
use crate::scope::LocalName;
use crate::tree::{Body, Callee, ComprehensionKind, Expr, ExprKind, Local, Term, TermKind};
use crate::walk::{Part, expr_parts, term_parts};

/// Reports the undeclared variables in a definition's calls of `print`.
pub(crate) fn check(draft: &Draft, findings: &mut Findings) {
    if !draft.prints {
        return;
    }
    let mut safe = Bound::default();
    for arg in &draft.definition.args {
        all_in_term(arg, &mut |local| safe.insert(local));
    }
    let mut next = Some(&draft.definition);
    while let Some(definition) = next {
        check_body(&definition.body, &mut safe, &draft.names, findings);
        next = definition.els.as_deref();
    }
}

/// Reports them in a body, where what `safe` has is bound already.
pub(crate) fn check_body(
    body: &Body,
    safe: &mut Bound,
    names: &[LocalName],
    findings: &mut Findings,
) {
    let before = safe.mark();
    for expr in &body.exprs {
        match printed(expr) {
            Some(operands) => report(operands, safe.set(), names, findings),
            None => {
                let mark = safe.mark();
                if let ExprKind::Every { key, value, .. } = &expr.kind {
                    key.iter().chain([value]).for_each(|local| safe.insert(*local));
                }
                expr_parts(expr, &mut |part| inside(part, safe, names, findings));
                safe.rewind(mark);
            }
        }
        let found = outputs(expr, safe.set());
        found.list.into_iter().for_each(|local| safe.insert(local));
    }
    safe.rewind(before);
}

fn inside(part: Part<'_>, safe: &mut Bound, names: &[LocalName], findings: &mut Findings) {
    match part {
        Part::Body(body) => check_body(body, safe, names, findings),
        Part::Term(term) => term_parts(term, &mut |part| inside(part, safe, names, findings)),
    }
}

/// Returns the operands of a call of `print`.
fn printed(expr: &Expr) -> Option<&[Term]> {
    let ExprKind::Term(Term { kind: TermKind::Call { callee, args }, .. }) = &expr.kind else {
        return None;
    };
    let Callee::Builtin(decl) = callee else { return None };
    match args.first().filter(|_| decl.name == "internal.print").map(|arg| &arg.kind) {
        Some(TermKind::Array(captures)) => Some(captures),
        _ => None,
    }
}

fn report(captures: &[Term], safe: &VarSet, names: &[LocalName], findings: &mut Findings) {
    let mut unsafe_vars: BTreeMap<Local, Location> = BTreeMap::new();
    for capture in captures {
        let TermKind::Comprehension { kind: ComprehensionKind::Set, body, .. } = &capture.kind
        else {
            continue;
        };
        for expr in &body.exprs {
            direct_in_expr(expr, &mut |local| {
                if !safe.contains(local) {
                    unsafe_vars.entry(local).or_insert(capture.location);
                }
            });
        }
    }
    for (local, location) in unsafe_vars {
        if let Some(LocalName::Named(name)) = names.get(local.0 as usize) {
            let message = format!("var {name} is undeclared");
            findings.error(Stage::PrintCalls, COMPILE, location, message);
        }
    }
}
