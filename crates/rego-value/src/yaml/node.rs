//! A document as a tree that knows its lines, with the data model of `yaml.v3`: `yes` is a string,
//! a date is a time. OPA reads METADATA blocks by it.
//!
//! Must not know: what the fields of a document mean.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::read::tag_name;
use super::resolve::Scalar;
use super::timestamp;
use super::wording::{Library, worded};
use super::{YAML_ALIASED_VALUES_MAX, YAML_DEPTH_MAX, YamlError};
use crate::value::Value;

/// A part of a YAML document.
#[derive(Clone, Debug, PartialEq)]
pub struct YamlNode {
    /// Its line, from 1.
    pub line: usize,
    /// What it is.
    pub content: YamlContent,
}

/// What a part of a YAML document is.
#[derive(Clone, Debug, PartialEq)]
pub enum YamlContent {
    /// A scalar.
    Scalar {
        /// The characters it was written with, without quotes.
        text: Arc<str>,
        /// The short name of its tag: `str`, `int`, `bool`, `null`, `float`, `timestamp`, `!own`.
        tag: Arc<str>,
        /// What it stands for; a time as text by RFC 3339.
        value: Value,
    },
    /// A sequence.
    Sequence(Vec<YamlNode>),
    /// A mapping, in the order of the text; merge keys are resolved.
    Mapping(Vec<(YamlNode, YamlNode)>),
}

impl YamlNode {
    /// Reads the first document of a YAML stream; an empty one is nothing.
    ///
    /// Errors: text that is not YAML; nesting beyond [`YAML_DEPTH_MAX`]; aliases that stand for
    /// more than [`YAML_ALIASED_VALUES_MAX`] nodes.
    ///
    /// Source: behaviour of `yaml.v3`.
    pub fn parse(text: &str) -> Result<Option<YamlNode>, YamlError> {
        let mut parser = Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        let mut composer = Composer::default();
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| {
                let open = composer.open.last().map(|open| open.line);
                let (message, line) = worded(&error, text, open, Library::V3);
                YamlError::new(message, error.marker()).with_line(line)
            })?;
            let is_end = matches!(event, Event::DocumentEnd | Event::StreamEnd);
            let line = span.start.line();
            composer.event(event, line).map_err(|message| YamlError::new(message, &span.start))?;
            if is_end {
                break;
            }
        }
        Ok(composer.root)
    }
}

/// A sequence or mapping whose end has not come yet; a mapping is a list of keys and values.
struct Open {
    anchor: usize,
    line: usize,
    mapping: bool,
    nodes: Vec<YamlNode>,
    size: usize,
}

#[derive(Default)]
struct Composer {
    open: Vec<Open>,
    anchors: HashMap<usize, (YamlNode, usize)>,
    /// Nodes that aliases stood for so far.
    aliased: usize,
    root: Option<YamlNode>,
}

impl Composer {
    fn event(&mut self, event: Event<'_>, line: usize) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let content = scalar(&text, plain, tag.as_deref())?;
                self.finish(YamlNode { line, content }, 1, anchor);
            }
            Event::SequenceStart(anchor, _) => self.start(anchor, line, false)?,
            Event::MappingStart(anchor, _) => self.start(anchor, line, true)?,
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor) else {
                    return Err("anchor contains itself".to_owned());
                };
                self.aliased = self.aliased.saturating_add(*size);
                if self.aliased > YAML_ALIASED_VALUES_MAX {
                    return Err("document contains excessive aliasing".to_owned());
                }
                let (node, size) = (node.clone(), *size);
                self.finish(node, size, 0);
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn start(&mut self, anchor: usize, line: usize, mapping: bool) -> Result<(), String> {
        if self.open.len() >= YAML_DEPTH_MAX {
            return Err(format!("nested deeper than {YAML_DEPTH_MAX} levels"));
        }
        self.open.push(Open { anchor, line, mapping, nodes: Vec::new(), size: 1 });
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let content = match open.mapping {
            true => YamlContent::Mapping(pairs(open.nodes)?),
            false => YamlContent::Sequence(open.nodes),
        };
        self.finish(YamlNode { line: open.line, content }, open.size, open.anchor);
        Ok(())
    }

    fn finish(&mut self, node: YamlNode, size: usize, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            Some(open) => {
                open.size = open.size.saturating_add(size);
                open.nodes.push(node);
            }
            None => self.root = Some(node),
        }
    }
}

/// Pairs keys with values; what a merge key brings gives way to what the mapping says itself.
fn pairs(nodes: Vec<YamlNode>) -> Result<Vec<(YamlNode, YamlNode)>, String> {
    let (mut own, mut merged) = (Vec::new(), Vec::new());
    let mut nodes = nodes.into_iter();
    while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
        match key.tag() == Some("merge") {
            true => merge(value, &mut merged)?,
            false => own.push((key, value)),
        }
    }
    for (key, value) in merged {
        if !own.iter().any(|(own, _): &(YamlNode, YamlNode)| own.content == key.content) {
            own.push((key, value));
        }
    }
    Ok(own)
}

fn merge(source: YamlNode, into: &mut Vec<(YamlNode, YamlNode)>) -> Result<(), String> {
    match source.content {
        YamlContent::Mapping(entries) => into.extend(entries),
        YamlContent::Sequence(items) => {
            for item in items {
                let YamlContent::Mapping(entries) = item.content else { return Err(no_merge()) };
                into.extend(entries);
            }
        }
        YamlContent::Scalar { .. } => return Err(no_merge()),
    }
    Ok(())
}

fn no_merge() -> String {
    "map merge requires map or sequence of maps as the value".to_owned()
}

impl YamlNode {
    /// Returns the short name of a scalar's tag.
    pub fn tag(&self) -> Option<&str> {
        match &self.content {
            YamlContent::Scalar { tag, .. } => Some(tag),
            _ => None,
        }
    }
}

fn scalar(text: &str, plain: bool, tag: Option<&Tag>) -> Result<YamlContent, String> {
    let own = tag.map(tag_name);
    let (tag, value) = match own.as_deref() {
        None if plain => resolve(text)?,
        None | Some("str" | "!") => ("str", Value::from(text)),
        Some(named @ ("bool" | "int" | "float" | "null" | "timestamp")) => {
            let (found, value) = resolve(text)?;
            if found != named && !(found == "int" && named == "float") {
                return Err(format!("cannot decode !!{found} `{text}` as a !!{named}"));
            }
            (named, value)
        }
        Some(other) => (other, Value::from(text)),
    };
    Ok(YamlContent::Scalar { text: text.into(), tag: tag.into(), value })
}

/// Reads a plain scalar by the core schema of YAML 1.2, with the numbers of YAML 1.1.
fn resolve(text: &str) -> Result<(&'static str, Value), String> {
    let string = || Ok(("str", Value::from(text)));
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(("null", Value::NULL)),
        "true" | "True" | "TRUE" => return Ok(("bool", Value::TRUE)),
        "false" | "False" | "FALSE" => return Ok(("bool", Value::FALSE)),
        "<<" => return Ok(("merge", Value::from(text))),
        _ => {}
    }
    if !text.starts_with(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '-', '.']) {
        return string();
    }
    if let Some(time) = timestamp::rfc3339(text) {
        return Ok(("timestamp", Value::from(time)));
    }
    match Scalar::resolve(text) {
        Scalar::Text | Scalar::Null | Scalar::Bool(_) => string(),
        scalar => Ok((scalar.tag(), scalar.into_value(text)?)),
    }
}
