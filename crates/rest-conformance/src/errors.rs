//! Lists of errors as multisets: which error of one list stands for which of another, and how far
//! the two agree.
//!
//! Must not know: where the lists come from.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::compare::{same_document, same_message};

/// How far two errors agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// Not even in the code.
    None,
    /// In the code.
    Code,
    /// In code and message.
    Message,
    /// In code, message and location.
    Place,
    /// In everything.
    Details,
}

/// Finds a partner for each error: first those that agree in everything, then the others. Returns
/// how far they agree and the partner's place.
pub fn partners(want: &[Value], got: &[Value]) -> Vec<Option<(Agreement, usize)>> {
    let mut found = vec![None; want.len()];
    let mut free: BTreeSet<usize> = (0..got.len()).collect();
    for level in [Agreement::Details, Agreement::Place, Agreement::Message, Agreement::Code] {
        for (slot, error) in found.iter_mut().zip(want).filter(|(slot, _)| slot.is_none()) {
            let agrees = |at: &&usize| got.get(**at).is_some_and(|g| agreement(error, g) >= level);
            if let Some(at) = free.iter().find(agrees).copied() {
                free.remove(&at);
                *slot = Some((level, at));
            }
        }
    }
    found
}

fn agreement(want: &Value, got: &Value) -> Agreement {
    let same = |field: &str| match (want.get(field), got.get(field)) {
        (Some(want), Some(got)) => same_document(want, got),
        (want, got) => want.is_none() && got.is_none(),
    };
    let same_message = match (text_of(want, "message"), text_of(got, "message")) {
        (Some(want), Some(got)) => same_message(want, got),
        _ => same("message"),
    };
    if !same("code") {
        Agreement::None
    } else if !same_message {
        Agreement::Code
    } else if !same("location") {
        Agreement::Message
    } else if !same("details") {
        Agreement::Place
    } else {
        Agreement::Details
    }
}

/// Returns the codes, sorted; an empty one for an error without.
pub fn sorted_codes(errors: &[Value]) -> Vec<&str> {
    let mut codes: Vec<&str> = errors.iter().map(code_of).collect();
    codes.sort_unstable();
    codes
}

fn code_of(error: &Value) -> &str {
    text_of(error, "code").unwrap_or_default()
}

fn text_of<'a>(error: &'a Value, field: &str) -> Option<&'a str> {
    error.get(field).and_then(Value::as_str)
}
