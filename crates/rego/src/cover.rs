//! Coverage: which rules and statements of a policy ran.
//!
//! Source: OPA's `cover` package and the JSON of `opa eval --coverage` and `opa test --coverage`.
//!
//! Must not know: where a report is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use rego_analysis::tree::{Body, Definition, Expr, ExprKind, RefHead, Replacement, Term, TermKind};
use rego_program::MarkNode;
use rego_source::{Location, SourceId};
use rego_value::{Number, Value};
use rego_vm::{Event, EventOp, Tracer};

use crate::compiler::Policy;

/// A tracer that takes down which rows ran; of any number of evaluations of one policy.
#[derive(Debug, Default)]
pub struct Cover {
    hits: Mutex<BTreeSet<Location>>,
}

impl Tracer for Cover {
    fn wants_locals(&self) -> bool {
        false
    }

    fn event(&self, event: Event) -> bool {
        let ran = match event.op {
            EventOp::Exit => event.node == MarkNode::Rule,
            EventOp::Eval => event.node == MarkNode::Expr,
            _ => false,
        };
        if ran {
            self.hits.lock().unwrap_or_else(PoisonError::into_inner).insert(event.location);
        }
        true
    }
}

/// What ran of a policy, and what did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// By the name of the module.
    pub files: BTreeMap<String, FileReport>,
}

/// What ran of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReport {
    /// Rows of which a rule or a statement ran.
    pub covered: BTreeSet<u32>,
    /// Other rows with a rule or a statement.
    pub not_covered: BTreeSet<u32>,
}

impl Cover {
    /// Returns a tracer to which nothing happened yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns what ran of a policy: of each row on which a rule or a statement begins, whether
    /// one of those did.
    pub fn report(&self, policy: &Policy) -> Report {
        let hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        let resolved = &policy.compiled.resolved;
        let mut places = Vec::new();
        for rule in &resolved.rules {
            let all = rule.definitions.iter().chain(rule.default.as_deref());
            all.for_each(|definition| of_definition(definition, &mut places));
        }
        let row = |place: &Location| {
            let file = resolved.sources.get(place.source)?;
            Some((place.source, file.position(place.span.start).row))
        };
        let ran: BTreeSet<(SourceId, u32)> = hits.iter().filter_map(row).collect();
        let mut report = Report::default();
        for (source, at) in places.iter().filter_map(row) {
            let Some(file) = resolved.sources.get(source) else { continue };
            let entry = report.files.entry(file.name().to_string()).or_default();
            let rows = if ran.contains(&(source, at)) {
                &mut entry.covered
            } else {
                &mut entry.not_covered
            };
            rows.insert(at);
        }
        report
    }
}

impl FileReport {
    /// Returns the share of rows that ran, in percent; 0 where there are none.
    pub fn percent(&self) -> f64 {
        percent(self.covered.len(), self.not_covered.len())
    }
}

impl Report {
    /// Returns the rows that ran, and those that did not, of all modules.
    pub fn rows(&self) -> (usize, usize) {
        let sum = |(a, b): (usize, usize), file: &FileReport| {
            (a + file.covered.len(), b + file.not_covered.len())
        };
        self.files.values().fold((0, 0), sum)
    }

    /// Returns the share of rows that ran, in percent; 0 where there are none.
    pub fn percent(&self) -> f64 {
        let (covered, not) = self.rows();
        percent(covered, not)
    }

    /// Returns OPA's object: `files`, each with the ranges `covered` and `not_covered`, the number
    /// of lines, and `coverage` in percent.
    pub fn to_value(&self) -> Value {
        let files = self.files.iter().map(|(name, file)| {
            let counts = (file.covered.len(), file.not_covered.len());
            let mut entries = counted(counts);
            for (key, rows) in [("covered", &file.covered), ("not_covered", &file.not_covered)] {
                if !rows.is_empty() {
                    entries.push((key, ranges(rows)));
                }
            }
            (Value::from(name.as_str()), object(entries))
        });
        let mut entries = counted(self.rows());
        entries.push(("files", Value::object(files.collect())));
        object(entries)
    }
}

fn counted((covered, not): (usize, usize)) -> Vec<(&'static str, Value)> {
    let count = |n: usize| Value::from(i64::try_from(n).unwrap_or(i64::MAX));
    let mut entries = Vec::new();
    for (key, n) in [("covered_lines", covered), ("not_covered_lines", not)] {
        if n > 0 {
            entries.push((key, count(n)));
        }
    }
    let share = percent(covered, not);
    if share > 0.0 {
        let text = format!("{}", (share * 100.0).round() / 100.0);
        entries.push(("coverage", Number::parse(&text).map_or(Value::NULL, Value::from)));
    }
    entries
}

fn object(entries: Vec<(&str, Value)>) -> Value {
    Value::object(entries.into_iter().map(|(key, value)| (Value::from(key), value)).collect())
}

fn percent(covered: usize, not: usize) -> f64 {
    let all = covered + not;
    if all == 0 { 0.0 } else { 100.0 * covered as f64 / all as f64 }
}

/// Returns rows as ranges of rows that follow each other: the first and the last of each.
pub fn row_ranges(rows: &BTreeSet<u32>) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for row in rows {
        match ranges.last_mut() {
            Some((_, end)) if *end + 1 == *row => *end = *row,
            _ => ranges.push((*row, *row)),
        }
    }
    ranges
}

fn ranges(rows: &BTreeSet<u32>) -> Value {
    let place = |row: u32| Value::object_from_strs([("row", Value::from(i64::from(row)))]);
    let range =
        |(start, end)| Value::object_from_strs([("start", place(start)), ("end", place(end))]);
    Value::array(row_ranges(rows).into_iter().map(range).collect())
}

/// The places of a definition and of its statements.
fn of_definition(definition: &Definition, places: &mut Vec<Location>) {
    let mut branch = Some(definition);
    while let Some(at) = branch {
        places.push(at.location);
        of_body(&at.body, places);
        at.args.iter().chain(&at.keys).chain([&at.value]).for_each(|term| of_term(term, places));
        branch = at.els.as_deref();
    }
}

fn of_body(body: &Body, places: &mut Vec<Location>) {
    for expr in &body.exprs {
        places.push(expr.location);
        of_expr(expr, places);
    }
}

fn of_expr(expr: &Expr, places: &mut Vec<Location>) {
    match &expr.kind {
        ExprKind::Term(term) => of_term(term, places),
        ExprKind::Unify(a, b) => [a, b].into_iter().for_each(|term| of_term(term, places)),
        ExprKind::SomeIn { key, value, domain } => {
            key.iter().chain([value, domain]).for_each(|term| of_term(term, places));
        }
        ExprKind::Every { domain, body, .. } => {
            of_term(domain, places);
            of_body(body, places);
        }
        ExprKind::Not(body) => of_body(body, places),
    }
    for with in &expr.with {
        if let Replacement::Value(term) = &with.value {
            of_term(term, places);
        }
    }
}

fn of_term(term: &Term, places: &mut Vec<Location>) {
    match &term.kind {
        TermKind::Constant(_) | TermKind::Local(_) => {}
        TermKind::Ref { head, path } => {
            if let RefHead::Term(head) = head {
                of_term(head, places);
            }
            path.iter().for_each(|step| of_term(step, places));
        }
        TermKind::Call { args: items, .. } | TermKind::Array(items) | TermKind::Set(items) => {
            items.iter().for_each(|item| of_term(item, places));
        }
        TermKind::Object(entries) => {
            entries.iter().flat_map(|(k, v)| [k, v]).for_each(|term| of_term(term, places));
        }
        TermKind::Comprehension { key, value, body, .. } => {
            of_body(body, places);
            key.iter().chain([value]).for_each(|term| of_term(term, places));
        }
    }
}
