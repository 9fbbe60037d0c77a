//! References as annotations write them: text to path.
//!
//! Must not know: what a path leads to.

use rego_source::SourceId;
use rego_syntax::ast::{ExprKind, RegoVersion, Term, TermKind};
use rego_syntax::{ParseOptions, parse_query};
use rego_value::Value;

use crate::heads::scalar;

/// Longest reference that is read; longer ones cannot be meant.
const TEXT_MAX: usize = 4096;

/// Returns the term that a text is, where it is one and nothing else.
pub(super) fn term(text: &str) -> Option<Term> {
    if text.len() > TEXT_MAX {
        return None;
    }
    let options = ParseOptions { version: RegoVersion::V1, ..ParseOptions::default() };
    let (mut body, errors) = parse_query(SourceId(0), text, &options);
    if !errors.is_empty() || body.exprs.len() != 1 {
        return None;
    }
    let expr = body.exprs.pop()?;
    match expr.kind {
        ExprKind::Term(term) if !expr.negated && expr.with.is_empty() => Some(term),
        _ => None,
    }
}

/// Returns the path of a reference; `input` and `data` alone are references, too. Other than in
/// OPA a step is a constant: a variable gives the text of its name.
pub(super) fn path(text: &str) -> Option<Vec<Value>> {
    let term = term(text)?;
    match &term.kind {
        TermKind::Var(name) if matches!(&**name, "input" | "data") => {
            Some(vec![Value::from(&**name)])
        }
        TermKind::Ref { .. } => steps(&term),
        _ => None,
    }
}

/// Returns the path of a reference into the schemas: `schema`, `schema.a`, `schema["a-b"]`.
pub(super) fn schema_path(text: &str) -> Option<Vec<Value>> {
    let term = term(text)?;
    let path = match &term.kind {
        TermKind::Var(name) => vec![Value::from(&**name)],
        TermKind::Ref { .. } => steps(&term)?,
        _ => return None,
    };
    (path.first().and_then(Value::as_str) == Some("schema")).then_some(path)
}

/// Returns the parts of a reference that begins with a name.
pub(super) fn steps(term: &Term) -> Option<Vec<Value>> {
    let TermKind::Ref { head, path } = &term.kind else { return None };
    let TermKind::Var(root) = &head.kind else { return None };
    let mut parts = vec![Value::from(&**root)];
    for step in path {
        parts.push(constant(&step.term)?);
    }
    Some(parts)
}

fn constant(term: &Term) -> Option<Value> {
    match &term.kind {
        TermKind::Var(name) => Some(Value::from(&**name)),
        _ => scalar(term),
    }
}
