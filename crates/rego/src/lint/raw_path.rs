//! Comparisons with the raw path of a request.

use std::collections::BTreeMap;

use rego_source::Diagnostic;
use rego_syntax::ast::{BinaryOp, ExprKind, Term, TermKind};

use super::Rule;
use super::reference::{call, plain_path};
use super::view::View;
use super::walk::{Node, nodes};

const ID: &str = "raw-path";

pub(super) const RULE: Rule = Rule {
    id: ID,
    summary: "`input.Path` is compared: it holds the API's version and the query",
    explanation: "\
`input.Path` is what the client sent: `/v1.41/containers/create?name=x`, with any version or none, and \
with a query or none. A comparison with `/containers/create` misses most of them, and whoever writes \
requests can choose a spelling that it misses.

Use `input.PathArr`, the segments without the query, and pass over the version:

    path := [s | some i, s in input.PathArr; s != \"\"; not is_version(i, s)]
    is_version(1, s) if regex.match(`^v[0-9.]+$`, s)
    path == [\"containers\", \"create\"]",
    check,
};

/// Builtins that compare the path's text, where the path is the operand of this index.
const COMPARING: [(&str, usize); 2] = [("startswith", 0), ("endswith", 0)];

fn check(view: &View<'_>, out: &mut Vec<Diagnostic>) {
    for site in view.sites().filter(|site| !site.is_test()) {
        let assigned = site.assigned();
        let is_raw = |term: &Term| is_raw_path(&assigned, term);
        for node in nodes(site.rule) {
            let span = match node {
                Node::Expr(expr) => match &expr.kind {
                    ExprKind::Unify(left, right) => {
                        let compared =
                            is_raw(left) && is_fixed(right) || is_raw(right) && is_fixed(left);
                        compared.then_some(expr.span)
                    }
                    _ => None,
                },
                Node::Term(term) => compares(term, &is_raw).then_some(term.span),
            };
            let message = "`input.Path` holds the API's version and the query: this misses spellings \
                           that mean the same";
            let hint = "compare `input.PathArr`, without the version's segment";
            out.extend(
                span.map(|span| site.finding(ID, span, message.to_string()).with_hint(hint)),
            );
        }
    }
}

fn compares(term: &Term, is_raw: &dyn Fn(&Term) -> bool) -> bool {
    match &term.kind {
        TermKind::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual, left, right, .. } => {
            is_raw(left) || is_raw(right)
        }
        TermKind::In { value, .. } => is_raw(value),
        TermKind::Ref { path, .. } => path.iter().any(|step| is_raw(&step.term)),
        _ => call(term).is_some_and(|(name, args)| {
            let known = COMPARING.iter().find(|(known, _)| *known == name);
            known.and_then(|(_, index)| args.get(*index)).is_some_and(is_raw)
        }),
    }
}

fn is_fixed(term: &Term) -> bool {
    matches!(term.kind, TermKind::String { .. })
}

/// Whether a term is the raw path, or a variable with it.
fn is_raw_path(assigned: &BTreeMap<&str, &Term>, term: &Term) -> bool {
    let term = match &term.kind {
        TermKind::Var(name) => assigned.get(&**name).copied().unwrap_or(term),
        _ => term,
    };
    plain_path(term).is_some_and(|path| path == ["input", "Path"])
}
