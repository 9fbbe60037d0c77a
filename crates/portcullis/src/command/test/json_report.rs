//! Results for programs.
//!
//! Source: OPA's `test --format=json`.

use std::cmp::Reverse;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rego::EvalError;
use rego::testing::{Case, Cases, TestError, Verdict};

use super::runner::TestResult;
use super::{Args, Order};
use crate::json::{self, Json};
use crate::report::{self, Report};

/// The results so far.
pub(super) struct JsonReport<'t> {
    order: Option<Order>,
    results: Vec<TestResult<'t>>,
}

impl<'t> JsonReport<'t> {
    pub(super) fn new(args: &Args) -> Self {
        Self { order: args.sort, results: Vec::new() }
    }

    /// Takes a result.
    pub(super) fn take(&mut self, result: TestResult<'t>) {
        self.results.push(result);
    }

    /// Writes the array of all.
    pub(super) fn finish(mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.order == Some(Order::Duration) {
            self.results.sort_by_key(|result| Reverse(result.duration));
        }
        let parts: Vec<Parts> = self.results.iter().map(Parts::of).collect();
        let all = self.results.iter().zip(&parts);
        json::write(out, &Json::Array(all.map(|(result, parts)| object(result, parts)).collect()))
    }
}

/// What an object refers to and a result does not hold as such.
struct Parts {
    errors: Vec<Report>,
    output: String,
}

impl Parts {
    fn of(result: &TestResult<'_>) -> Self {
        let errors = match &result.outcome.verdict {
            Verdict::Errored(TestError::Compile(errors)) => report::of_errors(errors),
            _ => Vec::new(),
        };
        Self { errors, output: STANDARD.encode(&result.outcome.output) }
    }
}

/// Every key but the first ones is left out where there is nothing to say.
fn object<'r>(result: &'r TestResult<'_>, parts: &'r Parts) -> Json<'r> {
    let mut entries = Vec::new();
    let truth = Json::OneLine("true");
    let mut flags = Vec::new();
    match &result.outcome.verdict {
        Verdict::Passed => {}
        Verdict::Failed => flags.push(("fail", truth)),
        Verdict::Skipped => flags.push(("skip", truth)),
        Verdict::Errored(TestError::Eval(error)) => entries.push(("error", error_object(error))),
        Verdict::Errored(TestError::Compile(_)) => {
            entries.push(("error", Json::Array(parts.errors.iter().map(Report::json).collect())));
        }
    }
    let test = result.test;
    entries.push(("location", location(&test.file, test.position)));
    if let Some(measured) = &result.measured {
        entries.push(("benchmark_result", measured.json()));
    }
    if !result.outcome.cases.is_empty() {
        entries.push(("sub_results", sub_results(&result.outcome.cases)));
    }
    entries.push(("package", Json::Text(&test.package)));
    entries.push(("name", Json::Text(&test.name)));
    let trace = &result.traced.objects;
    if !trace.is_empty() {
        entries.push(("trace", Json::Array(trace.iter().map(Json::Value).collect())));
    }
    if !parts.output.is_empty() {
        entries.push(("output", Json::Text(&parts.output)));
    }
    let ns = i64::try_from(result.duration.as_nanos()).unwrap_or(i64::MAX);
    entries.push(("duration", Json::Integer(ns)));
    entries.extend(flags);
    Json::Object(entries)
}

fn error_object(error: &EvalError) -> Json<'_> {
    let mut entries =
        vec![("code", Json::Text(error.code)), ("message", Json::Text(&error.message))];
    if let Some((file, at)) = &error.place {
        entries.push(("location", location(file, *at)));
    }
    Json::Object(entries)
}

fn location(file: &str, at: rego::Position) -> Json<'_> {
    Json::Object(vec![
        ("file", Json::Text(file)),
        ("row", Json::Integer(at.row.into())),
        ("col", Json::Integer(at.col.into())),
    ])
}

fn sub_results(cases: &Cases) -> Json<'_> {
    Json::Object(cases.0.iter().map(|(name, case)| (&**name, sub_result(name, case))).collect())
}

/// Cases nest no deeper than [`rego::testing::CASE_DEPTH_MAX`].
fn sub_result<'r>(name: &'r str, case: &'r Case) -> Json<'r> {
    let mut entries = Vec::new();
    if !case.cases.is_empty() {
        entries.push(("sub_results", sub_results(&case.cases)));
    }
    entries.push(("name", Json::Text(name)));
    if case.failed {
        entries.push(("fail", Json::OneLine("true")));
    }
    Json::Object(entries)
}
