//! What can go wrong at compile time and while evaluating, as text and as OPA's JSON objects.
//!
//! Must not know: where errors are shown.

use std::fmt;

use rego_source::{Diagnostic, Location, Position, Severity, Sources, render};
use rego_value::Value;

/// Why modules or a query do not compile: all findings, and the texts they point into.
#[derive(Clone, Debug)]
pub struct Errors {
    /// The findings, errors first.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts they point into.
    pub sources: Sources,
}

impl Errors {
    /// Returns the first error's code, such as `rego_parse_error`.
    pub fn code(&self) -> &'static str {
        self.diagnostics.first().map_or("rego_compile_error", |d| d.code)
    }

    /// Returns the number of errors; warnings do not count.
    pub fn count(&self) -> usize {
        self.diagnostics.iter().filter(|d| d.severity == Severity::Error).count()
    }

    /// Returns OPA's line for a finding: `file:row: code: message`, then its details.
    pub fn line(&self, diagnostic: &Diagnostic) -> String {
        render::line(&self.sources, diagnostic)
    }

    /// Returns OPA's object for each error, in order; warnings are left out. An object has
    /// `message`, `code`, `location` (`file`, `row`, `col`) where there is a place, and `details`
    /// where there are any. Source: the `errors` of OPA's REST answers and of `--format json`.
    pub fn to_values(&self) -> Vec<Value> {
        let errors = self.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        errors.map(|d| diagnostic_value(&self.sources, d)).collect()
    }
}

/// Returns OPA's object for one finding, as [`Errors::to_values`] describes it.
pub fn diagnostic_value(sources: &Sources, diagnostic: &Diagnostic) -> Value {
    // The text is written by a sibling crate and is JSON; the message alone is better than nothing.
    Value::from_json(render::json(sources, diagnostic).as_bytes()).unwrap_or_else(|_| {
        let message = Value::from(diagnostic.message.as_str());
        Value::object_from_strs([("message", message), ("code", Value::from(diagnostic.code))])
    })
}

impl fmt::Display for Errors {
    /// OPA's form: `1 error occurred: …`, or a count and a line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render::lines(&self.sources, &self.diagnostics))
    }
}

impl std::error::Error for Errors {}

/// Why an evaluation ended without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// OPA's code: `eval_conflict_error`, `eval_builtin_error`, `eval_type_error`,
    /// `eval_cancel_error` (deadline), `eval_budget_error` (ours: steps, memory or depth) or
    /// `eval_internal_error`.
    pub code: &'static str,
    /// What went wrong.
    pub message: String,
    /// Where.
    pub location: Option<Location>,
    /// The same place as file, row and column.
    pub place: Option<(String, Position)>,
}

impl EvalError {
    /// Returns OPA's object: `message`, `code`, and `location` where there is a place.
    pub fn to_value(&self) -> Value {
        let mut entries = vec![
            (Value::from("message"), Value::from(self.message.as_str())),
            (Value::from("code"), Value::from(self.code)),
        ];
        if let Some((file, at)) = &self.place {
            let location = Value::object_from_strs([
                ("file", Value::from(file.as_str())),
                ("row", Value::from(i64::from(at.row))),
                ("col", Value::from(i64::from(at.col))),
            ]);
            entries.push((Value::from("location"), location));
        }
        Value::object(entries)
    }
}

impl fmt::Display for EvalError {
    /// OPA's form: `file:row: code: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some((file, p)) if file.is_empty() => write!(f, "{}:{}: ", p.row, p.col)?,
            Some((file, p)) => write!(f, "{file}:{}: ", p.row)?,
            None => {}
        }
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for EvalError {}
