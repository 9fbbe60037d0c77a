//! Entries of an object as written: of those whose keys are the same term, the last value counts
//! and the others are not there at all. Source: OPA's parser, whose objects hold a key once.
//!
//! Must not know: what names stand for.

use std::collections::BTreeMap;

use rego_syntax::ast::{Term, TermKind, Text};
use rego_value::Value;

use crate::heads;

/// A key that can be the same term as another. The order is of no meaning.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Constant(Value),
    Variable(Text),
    /// What it is made of, and how.
    Parts(&'static str, Vec<Key>),
}

/// Returns the entries that count, each at the place of the first of its key.
pub(super) fn distinct(entries: &[(Term, Term)]) -> Vec<(&Term, &Term)> {
    let mut places = BTreeMap::new();
    let mut distinct: Vec<(&Term, &Term)> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let place = match key_of(key) {
            Some(key) => *places.entry(key).or_insert(distinct.len()),
            None => distinct.len(),
        };
        match distinct.get_mut(place) {
            Some(entry) => entry.1 = value,
            None => distinct.push((key, value)),
        }
    }
    distinct
}

/// Returns nothing for what is never the same as another: `_`, and closures.
fn key_of(term: &Term) -> Option<Key> {
    if let Some(value) = heads::scalar(term) {
        return Some(Key::Constant(value));
    }
    let parts =
        |terms: &mut dyn Iterator<Item = &Term>| terms.map(key_of).collect::<Option<Vec<_>>>();
    Some(match &term.kind {
        TermKind::Var(name) if &**name != "_" => Key::Variable(name.clone()),
        TermKind::Ref { head, path } => {
            let mut all = std::iter::once(&**head).chain(path.iter().map(|step| &step.term));
            Key::Parts("[]", parts(&mut all)?)
        }
        TermKind::Array(items) => Key::Parts("array", parts(&mut items.iter())?),
        TermKind::Call { function, args } => {
            Key::Parts("()", parts(&mut std::iter::once(&**function).chain(args))?)
        }
        TermKind::Binary { op, left, right, .. } => {
            Key::Parts(op.builtin(), parts(&mut [&**left, &**right].into_iter())?)
        }
        _ => return None,
    })
}
