//! What is said of types that do not fit.
//!
//! Must not know: how it was found.
//!
//! Source: OPA `v1/ast/check.go` (the details of errors).

use rego_source::{Diagnostic, Location};
use rego_value::Value;

use super::declared::Signature;
use super::json;
use super::ty::Ty;
use crate::finding::TYPE;
use crate::lower::path_text;
use crate::scope::LocalName;
use crate::suggest;
use crate::tree::{RefHead, Term, TermKind};

/// So many known keys are listed.
const KEYS_SHOWN_MAX: usize = 1_000;

/// What a reference could have had instead.
pub(super) enum Want {
    /// Nothing: a value of this type has nothing inside.
    Nothing { have: Ty },
    /// A call: this is a function.
    Call { of: std::sync::Arc<Signature> },
    /// Another key.
    Key { keys: Ty, one_of: Vec<Value>, have: Option<Ty> },
}

/// Two sides that are never equal.
pub(super) fn mismatch(location: Location, left: Option<&Ty>, right: Option<&Ty>) -> Diagnostic {
    let (a, b) = (json::of_type(left).to_json(), json::of_type(right).to_json());
    Diagnostic::error(TYPE, location, "match error")
        .with_detail(format!("left  : {}", text(left)))
        .with_detail(format!("right : {}", text(right)))
        .with_details_json(format!("{{\"a\":{a},\"b\":{b}}}"))
}

/// Operands that a function does not take.
pub(super) fn operands(
    location: Location,
    name: &str,
    have: &[Option<Ty>],
    want: &Signature,
) -> Diagnostic {
    let error = Diagnostic::error(TYPE, location, format!("{name}: invalid argument(s)"));
    let want: Vec<&Ty> = want.args.iter().chain([&want.result]).collect();
    with_operands(error, have, &want)
}

/// A function that takes other operands than the one it stands in for.
pub(super) fn replacement(
    location: Location,
    name: &str,
    by: &Signature,
    target: &Signature,
) -> Diagnostic {
    let error = Diagnostic::error(TYPE, location, format!("{name}: arity mismatch"));
    let have: Vec<Option<Ty>> = by.args.iter().cloned().map(Some).collect();
    with_operands(error, &have, &target.args.iter().collect::<Vec<_>>())
}

fn with_operands(error: Diagnostic, have: &[Option<Ty>], want: &[&Ty]) -> Diagnostic {
    let have_json = json::of_types(have.iter().map(Option::as_ref)).to_json();
    let want_json = json::of_types(want.iter().map(|ty| Some(*ty))).to_json();
    let have: Vec<String> = have.iter().map(|ty| text(ty.as_ref())).collect();
    let want: Vec<String> = want.iter().map(ToString::to_string).collect();
    error
        .with_detail(format!("have: ({})", have.join(", ")))
        .with_detail(format!("want: ({})", want.join(", ")))
        .with_details_json(format!("{{\"want\":{{\"args\":{want_json}}},\"have\":{have_json}}}"))
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
    let extra = usize::from(at >= path.len() && !matches!(want, Want::Call { .. }));
    if extra > 0 {
        whole.push_str("[_]");
    }
    let reference = json::of_reference(head, path, names, extra).to_json();
    let error = Diagnostic::error(TYPE, location, format!("undefined ref: {whole}"));
    let error = error.with_detail(whole);
    match want {
        Want::Nothing { have } => {
            let object = json::of_type(Some(&have)).to_json();
            error
                .with_detail("^".repeat(before))
                .with_detail(format!("have: {have}"))
                .with_details_json(format!(
                    "{{\"have\":{object},\"ref\":{reference},\"pos\":{at}}}"
                ))
        }
        Want::Call { of } => {
            let args: Vec<String> = of.args.iter().map(Ty::to_string).collect();
            let object = json::of_function(&of).to_json();
            error
                .with_detail("^".repeat(before))
                .with_detail(format!("have: ({}) => {}", args.join(", "), of.result))
                .with_details_json(format!(
                    "{{\"have\":{object},\"ref\":{reference},\"pos\":{at}}}"
                ))
                .with_hint("this is a function: call it")
        }
        Want::Key { keys, one_of, have } => {
            let pad = " ".repeat(before + 1);
            let step = path.get(at).map(|step| &step.kind);
            let key = if let Some(TermKind::Constant(key)) = step { Some(key) } else { None };
            let near = key.and_then(|key| nearest_key(key, &one_of));
            let object = key_object(&keys, &one_of, have.as_ref());
            let have = match (have, key) {
                (Some(ty), _) => format!("{pad}have (type): {ty}"),
                (None, Some(key)) => format!("{pad}have: {key:?}"),
                (None, None) => format!("{pad}have: _"),
            };
            let want = match one_of.is_empty() || one_of.len() > KEYS_SHOWN_MAX {
                true => format!("{pad}want (type): {keys}"),
                false => {
                    let keys: Vec<String> = one_of.iter().map(|key| format!("{key:?}")).collect();
                    format!("{pad}want (one of): [{}]", keys.join(" "))
                }
            };
            let [before, after] = object;
            let pos = at + 1;
            let object = format!("{{{before}\"ref\":{reference},{after},\"pos\":{pos}}}");
            let error = error
                .with_detail(format!("{pad}^"))
                .with_detail(have)
                .with_detail(want)
                .with_details_json(object);
            match near {
                Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                None => error,
            }
        }
    }
}

/// Returns the members of a key's details: those before the reference, and those behind it.
fn key_object(keys: &Ty, one_of: &[Value], have: Option<&Ty>) -> [String; 2] {
    let have = have.map(|ty| format!("\"have\":{},", json::of_type(Some(ty)).to_json()));
    let one_of = match one_of.is_empty() {
        true => Value::NULL,
        false => Value::array(one_of.to_vec()),
    };
    let want = json::of_type(Some(keys)).to_json();
    let before = format!("{}\"want\":{want},", have.unwrap_or_default());
    [before, format!("\"oneOf\":{}", one_of.to_json())]
}

fn nearest_key<'k>(key: &Value, one_of: &'k [Value]) -> Option<&'k str> {
    suggest::nearest(key.as_str()?, one_of.iter().filter_map(Value::as_str))
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
