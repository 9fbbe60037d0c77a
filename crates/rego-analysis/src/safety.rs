//! Safety: every variable gets a value before it is needed; statements are put in such an order.
//!
//! OPA's `check_safety_rule_heads` and `check_safety_rule_bodies`, with the rewriting before them
//! that decides what is safe: nested calls become statements of their own, and come back into the
//! statement they were taken from where the order allows.
//!
//! Must not know: names beyond what locals are called in messages.
//!
//! Source: OPA `v1/ast/compile.go` (`reorderBodyForSafety`), `v1/ast/unify.go`.

mod expand;
mod fold;
mod order;
mod output;
mod report;
mod unify;
mod vars;
mod why;

use crate::definition::Draft;
use crate::finding::Findings;
use crate::scope::LocalName;
use crate::tree::{Body, Definition, Expr, ExprKind, Local, Term, TermKind};
pub(crate) use expand::takes_result;
use order::Orderer;
pub(crate) use output::outputs;
pub(crate) use report::Near;
pub(crate) use vars::{Bound, VarSet, all_in_expr, all_in_term, direct_in_expr};

/// Statements that came from heads, and those that were taken out of others, have no position in
/// the text of their body.
pub(crate) const MADE_UP: u32 = u32::MAX;

/// Orders the bodies of a definition and reports its unsafe variables.
pub(crate) fn check_definition(draft: &mut Draft, near: Near<'_>, findings: &mut Findings) {
    let mut args = Vec::new();
    for arg in &draft.definition.args {
        vars::all_in_term(arg, &mut |local| args.push(local));
    }
    let mut next = Some(&mut draft.definition);
    while let Some(definition) = next {
        check_branch(definition, &args, (&mut draft.names, near), findings);
        next = definition.els.as_deref_mut();
    }
    draft.definition.locals = draft.names.len() as u32;
}

/// Orders one branch.
fn check_branch(
    definition: &mut Definition,
    args: &[Local],
    (names, near): (&mut Vec<LocalName>, Near<'_>),
    findings: &mut Findings,
) {
    let mut orderer = Orderer::new(names);
    args.iter().for_each(|local| orderer.bound.insert(*local));
    let mut heads: Vec<&mut Term> = definition.keys.iter_mut().collect();
    heads.push(&mut definition.value);
    let body = std::mem::take(&mut definition.body);
    let (body, loose) = orderer.order(body, heads);
    definition.body = body;
    let report = report::Report { names: orderer.names, near };
    report.heads(&loose, definition.location, findings);
    let left_out = (orderer.left_out, &definition.body);
    report.bodies(orderer.refused, left_out, findings);
    report.exhausted(orderer.exhausted, findings);
}

/// Orders the body of a query.
pub(crate) fn check_query(
    body: Body,
    names: &mut Vec<LocalName>,
    near: Near<'_>,
    findings: &mut Findings,
) -> Body {
    let mut orderer = Orderer::new(names);
    let (body, _) = orderer.order(body, Vec::new());
    let report = report::Report { names: orderer.names, near };
    report.bodies(orderer.refused, (orderer.left_out, &body), findings);
    report.exhausted(orderer.exhausted, findings);
    body
}

/// Whether a term has to be computed: it has a reference, a call or a comprehension inside.
pub(crate) fn requires_eval(term: &Term) -> bool {
    match &term.kind {
        TermKind::Constant(_) | TermKind::Local(_) => false,
        TermKind::Ref { .. } | TermKind::Call { .. } | TermKind::Comprehension { .. } => true,
        TermKind::Array(items) | TermKind::Set(items) => items.iter().any(requires_eval),
        TermKind::Object(entries) => {
            entries.iter().any(|(key, value)| requires_eval(key) || requires_eval(value))
        }
    }
}

/// Returns the statement that gives a local the value of a term.
fn assignment(local: Local, term: Term) -> Expr {
    let location = term.location;
    let target = Term { kind: TermKind::Local(local), location };
    Expr { kind: ExprKind::Unify(target, term), with: Vec::new(), location, index: MADE_UP }
}
