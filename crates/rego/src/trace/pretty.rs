//! A trace as lines for people: place, depth, operation, node.

use std::collections::BTreeMap;

use rego_program::MarkNode;
use rego_source::Sources;

use super::{Event, EventOp, node_text};

/// Columns that a trace may have besides place and event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The values of the variables of each statement.
    pub values: bool,
}

/// Longest place that is shown whole, in characters.
const PLACE_MAX: usize = 64;

/// Between the longest place and the event, in characters; one more stands after it.
const PADDING: usize = 4;

impl super::Trace {
    /// Returns events as lines, without line breaks at their ends. `query` is shown in place of
    /// the text of the query itself, where given.
    pub fn lines(
        sources: &Sources,
        events: &[Event],
        query: Option<&str>,
        columns: Columns,
    ) -> Vec<String> {
        let places: Vec<String> = events.iter().map(|event| place(sources, event)).collect();
        let width = places.iter().map(|place| place.chars().count()).max().unwrap_or(0) + PADDING;
        let mut depths = BTreeMap::new();
        let told: Vec<String> =
            events.iter().map(|e| told(sources, e, query, &mut depths)).collect();
        let longest = told.iter().map(|text| text.chars().count()).max().unwrap_or(0);
        let line = |((place, told), event): ((&String, &String), &Event)| {
            if columns.values {
                let values = super::values::inline(sources, event);
                format!("{place:width$} {told:longest$} {values}")
            } else {
                format!("{place:width$} {told}")
            }
        };
        places.iter().zip(&told).zip(events).map(line).collect()
    }
}

fn told(
    sources: &Sources,
    event: &Event,
    query: Option<&str>,
    depths: &mut BTreeMap<u64, usize>,
) -> String {
    let above = depths.get(&event.parent).copied().unwrap_or(0);
    let depth = *depths.entry(event.query).or_insert(above + 1);
    let outside = match event.op {
        EventOp::Enter => true,
        EventOp::Redo => event.node != MarkNode::Expr,
        _ => false,
    };
    let bars = "| ".repeat(if outside { depth - 1 } else { depth });
    let op = name(event.op);
    if event.op == EventOp::Note {
        return format!("{bars}{op} {}", rego_value::Value::from(event.message.as_str()).to_json());
    }
    let is_query = event.rule.is_empty() && event.query == 0 && event.op != EventOp::Index;
    let node = match query.filter(|_| is_query) {
        Some(query) => query.to_string(),
        None => node_text(sources, event),
    };
    let space = if event.message.is_empty() { "" } else { " " };
    format!("{bars}{op} {node}{space}{}", event.message)
}

/// OPA's name of an operation.
fn name(op: EventOp) -> &'static str {
    match op {
        EventOp::Enter => "Enter",
        EventOp::Eval => "Eval",
        EventOp::Redo => "Redo",
        EventOp::Exit => "Exit",
        EventOp::Fail => "Fail",
        EventOp::Note => "Note",
        EventOp::Index => "Index",
    }
}

/// `file:row`; of a long path the end.
fn place(sources: &Sources, event: &Event) -> String {
    let Some((file, position)) = sources.resolve(event.location) else {
        return String::new();
    };
    let file = if file.is_empty() { "query" } else { file };
    let place = format!("{file}:{}", position.row);
    let count = place.chars().count();
    if count <= PLACE_MAX {
        return place;
    }
    let kept: String = place.chars().skip(count - PLACE_MAX + 3).collect();
    let from = kept.find('/').unwrap_or(0);
    format!("...{}", kept.get(from..).unwrap_or(&kept))
}
