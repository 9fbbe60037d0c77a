//! Runs one case and judges the answer.
//!
//! Must not know: files, the list of known failures, how many cases there are.

use std::collections::BTreeSet;
use std::time::Duration;

use rego::format::{FormatOptions, Grammar, Target, format};
use rego::trace::Trace;
use rego::{
    Annotations, Compiler, Errors, EvalError, EvalOptions, Lowering, QueryOptions, RegoVersion,
    ResultSet, Severity, Value,
};
use serde_json::{Map, Value as Json};

use crate::canonical;
use crate::case::{Case, WantedError};
use crate::host::CaseHost;

/// How long one evaluation may take.
pub const EVAL_TIME_MAX: Duration = Duration::from_secs(60);

/// What came of a case.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Nothing where it passed, else why not.
    pub failure: Option<Failure>,
    /// How well errors agree beyond the first code.
    pub finer: Finer,
    /// Where they do not agree: a line for each error of the list that differs.
    pub differences: Vec<String>,
}

/// Why a case failed.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// A few words, the same for failures of the same sort: groups the list of known failures.
    pub sort: String,
    /// What was asked for.
    pub want: String,
    /// What came.
    pub got: String,
}

/// Counts of the finer grade, over the cases that state all errors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Finer {
    /// Errors that were asked for.
    pub errors: usize,
    /// Of these, those that came at the same place of the list with the same code.
    pub codes: usize,
    /// Of these, those with the same message.
    pub messages: usize,
    /// Of these, those with the same row and column.
    pub places: usize,
}

impl Finer {
    /// Adds the counts of another.
    pub fn add(&mut self, other: Finer) {
        self.errors += other.errors;
        self.codes += other.codes;
        self.messages += other.messages;
        self.places += other.places;
    }
}

/// An error as the judge sees it, from whatever stage.
#[derive(Clone, Debug)]
struct Found {
    code: &'static str,
    message: String,
    /// The whole line: place, code and message.
    line: String,
    row: Option<u32>,
    col: Option<u32>,
}

/// How the engine runs a case. The answer must be the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// As it runs for everybody.
    #[default]
    Optimised,
    /// Traced, without rule index, joins, early exit and kept values of rules.
    Plain,
    /// As it runs for everybody, with the modules as `fmt` lays them out.
    Formatted,
    /// Again and again, without a tracer: what depends on data alone is kept, and rules are rewritten
    /// for it. The last answer counts.
    Rewritten,
}

/// Enough for rules that use rules to be rewritten after those.
const RUNS: usize = 8;

/// Runs a case and judges its answer. Panics and overlong work are the caller's to catch.
pub fn judge(case: &Case, mode: Mode) -> Judged {
    let answer = answer(case, mode);
    let want = case.want_errors.as_deref().unwrap_or_default();
    let finer = finer(want, answer.as_ref().err());
    let differences = differences(want, answer.as_ref().err());
    let failure = match &answer {
        Err(found) => judge_errors(case, found),
        Ok(results) if case.wants_error() => Some(Failure {
            sort: format!("no {}", case.want_error_code.as_deref().unwrap_or("error")),
            want: wanted_error(case),
            got: shown(&solutions(case, results)),
        }),
        Ok(results) => judge_results(case, results),
    };
    Judged { failure, finer, differences }
}

fn lowering(mode: Mode) -> Lowering {
    let usual = Lowering::default();
    match mode {
        Mode::Optimised | Mode::Formatted => usual,
        Mode::Plain => {
            Lowering { trace: true, index: false, joins: false, early_exit: false, ..usual }
        }
        Mode::Rewritten => Lowering { runs_before_rewriting: 0, ..usual },
    }
}

/// Compiles and evaluates.
fn answer(case: &Case, mode: Mode) -> Result<ResultSet, Vec<Found>> {
    let version = if case.v0 { RegoVersion::V0 } else { RegoVersion::V1 };
    let data = case.data.as_ref().map_or(Ok(Value::object(Vec::new())), engine_value)?;
    let mut compiler =
        Compiler::new().rego_version(version).annotations(Annotations::Check).strict(case.strict);
    for (index, module) in case.modules.iter().enumerate() {
        let name = format!("test-{index}.rego");
        let formatted = (mode == Mode::Formatted).then(|| formatted(&name, module, case.v0));
        compiler = compiler.module(name, formatted.as_deref().unwrap_or(module));
    }
    // Data comes after: the suites hold rules where base data is as well, and no check is made.
    let policy =
        compiler.lowering(lowering(mode)).compile().map_err(compile_errors)?.with_data(data);
    let options = QueryOptions { version, strict: case.strict, ..QueryOptions::default() };
    let query = policy.prepare_with(&case.query, &options).map_err(compile_errors)?;
    let input = input(case, version)?;
    let host = CaseHost::new(EVAL_TIME_MAX);
    let trace = Trace::with_locals();
    let options = EvalOptions {
        tracer: (mode != Mode::Rewritten).then_some(&trace),
        memo: mode != Mode::Plain,
        strict_builtin_errors: case.strict_error,
        host: &host,
        ..EvalOptions::default()
    };
    if mode == Mode::Rewritten {
        for _ in 1..RUNS {
            let _ = query.eval(input.as_ref(), &options);
        }
    }
    query.eval(input.as_ref(), &options).map_err(|e| vec![eval_error(&e)])
}

/// Returns a module as it is laid out in its own grammar; as it is where it cannot be read.
fn formatted(name: &str, module: &str, v0: bool) -> String {
    let mut options = FormatOptions::default();
    if v0 {
        (options.version, options.target) = (Grammar::V0, Target::V0);
    }
    format(name, module, &options).unwrap_or_else(|_| module.to_owned())
}

/// Returns the input: the term where there is one, read by the engine as the value of a query.
fn input(case: &Case, version: RegoVersion) -> Result<Option<Value>, Vec<Found>> {
    let Some(term) = &case.input_term else {
        return case.input.as_ref().map(engine_value).transpose();
    };
    let policy = Compiler::new().compile().map_err(compile_errors)?;
    let options = QueryOptions { version, ..QueryOptions::default() };
    let text = format!("__input_term := {term}");
    let query = policy.prepare_with(&text, &options).map_err(compile_errors)?;
    let results = query.eval(None, &EvalOptions::default()).map_err(|e| vec![eval_error(&e)])?;
    let row = results.rows.into_iter().next();
    let bound = row.and_then(|row| row.bindings.into_iter().next()).map(|(_, value)| value);
    bound.map(Some).ok_or_else(|| vec![broken("the input term has no value".to_owned())])
}

fn engine_value(json: &Json) -> Result<Value, Vec<Found>> {
    Value::from_json(json.to_string().as_bytes()).map_err(|e| vec![broken(format!("{e}"))])
}

fn broken(message: String) -> Found {
    Found { code: "conformance_error", line: message.clone(), message, row: None, col: None }
}

fn compile_errors(errors: Errors) -> Vec<Found> {
    let wrong = errors.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let found = wrong.map(|d| {
        let place = d.location.and_then(|l| errors.sources.resolve(l)).map(|(_, p)| p);
        // The suites leave out what is 0: the end of a file has a row only.
        let (row, col) = (place.map(|p| p.row), place.map(|p| p.col));
        let [row, col] = [row, col].map(|it| it.filter(|number| *number > 0));
        Found { code: d.code, message: d.message.clone(), line: errors.line(d), row, col }
    });
    found.collect()
}

fn eval_error(error: &EvalError) -> Found {
    let place = error.place.as_ref().map(|(_, position)| position);
    Found {
        code: error.code,
        message: error.message.clone(),
        line: error.to_string(),
        row: place.map(|p| p.row),
        col: place.map(|p| p.col),
    }
}

fn judge_errors(case: &Case, found: &[Found]) -> Option<Failure> {
    let first = found.first();
    let (code, message) = first.map_or(("", ""), |f| (f.code, f.message.as_str()));
    let code_agrees = case.want_error_code.as_deref().is_none_or(|want| want == code);
    let line = first.map_or("", |f| f.line.as_str());
    let text_agrees = case.want_error.as_deref().is_none_or(|want| line.contains(want));
    if case.wants_error() && code_agrees && text_agrees {
        return None;
    }
    let sort = match &case.want_error_code {
        Some(want) if !code_agrees => format!("{code} for {want}"),
        Some(_) => format!("wording of {code}"),
        None => format!("{code}: {}", gist(message)),
    };
    Some(Failure { sort, want: wanted(case), got: format!("{code}: {message}") })
}

/// Returns what a message says without what it quotes: enough to group by.
fn gist(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    match line.rsplit_once(": ").filter(|(head, _)| head.len() > 30) {
        Some((head, _)) => head.to_owned(),
        None => line.chars().take(60).collect(),
    }
}

fn judge_results(case: &Case, results: &ResultSet) -> Option<Failure> {
    let got = solutions(case, results);
    if let Some(rows) = &case.want_result {
        let want: BTreeSet<_> = rows.iter().map(|row| wanted_solution(case, row)).collect();
        if want != got {
            return Some(wrong_result(&want, &got));
        }
    }
    let rows = case.want_expressions.as_ref()?;
    let want: BTreeSet<_> = rows.iter().map(|row| wanted_values(case, row)).collect();
    let got: BTreeSet<_> = results.rows.iter().map(|row| found_values(case, row)).collect();
    (want != got).then(|| wrong_result(&want, &got))
}

fn wrong_result(want: &BTreeSet<String>, got: &BTreeSet<String>) -> Failure {
    let sort = match (want.is_empty(), got.is_empty()) {
        (true, false) => "defined, should be undefined",
        (false, true) => "undefined, should be defined",
        _ => "wrong value",
    };
    Failure { sort: sort.to_owned(), want: shown(want), got: shown(got) }
}

fn solutions(case: &Case, results: &ResultSet) -> BTreeSet<String> {
    let text = if case.sort_bindings { canonical::of_value_sorted } else { canonical::of_value };
    let rows = results.rows.iter().map(|row| {
        let mut pairs: Vec<_> =
            row.bindings.iter().map(|(name, value)| format!("{name} = {}", text(value))).collect();
        pairs.sort();
        pairs.join("; ")
    });
    rows.collect()
}

fn wanted_solution(case: &Case, row: &Map<String, Json>) -> String {
    let text = if case.sort_bindings { canonical::of_json_sorted } else { canonical::of_json };
    let mut pairs: Vec<_> =
        row.iter().map(|(name, value)| format!("{name} = {}", text(value))).collect();
    pairs.sort();
    pairs.join("; ")
}

fn wanted_values(case: &Case, row: &[Json]) -> String {
    let text = if case.sort_bindings { canonical::of_json_sorted } else { canonical::of_json };
    row.iter().map(text).collect::<Vec<_>>().join("; ")
}

fn found_values(case: &Case, row: &rego::Row) -> String {
    let text = if case.sort_bindings { canonical::of_value_sorted } else { canonical::of_value };
    row.expressions.iter().map(|e| text(&e.value)).collect::<Vec<_>>().join("; ")
}

fn shown(solutions: &BTreeSet<String>) -> String {
    if solutions.is_empty() {
        return "undefined".to_owned();
    }
    solutions.iter().map(|s| format!("{{{s}}}")).collect::<Vec<_>>().join("\n     ")
}

fn wanted(case: &Case) -> String {
    if case.wants_error() {
        return wanted_error(case);
    }
    let rows = case.want_result.as_deref().unwrap_or_default();
    shown(&rows.iter().map(|row| wanted_solution(case, row)).collect())
}

fn wanted_error(case: &Case) -> String {
    let code = case.want_error_code.as_deref().unwrap_or("an error");
    let first = case.want_errors.as_ref().and_then(|errors| errors.first());
    let text = case.want_error.as_deref().or_else(|| first.map(|e| e.message.as_str()));
    format!("{code}: {}", text.unwrap_or("…"))
}

fn finer(want: &[WantedError], found: Option<&Vec<Found>>) -> Finer {
    let mut grade = Finer { errors: want.len(), ..Finer::default() };
    let found = found.map(Vec::as_slice).unwrap_or_default();
    for (want, found) in want.iter().zip(found) {
        if want.code != found.code {
            continue;
        }
        grade.codes += 1;
        grade.messages += usize::from(want.message == found.message);
        grade.places += usize::from(want.row == found.row && want.col == found.col);
    }
    grade
}

/// Returns a line for each place of the list where the errors are not the same.
fn differences(want: &[WantedError], found: Option<&Vec<Found>>) -> Vec<String> {
    let found = found.map(Vec::as_slice).unwrap_or_default();
    let count = if want.is_empty() { 0 } else { want.len().max(found.len()) };
    let place = |row: Option<u32>, col: Option<u32>| match (row, col) {
        (Some(row), Some(col)) => format!("{row}:{col}"),
        _ => "nowhere".to_owned(),
    };
    let lines = (0..count).map(|at| {
        let want =
            want.get(at).map(|e| format!("{} {}: {}", place(e.row, e.col), e.code, e.message));
        let got =
            found.get(at).map(|e| format!("{} {}: {}", place(e.row, e.col), e.code, e.message));
        (want.unwrap_or_default(), got.unwrap_or_default())
    });
    lines
        .filter(|(want, got)| want != got)
        .map(|(want, got)| format!("{want}\n    got  {got}"))
        .collect()
}
