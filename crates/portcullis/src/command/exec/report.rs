//! The results as OPA shows them, and which of them count as failures.
//!
//! Must not know: how they came about.

use std::io::{self, Write};

use anyhow::{Result, bail};
use rego::Value;

use super::Args;
use crate::json::{self, Json};

/// What one input came to.
pub(super) struct Item {
    pub(super) path: String,
    /// Of a decision that has a value.
    pub(super) decision_id: Option<String>,
    pub(super) answer: Answer,
}

/// A value, or OPA's object for what is in its way.
pub(super) enum Answer {
    Defined(Value),
    Undefined(Value),
    Failed(Value),
    /// There was nothing to decide on.
    NoInput(Value),
}

/// What all inputs came to.
pub(super) struct Report {
    items: Vec<Item>,
}

impl Report {
    pub(super) fn new(items: Vec<Item>) -> Self {
        Self { items }
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let items = self.items.iter().map(|item| {
            let mut entries = vec![("path", Json::Text(&item.path))];
            entries.push(match &item.answer {
                Answer::Defined(value) => ("result", Json::Value(value)),
                Answer::Undefined(error) | Answer::Failed(error) | Answer::NoInput(error) => {
                    ("error", in_order(error, &["code", "message", "location"]))
                }
            });
            entries.extend(item.decision_id.iter().map(|id| ("decision_id", Json::Text(id))));
            Json::Object(entries)
        });
        json::write(out, &Json::Object(vec![("result", Json::Array(items.collect()))]))
    }

    /// Succeeds where nothing is among the results that the flags ask to fail on.
    pub(super) fn failure(&self, args: &Args) -> Result<()> {
        let flag = match (args.fail, args.fail_defined, args.fail_non_empty) {
            (true, _, _) => "--fail",
            (_, true, _) => "--fail-defined",
            (_, _, true) => "--fail-non-empty",
            _ => return Ok(()),
        };
        let counts = |answer: &Answer| match answer {
            Answer::Defined(value) if *value == Value::NULL => flag == "--fail",
            Answer::Defined(value) => match flag {
                "--fail" => false,
                "--fail-defined" => true,
                _ => value.as_array().is_none_or(|items| !items.is_empty()),
            },
            Answer::Undefined(_) => flag == "--fail",
            Answer::Failed(_) => flag != "--fail",
            Answer::NoInput(_) => true,
        };
        let counted = self.items.iter().filter(|item| counts(&item.answer));
        let (failures, errors): (Vec<_>, Vec<_>) =
            counted.partition(|item| matches!(item.answer, Answer::Defined(_)));
        if failures.is_empty() && errors.is_empty() {
            return Ok(());
        }
        bail!(
            "exec error: there were {} failures and {} errors counted in the results list, and \
             {flag} is set",
            failures.len(),
            errors.len()
        );
    }
}

/// Returns the entries of an error in the order of OPA's objects; of places, too.
fn in_order<'v>(error: &'v Value, keys: &[&'static str]) -> Json<'v> {
    let entry = |key: &&'static str| {
        let value = error.as_object()?.get_str(key)?;
        let shown = match *key {
            "location" => in_order(value, &["file", "row", "col"]),
            _ => Json::Value(value),
        };
        Some((*key, shown))
    };
    Json::Object(keys.iter().filter_map(entry).collect())
}
