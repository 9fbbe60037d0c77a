//! Traces: what a policy did to come to its answer, for people and for OPA's `explain`.
//!
//! Source: OPA's `topdown` trace events, `lineage` filters and pretty printer.
//!
//! Must not know: where a trace is shown.

mod json;
mod pretty;
mod values;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rego_program::MarkNode;
use rego_source::Sources;
use rego_value::Value;
pub use rego_vm::{Event, EventOp, Tracer};

pub use self::pretty::Columns;
pub use self::values::under_statement;

/// Most events that a trace holds; later ones are left out. Ours.
pub const EVENTS_MAX: usize = 1_000_000;

/// Most bytes of values of variables, as JSON text, that a trace holds; later events come without.
const LOCALS_BYTES_MAX: usize = 256 << 20;

/// How much of a trace is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explain {
    /// Calls of `trace`, and how they were come to.
    Notes,
    /// Statements without a solution, and how they were come to.
    Fails,
    /// Both.
    NotesAndFails,
    /// All events.
    Full,
    /// All events.
    Debug,
}

impl Explain {
    /// Returns the mode of this name in OPA; nothing for `off` and for what is no mode.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "notes" => Some(Explain::Notes),
            "fails" => Some(Explain::Fails),
            "full" => Some(Explain::Full),
            "debug" => Some(Explain::Debug),
            _ => None,
        }
    }
}

/// A tracer that keeps all events.
#[derive(Debug)]
pub struct Trace {
    kept: Mutex<Kept>,
    locals: bool,
    events_max: usize,
}

impl Default for Trace {
    fn default() -> Self {
        Self { kept: Mutex::default(), locals: false, events_max: EVENTS_MAX }
    }
}

#[derive(Debug, Default)]
struct Kept {
    events: Vec<Event>,
    bytes: usize,
}

impl Trace {
    /// Returns an empty trace.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns an empty trace that keeps the values of variables as well.
    pub fn with_locals() -> Self {
        Self { locals: true, ..Self::default() }
    }

    /// Sets how many events it holds at most; [`EVENTS_MAX`] without.
    #[must_use]
    pub fn holding(mut self, events_max: usize) -> Self {
        self.events_max = events_max;
        self
    }

    /// Returns the events so far, those that `explain` wants.
    pub fn events(&self, explain: Explain) -> Vec<Event> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match explain {
            Explain::Full | Explain::Debug => kept.events.clone(),
            Explain::Notes => filter(&kept.events, &[EventOp::Note]),
            Explain::Fails => filter(&kept.events, &[EventOp::Fail]),
            Explain::NotesAndFails => filter(&kept.events, &[EventOp::Note, EventOp::Fail]),
        }
    }

    /// Returns how many events there are so far.
    pub fn events_len(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).events.len()
    }

    /// Returns the last statement that failed in the rule at `path` below `data`, and not inside
    /// something that it calls: why a test failed.
    pub fn last_failure(&self, path: &[Value]) -> Option<Event> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |event: &&Event| event.op == EventOp::Fail && event.rule == path;
        kept.events.iter().rev().find(failed).cloned()
    }
}

impl Tracer for Trace {
    fn wants_locals(&self) -> bool {
        self.locals
    }

    fn event(&self, mut event: Event) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, value) in &event.locals {
            kept.bytes = kept.bytes.saturating_add(value.to_json().len());
        }
        if kept.bytes > LOCALS_BYTES_MAX {
            event.locals.clear();
        }
        kept.events.push(event);
        kept.events.len() < self.events_max
    }
}

/// Returns the last of these events that says why: a statement without a solution, in a rule. Of
/// `every` it is the statement inside.
pub fn last_failure<'e>(sources: &Sources, events: &'e [Event]) -> Option<&'e Event> {
    let says_why = |event: &&Event| {
        let is_every = |text: String| {
            text.strip_prefix("every")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace()))
        };
        event.op == EventOp::Fail && event.query != 0 && !is_every(node_text(sources, event))
    };
    events.iter().rev().find(says_why)
}

/// The events of these operations, each after the beginnings of the queries it happened in.
fn filter(events: &[Event], ops: &[EventOp]) -> Vec<Event> {
    let mut entered: BTreeMap<u64, &Event> = BTreeMap::new();
    let mut wanted = Vec::new();
    for event in events {
        if event.op == EventOp::Enter {
            entered.insert(event.query, event);
        }
        if !ops.contains(&event.op) {
            continue;
        }
        let mut path = Vec::new();
        let mut query = event.query;
        // A query is told of once: it is taken out here.
        while let Some(enter) = entered.remove(&query) {
            path.push(enter.clone());
            query = enter.parent;
        }
        wanted.extend(path.into_iter().rev());
        wanted.push(event.clone());
    }
    wanted
}

/// Returns the text of the node that an event tells of, on one line: the path of a rule, the
/// statement as it stands in the source.
pub fn node_text(sources: &Sources, event: &Event) -> String {
    if event.node == MarkNode::Rule || event.op == EventOp::Index {
        return rule_text(&event.rule);
    }
    let file = sources.get(event.location.source);
    let text = file.map_or("", |file| file.slice(event.location.span));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A path below `data` as a reference.
fn rule_text(path: &[Value]) -> String {
    let mut text = String::from("data");
    for key in path {
        match key.as_str().filter(|name| is_name(name)) {
            Some(name) => {
                text.push('.');
                text.push_str(name);
            }
            None => {
                text.push('[');
                text.push_str(&key.to_json());
                text.push(']');
            }
        }
    }
    text
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_ascii_alphabetic())
        && chars.all(|c| c == '_' || c.is_ascii_alphanumeric())
}
