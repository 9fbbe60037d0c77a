//! Compiles every case of the shared corpora: what OPA refuses is refused with the same code, and
//! everything else is accepted.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may panic and say why"
)]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use rego_analysis::{QuerySource, analyse_query};
use rego_source::{Diagnostic, SourceFile};
use rego_syntax::ast::RegoVersion;
use rego_syntax::{ParseOptions, parse_query};
use serde_json::Value;

/// Cases that come out otherwise today, with a reason for each: `folder/file | note | reason`.
const KNOWN: &str = include_str!("known_failures.txt");

fn corpus() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    if path.is_dir() {
        return Some(path);
    }
    let required = std::env::var("PORTCULLIS_REQUIRE_ALL").is_ok_and(|value| value == "1");
    assert!(!required, "{} is missing", path.display());
    println!("skipped: {} is missing", path.display());
    None
}

/// Returns the first error of compiling a case, and the place of it.
fn first_error(case: &Value) -> Option<(Diagnostic, Option<(u64, u64)>)> {
    let version = if case["v0"] == true { RegoVersion::V0 } else { RegoVersion::V1 };
    let mut options = support::options();
    options.strict = case["strict"] == true;
    let modules: Vec<&str> =
        case["modules"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let (mut sources, outcome) = support::compile(&modules, version, &options);
    let place = |sources: &rego_source::Sources, error: &Diagnostic| {
        let (_, position) = sources.resolve(error.location?)?;
        Some((u64::from(position.row), u64::from(position.col)))
    };
    let analysed = match outcome {
        Ok(analysed) => analysed,
        Err(errors) => {
            let first = errors.into_iter().next()?;
            let at = place(&sources, &first);
            return Some((first, at));
        }
    };
    let text = case["query"].as_str()?;
    let source = sources.add(std::sync::Arc::new(SourceFile::new("", text)));
    let parse = ParseOptions { version, future_keywords: true, ..ParseOptions::default() };
    let (body, mut errors) = parse_query(source, text, &parse);
    if errors.is_empty() {
        let query = QuerySource { source, body: &body, text, version, package: None, imports: &[] };
        errors = analyse_query(&analysed.resolved, query, &sources, &options).err()?;
    }
    let first = errors.into_iter().next()?;
    let at = place(&sources, &first);
    Some((first, at))
}

/// Code, message and place, as far as a case tells them.
type Wanted = (String, Option<String>, Option<(u64, u64)>);

/// Returns the error a case wants of compiling, if any.
fn wanted(case: &Value) -> Option<Wanted> {
    if let Some(error) = case["want_errors"].get(0) {
        let code = error["code"].as_str()?;
        let at = error["row"].as_u64().zip(error["col"].as_u64());
        return code
            .starts_with("rego_")
            .then(|| (code.to_owned(), error["message"].as_str().map(str::to_owned), at));
    }
    let code = case["want_error_code"].as_str().filter(|code| code.starts_with("rego_"))?;
    Some((code.to_owned(), None, None))
}

#[derive(Default)]
struct Tally {
    cases: usize,
    wanted: usize,
    message: usize,
    place: usize,
    failures: BTreeMap<String, String>,
}

fn judge(folder: &str, file: &str, case: &Value, tally: &mut Tally) {
    let note = case["note"].as_str().unwrap_or_default();
    tally.cases += 1;
    let got = first_error(case);
    let failure = match (wanted(case), got) {
        (None, None) => None,
        (None, Some((error, at))) => {
            Some(format!("compiles in OPA; here {}: {} at {at:?}", error.code, error.message))
        }
        (Some((code, message, _)), None) => {
            tally.wanted += 1;
            Some(format!("OPA: {code}: {}", message.unwrap_or_default()))
        }
        (Some((code, message, at)), Some((error, got_at))) => {
            tally.wanted += 1;
            if std::env::var("SHOW").is_ok()
                && (message.as_ref().is_some_and(|m| *m != error.message)
                    || at.is_some_and(|at| Some(at) != got_at))
                && code != "rego_parse_error"
            {
                println!("~ {file} {note}: {message:?} {at:?} got {} {got_at:?}", error.message);
            }
            tally.message += usize::from(message.is_none_or(|message| message == error.message));
            tally.place += usize::from(at.is_none_or(|at| Some(at) == got_at));
            (code != error.code)
                .then(|| format!("OPA {code}; here {}: {}", error.code, error.message))
        }
    };
    if let Some(failure) = failure {
        tally.failures.insert(format!("{folder}/{file} | {note}"), failure);
    }
}

#[test]
fn every_case_compiles_as_in_opa() {
    let Some(corpus) = corpus() else { return };
    let mut tally = Tally::default();
    for folder in ["rego-v1", "rego-v0", "surface"] {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(corpus.join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        for path in files.iter().filter(|path| path.extension().is_some_and(|e| e == "json")) {
            let file = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(path).unwrap();
            let document: Value = serde_json::from_str(&text).unwrap();
            for case in document["cases"].as_array().unwrap() {
                judge(folder, &file, case, &mut tally);
            }
        }
    }
    println!(
        "{} cases, {} failures; of {} that must fail {} have the message, {} the place",
        tally.cases,
        tally.failures.len(),
        tally.wanted,
        tally.message,
        tally.place
    );
    let known: Vec<String> = KNOWN
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.rsplit_once(" | ").unwrap().0.to_owned())
        .collect();
    let mut wrong = String::new();
    for (case, why) in &tally.failures {
        if !known.contains(case) {
            wrong.push_str(&format!("new failure: {case} | {why}\n"));
        }
    }
    for case in &known {
        if !tally.failures.contains_key(case) {
            wrong.push_str(&format!("passes now, take it off the list: {case}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The policies that people wrote for Docker are accepted, as v1 or as v0.
#[test]
fn every_seed_compiles() {
    let Some(corpus) = corpus() else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(corpus.join("../seeds/policies"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "rego"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let accepted = [RegoVersion::V1, RegoVersion::V0]
            .map(|version| support::compile(&[&text], version, &support::options()).1.map(|_| ()));
        assert!(accepted.iter().any(Result::is_ok), "{}: {accepted:#?}", path.display());
    }
}
