//! The suite of the formatter: texts, and what OPA makes of them to the byte.
//!
//! Must not know: evaluation.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rego::format::{FormatOptions, Grammar, Target, format};
use serde::Deserialize;

use crate::judge::Failure;
use crate::run::FileResult;

/// The files of the suite, each with its mode; `own` has the mode in its cases.
const FILES: [(&str, &str); 4] =
    [("v1", "v1"), ("v0", "v0"), ("v0-to-v1", "v0-to-v1"), ("own", "v1")];

/// Syntax that came after the OPA which made the suite, and which it refuses.
const LATER_SYNTAX: [&str; 2] = ["$\"", "$`"];

/// A case as it stands in a file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Case {
    note: String,
    source: String,
    formatted: Option<String>,
    /// What OPA makes of its own result, where that is not the same: a defect of it.
    formatted_again: Option<String>,
    want_error_code: Option<String>,
    mode: Option<String>,
}

impl Case {
    /// Whether OPA fails on its own result.
    fn again_fails(&self, code: &str) -> bool {
        let error = self.formatted_again.as_deref().and_then(|text| text.strip_prefix("error: "));
        error == Some(code)
    }
}

#[derive(Deserialize)]
struct Raw {
    cases: Vec<Case>,
}

/// Runs the cases of the suite whose id contains `filter`.
///
/// Errors: a sentence that names the file that cannot be read.
pub fn run_dir(dir: &Path, filter: &str) -> Result<Vec<FileResult>, String> {
    FILES.iter().map(|(file, mode)| run_file(dir, (file, mode), filter)).collect()
}

fn run_file(dir: &Path, (file, mode): (&str, &str), filter: &str) -> Result<FileResult, String> {
    let path = dir.join(format!("{file}.json"));
    let fail = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let text = fs::read_to_string(&path).map_err(|e| fail(&e))?;
    let raw: Raw = serde_json::from_str(&text).map_err(|e| fail(&e))?;
    let mut result = FileResult { name: format!("fmt/{file}"), ..FileResult::default() };
    for case in raw.cases {
        let id = format!("fmt/{file}: {}", case.note);
        if !id.contains(filter) {
            continue;
        }
        let mode = case.mode.as_deref().unwrap_or(mode);
        let judged = catch_unwind(AssertUnwindSafe(|| judge(&case, mode)));
        let failure = match judged {
            Ok(Ok(())) => None,
            Ok(Err(failure)) => Some(failure),
            Err(_) => Some(failed("panicked", "an answer", "")),
        };
        match failure {
            None => result.passed.push(id),
            Some(failure) => result.failed.push((id, failure)),
        }
    }
    Ok(result)
}

/// Returns how a text of a mode is formatted, and how the result is formatted again.
fn options(mode: &str) -> [FormatOptions; 2] {
    let of = |version, target| FormatOptions { version, target, ..FormatOptions::default() };
    let v0 = of(Grammar::V0, Target::V0);
    match mode {
        "v0" => [v0, v0],
        "v0-to-v1" => [of(Grammar::V0, Target::V0AndV1), v0],
        _ => [FormatOptions::default(), FormatOptions::default()],
    }
}

fn judge(case: &Case, mode: &str) -> Result<(), Failure> {
    let [first, again] = options(mode);
    let got = format("test.rego", &case.source, &first);
    let text = match (&got, &case.want_error_code) {
        (Err(errors), Some(code)) if errors.code() == code => return Ok(()),
        // OPA gives a text that it cannot read itself.
        (Err(errors), None) if case.again_fails(errors.code()) => return Ok(()),
        (Err(errors), Some(code)) => return Err(failed("another error", code, errors.code())),
        (Err(errors), None) => return Err(failed("an error", "a text", &errors.to_string())),
        (Ok(text), Some(code)) => {
            if !LATER_SYNTAX.iter().any(|syntax| case.source.contains(syntax)) {
                return Err(failed("no error", code, text));
            }
            text
        }
        (Ok(text), None) => text,
    };
    settled("not settled", text, &again)?;
    settled("not settled in the same mode", text, &first)?;
    let Some(want) = &case.formatted else {
        return Ok(());
    };
    if case.formatted_again.is_some() {
        return Ok(());
    }
    if text != want {
        return Err(failed("another text", want, text));
    }
    settled("OPA's text changes", want, &again)
}

/// Fails where a text is not its own formatted form.
fn settled(sort: &str, text: &str, options: &FormatOptions) -> Result<(), Failure> {
    match format("test.rego", text, options) {
        Ok(again) if again == text => Ok(()),
        Ok(again) => Err(failed(sort, text, &again)),
        Err(errors) => Err(failed(sort, text, &errors.to_string())),
    }
}

fn failed(sort: &str, want: &str, got: &str) -> Failure {
    Failure { sort: sort.to_owned(), want: want.to_owned(), got: got.to_owned() }
}
