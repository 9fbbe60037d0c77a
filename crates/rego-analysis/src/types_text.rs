//! Types as OPA writes them in messages.

use crate::builtin::{Decl, Type};
use crate::tree::{RefHead, Term, TermKind};
use rego_value::{Value, View};

/// Returns the types of operands as a list in parentheses.
pub(crate) fn have(args: &[Term]) -> String {
    let types: Vec<String> = args.iter().map(of_term).collect();
    format!("({})", types.join(", "))
}

/// Returns the types of a builtin's parameters as a list in parentheses.
pub(crate) fn want(decl: &Decl) -> String {
    let types: Vec<String> = decl.args.iter().map(text).collect();
    format!("({})", types.join(", "))
}

/// Operands are counted before types are inferred: nothing is known of variables and calls yet, and
/// a document may hold anything.
fn of_term(term: &Term) -> String {
    match &term.kind {
        TermKind::Constant(value) => of_value(value),
        TermKind::Ref { head: RefHead::Input | RefHead::Data, .. } => "any".to_owned(),
        TermKind::Array(items) => {
            let items: Vec<String> = items.iter().map(of_term).collect();
            format!("array<{}>", items.join(", "))
        }
        _ => "???".to_owned(),
    }
}

fn of_value(value: &Value) -> String {
    match value.view() {
        View::Null => "null".to_owned(),
        View::Bool(_) => "boolean".to_owned(),
        View::Int(_) | View::Number(_) => "number".to_owned(),
        View::String(_) => "string".to_owned(),
        View::Array(items) => {
            let items: Vec<String> = items.iter().map(of_value).collect();
            format!("array<{}>", items.join(", "))
        }
        View::Object(object) => {
            let fields = object.iter().map(|(key, value)| format!("{key:?}: {}", of_value(value)));
            format!("object<{}>", fields.collect::<Vec<_>>().join(", "))
        }
        View::Set(keys) => {
            let mut items: Vec<String> = keys.iter().map(of_value).collect();
            items.dedup();
            match items.as_slice() {
                [one] => format!("set[{one}]"),
                [] => "set[any]".to_owned(),
                many => format!("set[any<{}>]", many.join(", ")),
            }
        }
    }
}

fn text(of: &Type) -> String {
    let list = |types: &[Type]| types.iter().map(text).collect::<Vec<_>>().join(", ");
    match of {
        Type::Any => "any".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::Array(item) => format!("array[{}]", text(item)),
        Type::Tuple(items) => format!("array<{}>", list(items)),
        Type::Set(item) => format!("set[{}]", text(item)),
        Type::Union(types) => format!("any<{}>", list(types)),
        Type::Object(fields, rest) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key}: {}", text(value))).collect();
            let rest = rest.map(|(key, value)| format!("[{}: {}]", text(key), text(value)));
            match fields.is_empty() {
                true => format!("object{}", rest.unwrap_or_default()),
                false => format!("object<{}>{}", fields.join(", "), rest.unwrap_or_default()),
            }
        }
    }
}
