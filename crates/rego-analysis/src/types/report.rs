//! What is said of types that do not fit.
//!
//! Must not know: how it was found.
//!
//! Source: OPA `v1/ast/check.go` (the details of errors).

use rego_source::{Diagnostic, Location};
use rego_value::Value;

use super::declared::Signature;
use super::ty::Ty;
use crate::finding::TYPE;
use crate::lower::path_text;
use crate::scope::LocalName;
use crate::tree::{RefHead, Term, TermKind};

/// So many known keys are listed.
const KEYS_SHOWN_MAX: usize = 50;

/// What a reference could have had instead.
pub(super) enum Want {
    /// Nothing: a value of this type has nothing inside.
    Nothing { have: Ty },
    /// Another key.
    Key { keys: Ty, one_of: Vec<Value>, have: Option<Ty> },
}

/// Two sides that are never equal.
pub(super) fn mismatch(location: Location, left: Option<&Ty>, right: Option<&Ty>) -> Diagnostic {
    Diagnostic::error(TYPE, location, "match error")
        .with_detail(format!("left  : {}", text(left)))
        .with_detail(format!("right : {}", text(right)))
}

/// Operands that a function does not take.
pub(super) fn operands(
    location: Location,
    name: &str,
    have: &[Option<Ty>],
    want: &Signature,
) -> Diagnostic {
    let have: Vec<String> = have.iter().map(|ty| text(ty.as_ref())).collect();
    let want: Vec<String> = want.args.iter().chain([&want.result]).map(Ty::to_string).collect();
    Diagnostic::error(TYPE, location, format!("{name}: invalid argument(s)"))
        .with_detail(format!("have: ({})", have.join(", ")))
        .with_detail(format!("want: ({})", want.join(", ")))
}

fn text(ty: Option<&Ty>) -> String {
    ty.map_or_else(|| "???".to_owned(), Ty::to_string)
}

/// A reference to what cannot be; `at` is the step that leads nowhere.
pub(super) fn undefined(
    location: Location,
    (head, path, names): (&RefHead, &[Term], &[LocalName]),
    at: usize,
    want: Want,
) -> Diagnostic {
    let mut whole = head_text(head, names);
    let mut before = whole.chars().count();
    for (index, step) in path.iter().enumerate() {
        whole = step_text(&whole, step, names);
        if index + 1 == at {
            before = whole.chars().count();
        }
    }
    if at >= path.len() {
        whole.push_str("[_]");
    }
    let error = Diagnostic::error(TYPE, location, format!("undefined ref: {whole}"));
    let error = error.with_detail(whole);
    match want {
        Want::Nothing { have } => {
            error.with_detail("^".repeat(before)).with_detail(format!("have: {have}"))
        }
        Want::Key { keys, one_of, have } => {
            let pad = " ".repeat(before + 1);
            let have = match (have, path.get(at).map(|step| &step.kind)) {
                (Some(ty), _) => format!("{pad}have (type): {ty}"),
                (None, Some(TermKind::Constant(key))) => format!("{pad}have: {key:?}"),
                (None, _) => format!("{pad}have: _"),
            };
            let want = match one_of.is_empty() || one_of.len() > KEYS_SHOWN_MAX {
                true => format!("{pad}want (type): {keys}"),
                false => {
                    let keys: Vec<String> = one_of.iter().map(|key| format!("{key:?}")).collect();
                    format!("{pad}want (one of): [{}]", keys.join(" "))
                }
            };
            error.with_detail(format!("{pad}^")).with_detail(have).with_detail(want)
        }
    }
}

fn head_text(head: &RefHead, names: &[LocalName]) -> String {
    match head {
        RefHead::Input => "input".to_owned(),
        RefHead::Data => "data".to_owned(),
        RefHead::Local(local) => local_text(names.get(local.0 as usize)),
        RefHead::Term(_) => local_text(None),
    }
}

fn step_text(before: &str, step: &Term, names: &[LocalName]) -> String {
    match &step.kind {
        TermKind::Constant(key) => path_text(before, std::slice::from_ref(key)),
        TermKind::Local(local) => {
            format!("{before}[{}]", local_text(names.get(local.0 as usize)))
        }
        _ => format!("{before}[{}]", local_text(None)),
    }
}

/// What is not a name of the text has one that cannot be.
fn local_text(name: Option<&LocalName>) -> String {
    match name {
        Some(LocalName::Named(name)) => name.to_string(),
        _ => "_".to_owned(),
    }
}
