//! The values of a statement's variables, beside it or under it.

use std::collections::BTreeMap;

use rego_source::{Location, Sources};
use rego_value::Value;

use super::Event;

/// Longest value that is shown, in characters.
const VALUE_MAX: usize = 100;

/// The variables of an event that stand in the text of its statement, as `{x: 1, y: "a"}`.
pub(super) fn inline(sources: &Sources, event: &Event) -> String {
    let named: BTreeMap<&str, &Value> =
        inside(sources, event).into_iter().map(|(_, name, value)| (name, value)).collect();
    let entries: Vec<String> =
        named.iter().map(|(name, value)| format!("{name}: {}", shown(value))).collect();
    format!("{{{}}}", entries.join(", "))
}

/// Returns the statement of an event as it stands in the source, each line followed by the values
/// of the variables in it, hanging from their places.
///
/// ```text
/// x == y + 1
/// |    |
/// |    2
/// 1
/// ```
pub fn under_statement(sources: &Sources, event: &Event) -> Vec<String> {
    let Some(file) = sources.get(event.location.source) else { return Vec::new() };
    let span = event.location.span;
    let first = file.position(span.start);
    let last = file.position(span.end.max(span.start + 1) - 1);
    let found = inside(sources, event);
    let mut lines = Vec::new();
    for row in first.row..=last.row {
        let text = file.line(row);
        let indent = text.len() - text.trim_start().len();
        lines.push(text.trim().to_string());
        let mut here: Vec<(usize, String)> = found
            .iter()
            .filter_map(|(place, _, value)| {
                let position = file.position(place.span.start);
                let col = (position.col as usize).checked_sub(indent + 1)?;
                (position.row == row).then(|| (col, shown(value)))
            })
            .collect();
        here.sort();
        here.dedup_by_key(|(col, _)| *col);
        hang(&here, &mut lines);
    }
    lines
}

/// Values hang from bars, the last first.
fn hang(values: &[(usize, String)], lines: &mut Vec<String>) {
    if values.is_empty() {
        return;
    }
    lines.push(bars(values));
    for at in (0..values.len()).rev() {
        let Some((before, [(col, value), ..])) = values.split_at_checked(at) else { continue };
        lines.push(format!("{:col$}{value}", bars(before)));
    }
}

fn bars(values: &[(usize, String)]) -> String {
    let mut line = String::new();
    for (col, _) in values {
        let width = *col;
        line = format!("{line:width$}|");
    }
    line
}

/// Each occurrence of a variable with a value in the text of the event's statement.
fn inside<'e>(sources: &'e Sources, event: &'e Event) -> Vec<(Location, &'e str, &'e Value)> {
    let Some(file) = sources.get(event.location.source) else { return Vec::new() };
    let mut values = BTreeMap::new();
    for (place, value) in &event.locals {
        if place.source == event.location.source {
            values.insert(name_at(file.text(), place.span.start as usize), value);
        }
    }
    let span = event.location.span;
    let text = file.slice(span);
    let mut found = Vec::new();
    for (at, name) in words(text) {
        if let Some((name, value)) = values.get_key_value(name) {
            let start = span.start + at as u32;
            let span = rego_source::Span::new(start, start + name.len() as u32);
            let place = Location { source: event.location.source, span };
            found.push((place, *name, *value));
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// The name that begins at a byte.
pub(super) fn name_at(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or_default();
    rest.get(..rest.find(|c| !is_word(c)).unwrap_or(rest.len())).unwrap_or_default()
}

/// The words of a text outside of strings and comments that are not steps of a reference, with
/// their places.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut before = ' ';
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        let len = match c {
            '"' => string_len(rest),
            '`' => rest.get(1..).and_then(|rest| rest.find('`')).map_or(rest.len(), |end| end + 2),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            c if is_word(c) => {
                let name = name_at(text, at);
                if before != '.' {
                    found.push((at, name));
                }
                name.len()
            }
            c => c.len_utf8(),
        };
        before = c;
        at += len.max(1);
    }
    found
}

fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn shown(value: &Value) -> String {
    let text = value.to_rego();
    if text.chars().count() <= VALUE_MAX {
        return text;
    }
    text.chars().take(VALUE_MAX).chain("...".chars()).collect()
}
