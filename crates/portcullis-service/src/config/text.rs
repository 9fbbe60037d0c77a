//! The text of a configuration: variables put in, JSON or YAML read, and which line says what.
//!
//! Must not know: which keys there are, files, the environment (it is handed in).

use std::collections::{BTreeMap, BTreeSet};

use rego::{Value as RegoValue, View};
use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};

use super::error::{ConfigError, Place};
use super::path::{Path, Step, shorten};
use super::{BYTES_MAX, DEPTH_MAX};

/// Most keys and items of a text whose places are kept; beyond, the nearest one above is shown.
const PLACES_MAX: usize = 100_000;

/// Longest source line that is shown whole, in characters.
const SHOWN_LINE_MAX: usize = 120;

/// A text that has been read.
pub(super) struct Document {
    pub(super) value: Value,
    pub(super) places: Places,
}

/// Reads a text, after each `${NAME}` of it gave way to what the environment says.
///
/// Errors: not JSON or YAML, not an object, nested too deeply, too large.
pub(super) fn read(
    file: &str,
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Document, ConfigError> {
    let too_large = || ConfigError::TooLarge { what: format!("`{file}`"), limit: BYTES_MAX };
    if text.len() > BYTES_MAX {
        return Err(too_large());
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let filled = substitute(text, env).ok_or_else(too_large)?;
    let mut places = Places::new(file, text, filled.rows);
    let syntax = |places: &Places, row: usize, col: usize, message: String| ConfigError::Syntax {
        // What is broken may be the quotes around a secret: the line is not shown.
        place: places.at(row, col).without_line(),
        message,
    };
    let value = match RegoValue::from_json(filled.text.as_bytes()) {
        Ok(value) => value,
        Err(json) => RegoValue::from_yaml(filled.text.as_bytes()).map_err(|yaml| {
            // A text that is meant to be JSON is better told about as such.
            if filled.text.trim_start().starts_with('{') {
                syntax(&places, json.row(), json.col(), json.message().to_owned())
            } else {
                syntax(&places, yaml.row(), yaml.col(), yaml.message().to_owned())
            }
        })?,
    };
    places.collect(&filled.text);
    places.find_secrets();
    let mut bytes_left = BYTES_MAX;
    let value = match to_document(&value, DEPTH_MAX, &mut bytes_left) {
        Ok(Value::Null) => Value::Object(Map::new()),
        Ok(value @ Value::Object(_)) => value,
        Ok(_) => {
            return Err(syntax(&places, 1, 1, "expected an object of options".to_owned()));
        }
        Err(Excess::Bytes) => return Err(too_large()),
        Err(Excess::Depth) => {
            let message = format!("nested deeper than {DEPTH_MAX} levels");
            return Err(syntax(&places, 1, 1, message));
        }
    };
    Ok(Document { value, places })
}

/// Returns a document whose strings have each `${NAME}` replaced, for one that has no text.
///
/// Unlike within a text, a variable cannot change the shape of the document. Errors: the variables
/// make it too large.
pub(super) fn substitute_strings(
    document: &mut Value,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<(), ConfigError> {
    let mut bytes_left = BYTES_MAX;
    // An explicit stack: the depth of the document is not known here.
    let mut waiting = vec![document];
    while let Some(value) = waiting.pop() {
        match value {
            Value::String(text) => {
                let filled = substitute(text, env).filter(|filled| filled.text.len() <= bytes_left);
                let what = "what variables stand for".to_owned();
                let filled = filled.ok_or(ConfigError::TooLarge { what, limit: BYTES_MAX })?;
                bytes_left -= filled.text.len();
                *text = filled.text;
            }
            Value::Array(items) => waiting.extend(items.iter_mut()),
            Value::Object(members) => waiting.extend(members.values_mut()),
            _ => {}
        }
    }
    Ok(())
}

struct Filled {
    text: String,
    /// For each line, from which line of the original it comes, and whether a variable is in it.
    rows: Vec<(usize, bool)>,
}

/// Puts variables in; none where the result would be too large. What is not set stays as it is.
fn substitute(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Option<Filled> {
    let mut filled = Filled { text: String::with_capacity(text.len()), rows: Vec::new() };
    let (mut row, mut has_variable) = (1, false);
    let mut rest = text;
    while !rest.is_empty() {
        let (plain, name) = next_variable(rest);
        for c in plain.chars() {
            filled.text.push(c);
            if c == '\n' {
                filled.rows.push((row, has_variable));
                (row, has_variable) = (row + 1, false);
            }
        }
        rest = rest.get(plain.len()..).unwrap_or_default();
        let Some(name) = name else { continue };
        let written_len = "${}".len() + name.len();
        let written = rest.get(..written_len).unwrap_or_default();
        rest = rest.get(written_len..).unwrap_or_default();
        let value = env(name);
        has_variable |= value.is_some();
        let value = value.as_deref().unwrap_or(written);
        if filled.text.len().saturating_add(value.len()) > BYTES_MAX {
            return None;
        }
        filled.text.push_str(value);
        filled.rows.extend(value.matches('\n').map(|_| (row, true)));
    }
    filled.rows.push((row, has_variable));
    (filled.text.len() <= BYTES_MAX).then_some(filled)
}

/// Returns what stands before the next `${NAME}`, and its name. A name keeps to its line.
fn next_variable(text: &str) -> (&str, Option<&str>) {
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find("${")) {
        let start = from + start;
        let inner = text.get(start + 2..).unwrap_or_default();
        match inner.find(['}', '\n']) {
            Some(end) if inner.get(end..).is_some_and(|rest| rest.starts_with('}')) && end > 0 => {
                return (text.get(..start).unwrap_or_default(), inner.get(..end));
            }
            _ => from = start + 2,
        }
    }
    (text, None)
}

enum Excess {
    Bytes,
    Depth,
}

/// Turns a value into a document, of bounded size even where aliases share what is large.
fn to_document(
    value: &RegoValue,
    depth_left: usize,
    bytes_left: &mut usize,
) -> Result<Value, Excess> {
    let mut take = |bytes: usize| {
        *bytes_left = bytes_left.checked_sub(bytes.max(1)).ok_or(Excess::Bytes)?;
        Ok(())
    };
    let below = || depth_left.checked_sub(1).ok_or(Excess::Depth);
    Ok(match value.view() {
        View::String(text) => {
            take(text.len())?;
            Value::from(text)
        }
        View::Array(items) => {
            take(1)?;
            let below = below()?;
            let items = items.iter().map(|item| to_document(item, below, bytes_left));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        View::Object(object) => {
            take(1)?;
            let below = below()?;
            let mut members = Map::new();
            for (key, value) in object.iter() {
                let key = key.as_str().unwrap_or_default();
                *bytes_left = bytes_left.checked_sub(key.len()).ok_or(Excess::Bytes)?;
                members.insert(key.to_owned(), to_document(value, below, bytes_left)?);
            }
            Value::Object(members)
        }
        _ => {
            let text = value.to_json();
            take(text.len())?;
            serde_json::from_str(&text).unwrap_or(Value::Null)
        }
    })
}

/// Which line of a text says what.
#[derive(Default)]
pub(super) struct Places {
    file: String,
    lines: Vec<String>,
    rows: Vec<(usize, bool)>,
    nodes: Vec<Node>,
    /// Lines, of the text as it was written, that hold credentials or keys.
    secret_rows: BTreeSet<usize>,
}

#[derive(Default)]
struct Node {
    children: BTreeMap<Step, usize>,
    row: usize,
    col: usize,
}

/// Where a walk in search of secrets is.
#[derive(Clone, Copy, PartialEq)]
enum Below {
    Top,
    Services,
    Service,
    Secret,
    Other,
}

impl Below {
    fn step(self, step: &Step) -> Self {
        let key = if let Step::Key(key) = step { key.as_str() } else { "" };
        match (self, key) {
            (Self::Top, "services") => Self::Services,
            (Self::Services, _) => Self::Service,
            (Self::Top, "keys") | (Self::Service, "credentials" | "headers") => Self::Secret,
            (Self::Secret, _) => Self::Secret,
            _ => Self::Other,
        }
    }
}

/// A sequence or mapping whose end has not come yet.
struct Open {
    node: Option<usize>,
    items: usize,
    is_mapping: bool,
    /// In a mapping: the node of the key whose value comes next.
    key: Option<Option<usize>>,
}

impl Places {
    fn new(file: &str, text: &str, rows: Vec<(usize, bool)>) -> Self {
        let lines = text.lines().map(|line| shorten(line, SHOWN_LINE_MAX)).collect();
        Self { file: file.to_owned(), lines, rows, ..Self::default() }
    }

    /// Returns a place by its line and column, each from 1, after variables were put in.
    fn at(&self, row: usize, col: usize) -> Place {
        let row_at = row.saturating_sub(1);
        let (row, has_variable) = self.rows.get(row_at).copied().unwrap_or((row, false));
        // Columns behind a variable are not those of the text as it was written.
        let col = if has_variable { 1 } else { col };
        let is_shown = |_: &&String| !self.secret_rows.contains(&row);
        let line = self.lines.get(row.saturating_sub(1)).filter(is_shown).cloned();
        Place { file: self.file.clone(), position: Some((row, col)), line }
    }

    /// Returns the place of the longest part of a path that has one, and how many steps it has.
    pub(super) fn find(&self, path: &Path) -> Option<(Place, usize)> {
        let mut at = self.nodes.first()?;
        let mut steps = 0;
        for step in &path.0 {
            let Some(child) = at.children.get(step).and_then(|child| self.nodes.get(*child)) else {
                break;
            };
            (at, steps) = (child, steps + 1);
        }
        Some((self.at(at.row, at.col), steps))
    }

    /// Returns how early a path was said; later ones have greater numbers.
    pub(super) fn order(&self, path: &Path) -> Option<(usize, usize)> {
        let mut at = self.nodes.first()?;
        for step in &path.0 {
            at = self.nodes.get(*at.children.get(step)?)?;
        }
        Some((at.row, at.col))
    }

    /// Notes where each key and item stands. A text that the parser gives up on leaves what was
    /// found until then: places are for messages alone.
    fn collect(&mut self, text: &str) {
        self.nodes.push(Node { row: 1, col: 1, ..Node::default() });
        let mut parser = Parser::new_from_str(text);
        let mut open: Vec<Open> = Vec::new();
        while let Some(Ok((event, span))) = parser.next_event() {
            let (row, col) = (span.start.line(), span.start.col() + 1);
            match event {
                Event::DocumentEnd | Event::StreamEnd => return,
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                }
                Event::Scalar(text, ..) => {
                    self.enter(&mut open, Some(&text), (row, col));
                }
                Event::Alias(_) => {
                    self.enter(&mut open, None, (row, col));
                }
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    let node = self.enter(&mut open, None, (row, col));
                    if open.len() > DEPTH_MAX {
                        return;
                    }
                    let is_mapping = matches!(event, Event::MappingStart(..));
                    open.push(Open { node, items: 0, is_mapping, key: None });
                }
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => {}
            }
        }
    }

    /// Notes the lines on which something secret stands, so that they are never shown.
    fn find_secrets(&mut self) {
        let mut waiting = vec![(0, Below::Top)];
        while let Some((at, below)) = waiting.pop() {
            let Some(node) = self.nodes.get(at) else { continue };
            if below == Below::Secret {
                let row = self.rows.get(node.row.saturating_sub(1)).map_or(node.row, |row| row.0);
                self.secret_rows.insert(row);
            }
            let children = node.children.iter();
            waiting.extend(children.map(|(step, child)| (*child, below.step(step))));
        }
    }

    /// Takes a key, an item or a value, and returns its node.
    fn enter(
        &mut self,
        open: &mut [Open],
        text: Option<&str>,
        place: (usize, usize),
    ) -> Option<usize> {
        let Some(parent) = open.last_mut() else { return Some(0) };
        if !parent.is_mapping {
            parent.items += 1;
            let step = Step::Index(parent.items - 1);
            return parent.node.and_then(|node| self.add(node, step, place));
        }
        match parent.key.take() {
            Some(node) => node,
            None => {
                let step = text.map(|text| Step::Key(text.to_owned()));
                let node = parent.node.zip(step);
                parent.key = Some(node.and_then(|(node, step)| self.add(node, step, place)));
                None
            }
        }
    }

    fn add(&mut self, parent: usize, step: Step, (row, col): (usize, usize)) -> Option<usize> {
        let child = self.nodes.len();
        if child >= PLACES_MAX {
            return None;
        }
        // Of equal keys the last one counts, for values as for places.
        self.nodes.get_mut(parent)?.children.insert(step, child);
        self.nodes.push(Node { row, col, ..Node::default() });
        Some(child)
    }
}
