//! The order of terms, for keys of objects and elements of sets. Source: OPA's `Compare`.
//!
//! Must not know: JSON.

use std::cmp::Ordering;

use rego_value::{Number, Value};

use super::node::Term;

/// Compares two terms: by type, then by value.
pub(super) fn compare(a: &Term, b: &Term) -> Ordering {
    match (a, b) {
        (Term::Bool(a), Term::Bool(b)) => a.cmp(b),
        (Term::Number(a), Term::Number(b)) => number(a).cmp(&number(b)),
        (Term::String(a), Term::String(b)) | (Term::Var(a), Term::Var(b)) => a.cmp(b),
        (Term::Ref(a), Term::Ref(b))
        | (Term::Call(a), Term::Call(b))
        | (Term::Array(a), Term::Array(b)) => list(a, b),
        (Term::Set(a), Term::Set(b)) => list(&sorted(a), &sorted(b)),
        (Term::Object(a), Term::Object(b)) => {
            let keys = |entries: &[(Term, Term)]| -> Vec<Term> {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by(|a, b| compare(&a.0, &b.0));
                entries.into_iter().flat_map(|(k, v)| [k.clone(), v.clone()]).collect()
            };
            list(&keys(a), &keys(b))
        }
        (Term::Null, Term::Null) => Ordering::Equal,
        // Which of two closures comes first does not matter: only that there is one order.
        _ => rank(a).cmp(&rank(b)).then_with(|| format!("{a:?}").cmp(&format!("{b:?}"))),
    }
}

fn number(text: &str) -> Value {
    Number::parse(text).map_or(Value::NULL, Value::from)
}

fn sorted(items: &[Term]) -> Vec<Term> {
    let mut items = items.to_vec();
    items.sort_by(compare);
    items
}

fn list(a: &[Term], b: &[Term]) -> Ordering {
    let mut pairs = a.iter().zip(b).map(|(a, b)| compare(a, b));
    pairs.find(|order| order.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
}

fn rank(term: &Term) -> u8 {
    match term {
        Term::Null => 0,
        Term::Bool(_) => 1,
        Term::Number(_) => 2,
        Term::String(_) => 3,
        Term::Template { .. } => 4,
        Term::Var(_) => 5,
        Term::Ref(_) => 6,
        Term::Array(_) => 7,
        Term::Object(_) => 8,
        Term::Set(_) => 9,
        Term::Comprehension(_) => 10,
        Term::Call(_) => 11,
    }
}
