//! Why a test failed: traces and values of variables, kept while it runs and put into words after.
//!
//! Must not know: where they are shown.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rego::testing::{PreparedTest, Test, name_of};
use rego::trace::{Columns, Event, Explain, Trace, last_failure, under_statement};
use rego::{Sources, Value};

use super::{Args, Format};

/// Most events that are kept of one test; later ones are left out. Ours.
const EVENTS_MAX: usize = 200_000;

/// Most cases whose failures are told apart. Ours.
const CASES_MAX: usize = 10_000;

/// The trace of a test that runs, and where in it cases begin.
pub(super) struct Tracing {
    pub(super) trace: Trace,
    cases: Mutex<Vec<(Value, usize)>>,
}

/// What a trace says, in words.
#[derive(Default)]
pub(super) struct Traced {
    /// The trace, a line an event.
    pub(super) lines: Vec<String>,
    /// OPA's object of each event.
    pub(super) objects: Vec<Value>,
    /// The statement that failed last.
    pub(super) failure: Option<Failure>,
    /// The same of each case that began, by its name.
    pub(super) cases: BTreeMap<Vec<String>, Failure>,
}

/// A statement that failed, with the values of its variables below.
#[derive(Clone)]
pub(super) struct Failure {
    pub(super) file: String,
    pub(super) row: u32,
    pub(super) lines: Vec<String>,
}

impl Tracing {
    pub(super) fn new(args: &Args) -> Self {
        let trace = if args.var_values { Trace::with_locals() } else { Trace::new() };
        Self { trace: trace.holding(EVENTS_MAX), cases: Mutex::default() }
    }

    /// Notes that a case begins.
    pub(super) fn test_case(&self, name: &Value) {
        let mut cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        if cases.len() < CASES_MAX {
            cases.push((name.clone(), self.trace.events_len()));
        }
    }

    /// Returns what the trace says of a test that did not pass, or of any where a program reads it.
    pub(super) fn finish(
        &self,
        args: &Args,
        test: &Test,
        prepared: &PreparedTest,
        passed: bool,
    ) -> Traced {
        let Some(sources) = prepared.sources() else { return Traced::default() };
        let mut traced = Traced::default();
        if args.format == Format::Json {
            let events = self.trace.events(args.explain());
            traced.objects = events.iter().map(|event| object(sources, event)).collect();
        }
        if passed {
            return traced;
        }
        if args.verbose() {
            let events = self.trace.events(args.explain());
            let (query, columns) =
                (format!("{} = _", test.reference), Columns { values: args.var_values });
            traced.lines = Trace::lines(sources, &events, Some(&query), columns);
        }
        if args.var_values {
            self.find_failures(sources, &mut traced);
        }
        traced
    }

    fn find_failures(&self, sources: &Sources, traced: &mut Traced) {
        let events = self.trace.events(Explain::Full);
        traced.failure = last_failure(sources, &events).and_then(|e| Failure::of(sources, e));
        let cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = cases.iter().skip(1).map(|(_, start)| *start).chain([events.len()]);
        for ((name, _), end) in cases.iter().zip(ends) {
            let before = events.get(..end).unwrap_or(&events);
            let failure = last_failure(sources, before).and_then(|e| Failure::of(sources, e));
            let name = name.as_array().unwrap_or_default().iter().map(name_of).collect();
            traced.cases.extend(failure.map(|failure| (name, failure)));
        }
    }
}

impl Failure {
    fn of(sources: &Sources, event: &Event) -> Option<Self> {
        let (file, position) = sources.resolve(event.location)?;
        let lines = under_statement(sources, event);
        Some(Self { file: file.to_string(), row: position.row, lines })
    }
}

/// Returns OPA's object of an event of a test, which differs from that of its other traces.
fn object(sources: &Sources, event: &Event) -> Value {
    let known = Trace::to_values(sources, std::slice::from_ref(event)).into_iter().next();
    let part = |key: &str| known.as_ref().and_then(|known| known.get_path(&[key]).cloned());
    let op = part("op").and_then(|op| op.as_str().map(capitalised));
    let location = sources.resolve(event.location).map(|(file, at)| {
        Value::object_from_strs([
            ("file", Value::from(file)),
            ("row", Value::from(i64::from(at.row))),
            ("col", Value::from(i64::from(at.col))),
        ])
    });
    Value::object_from_strs([
        ("Op", op.map_or(Value::NULL, Value::from)),
        ("Node", part("node").unwrap_or(Value::NULL)),
        ("Location", location.unwrap_or(Value::NULL)),
        ("QueryID", part("query_id").unwrap_or(Value::NULL)),
        ("ParentID", part("parent_id").unwrap_or(Value::NULL)),
        ("Locals", part("locals").unwrap_or(Value::NULL)),
        ("LocalMetadata", Value::object(Vec::new())),
        ("Message", Value::from(event.message.as_str())),
        ("Ref", Value::NULL),
    ])
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}
