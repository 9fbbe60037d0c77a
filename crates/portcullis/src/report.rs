//! Errors as people and programs read them: OPA's lines, those with source and hint, OPA's JSON.
//!
//! What a finding looks like is the engine's to know; here are only those that have no source.

use portcullis_service::load::LoadErrors;
use rego::{Diagnostic, Errors, EvalError, Severity, Sources, Value, render};

use crate::json::Json;

/// One error, whatever it is about, in each of its forms.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// OPA's form: `file:row: code: message`, and what it adds below.
    line: String,
    /// The same, with the source line, other places and the hint where OPA has none.
    line_with_source: String,
    /// OPA's object, on one line.
    json: String,
}

impl Report {
    /// Returns an error that is only a sentence.
    pub(crate) fn plain(message: &impl ToString) -> Self {
        let line = message.to_string();
        let json = format!("{{\"message\":{}}}", json_string(&line));
        Self { line_with_source: line.clone(), line, json }
    }

    fn new(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        Self {
            line: render::line(sources, diagnostic),
            line_with_source: render::explained(sources, diagnostic),
            json: render::json(sources, diagnostic),
        }
    }

    /// Returns OPA's object: `message`, `code`, `location`, `details`.
    pub(crate) fn json(&self) -> Json<'_> {
        Json::OneLine(&self.json)
    }
}

/// Returns a report for each error among the findings; warnings are none.
pub(crate) fn of_errors(errors: &Errors) -> Vec<Report> {
    of_diagnostics(&errors.diagnostics, &errors.sources, Severity::Error)
}

/// Returns a report for each finding of this severity.
pub(crate) fn of_diagnostics(
    diagnostics: &[Diagnostic],
    sources: &Sources,
    severity: Severity,
) -> Vec<Report> {
    let wanted = diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity);
    wanted.map(|diagnostic| Report::new(diagnostic, sources)).collect()
}

/// Returns the report of an error of evaluation.
pub(crate) fn of_eval_error(error: &EvalError) -> Report {
    let (message, code) = (json_string(&error.message), json_string(error.code));
    let location = error.place.as_ref().map_or(String::new(), |(file, at)| {
        let file = json_string(file);
        format!(",\"location\":{{\"file\":{file},\"row\":{},\"col\":{}}}", at.row, at.col)
    });
    Report {
        json: format!("{{\"message\":{message},\"code\":{code}{location}}}"),
        ..Report::plain(error)
    }
}

fn json_string(text: &str) -> String {
    Value::from(text).to_json()
}

/// Returns a report for each file that cannot be loaded.
pub(crate) fn of_load_errors(errors: &LoadErrors) -> Vec<Report> {
    errors.0.iter().map(Report::plain).collect()
}

/// Returns OPA's form of a list: `1 error occurred: …`, or a count and the errors below.
pub(crate) fn list(reports: &[Report]) -> String {
    counted(reports.iter().map(|report| report.line.as_str()).collect())
}

/// Returns a line for each, without a count.
pub(crate) fn lines(reports: &[Report]) -> String {
    let lines: Vec<_> = reports.iter().map(|report| report.line.as_str()).collect();
    lines.join("\n")
}

/// Returns the same, with source lines and hints.
pub(crate) fn list_with_source(reports: &[Report]) -> String {
    counted(reports.iter().map(|report| report.line_with_source.as_str()).collect())
}

/// Returns a line, with its source and hint, for each warning.
pub(crate) fn warnings(reports: &[Report]) -> String {
    reports.iter().map(|report| format!("warning: {}\n", report.line_with_source)).collect()
}

fn counted(texts: Vec<&str>) -> String {
    match texts.as_slice() {
        [one] => format!("1 error occurred: {one}"),
        many => format!("{} errors occurred:\n{}", many.len(), many.join("\n")),
    }
}
