//! The reader: events of the parser into values, on an explicit stack.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::resolve::Scalar;
use super::wording::{Library, worded};
use super::{YAML_ALIASED_VALUES_MAX, YAML_DEPTH_MAX, YamlError};
use crate::value::{Value, View};

impl Value {
    /// Reads the first document of a YAML stream; an empty one is null.
    ///
    /// Errors: text that is not YAML in UTF-8; keys that are null, arrays or objects; numbers that
    /// are not finite; nesting beyond [`YAML_DEPTH_MAX`]; aliases that stand for more than
    /// [`YAML_ALIASED_VALUES_MAX`] values.
    ///
    /// Source: `sigs.k8s.io/yaml`, `YAMLToJSON`.
    pub fn from_yaml(bytes: &[u8]) -> Result<Value, YamlError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let row = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            YamlError { message: "invalid UTF-8".to_owned(), row, col: 1, line: Some(row) }
        })?;
        let mut parser = Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        let mut document = Document::default();
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| {
                let open = document.open.last().map(|open| open.line);
                let (message, line) = worded(&error, text, open, Library::V2);
                YamlError::new(message, error.marker()).with_line(line)
            })?;
            let is_end = matches!(event, Event::DocumentEnd | Event::StreamEnd);
            let start = span.start;
            document
                .event(event, start.line())
                .map_err(|message| YamlError::new(message, &start).with_line(None))?;
            if is_end {
                break;
            }
        }
        Ok(document.root.map_or(Value::NULL, |node| node.value))
    }
}

type Result<T, E = String> = std::result::Result<T, E>;

/// A finished value, and how many values it is made of.
#[derive(Clone)]
struct Node {
    value: Value,
    size: usize,
}

/// A sequence or mapping whose end has not come yet.
struct Open {
    anchor: usize,
    /// Where it began.
    line: usize,
    size: usize,
    kind: OpenKind,
}

enum OpenKind {
    Sequence(Vec<Value>),
    Mapping { entries: Vec<(Value, Value)>, key: Option<Key> },
}

/// The key whose value comes next.
enum Key {
    Text(Value),
    /// `<<`: the entries of the value are to be taken over.
    Merge,
}

#[derive(Default)]
struct Document {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    /// Values that aliases stood for so far.
    aliased: usize,
    root: Option<Node>,
}

impl Document {
    fn event(&mut self, event: Event<'_>, line: usize) -> Result<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref())
            }
            Event::SequenceStart(anchor, _) => {
                self.push_open(anchor, line, OpenKind::Sequence(Vec::new()))
            }
            Event::MappingStart(anchor, _) => {
                self.push_open(anchor, line, OpenKind::Mapping { entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn push_open(&mut self, anchor: usize, line: usize, kind: OpenKind) -> Result<()> {
        if self.open.len() >= YAML_DEPTH_MAX {
            return Err(format!("nested deeper than {YAML_DEPTH_MAX} levels"));
        }
        if self.wants_key() {
            return Err("invalid map key: a key must be a scalar".to_owned());
        }
        self.open.push(Open { anchor, line, size: 1, kind });
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let Some(Open { anchor, size, kind, .. }) = self.open.pop() else { return Ok(()) };
        let value = match kind {
            OpenKind::Sequence(items) => Value::array(items),
            OpenKind::Mapping { entries, .. } => Value::object(entries),
        };
        self.finish(Node { value, size }, anchor)
    }

    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { kind: OpenKind::Mapping { key: None, .. }, .. }))
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<()> {
        let tag = tag.map(tag_name);
        let plain = style == ScalarStyle::Plain;
        let is_merge =
            text == "<<" && ((plain && tag.is_none()) || tag.as_deref() == Some("merge"));
        let scalar = resolve_tagged(text, plain, tag.as_deref())?;
        if !self.wants_key() {
            let value = match tag.as_deref() {
                Some("binary") => decode_binary(text)?,
                _ => scalar.into_value(text)?,
            };
            return self.finish(Node { value, size: 1 }, anchor);
        }
        let key = if is_merge { Key::Merge } else { Key::Text(scalar.into_key(text)?) };
        if let (Key::Text(value), true) = (&key, anchor != 0) {
            self.anchors.insert(anchor, Node { value: value.clone(), size: 1 });
        }
        self.set_key(key);
        Ok(())
    }

    fn set_key(&mut self, next: Key) {
        if let Some(Open { kind: OpenKind::Mapping { key, .. }, .. }) = self.open.last_mut() {
            *key = Some(next);
        }
    }

    fn alias(&mut self, anchor: usize) -> Result<()> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err("anchor contains itself".to_owned());
        };
        self.aliased = self.aliased.saturating_add(node.size);
        if self.aliased > YAML_ALIASED_VALUES_MAX {
            return Err("document contains excessive aliasing".to_owned());
        }
        if !self.wants_key() {
            return self.finish(node, 0);
        }
        let key = match node.value.view() {
            View::String(_) => node.value,
            View::Bool(_) | View::Int(_) | View::Number(_) => Value::from(node.value.to_json()),
            _ => return Err("invalid map key: a key must be a scalar".to_owned()),
        };
        self.set_key(Key::Text(key));
        Ok(())
    }

    /// Puts a value where it belongs.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<()> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.size = open.size.saturating_add(node.size);
        match &mut open.kind {
            OpenKind::Sequence(items) => items.push(node.value),
            OpenKind::Mapping { entries, key } => match key.take() {
                Some(Key::Text(key)) => entries.push((key, node.value)),
                Some(Key::Merge) => merge(&node.value, entries)?,
                None => {}
            },
        }
        Ok(())
    }
}

/// Takes over the entries of a mapping, or of each of a sequence: of those the first counts.
fn merge(source: &Value, entries: &mut Vec<(Value, Value)>) -> Result<()> {
    let one = |source: &Value, entries: &mut Vec<(Value, Value)>| match source.as_object() {
        Some(object) => {
            entries.extend(object.iter().map(|(key, value)| (key.clone(), value.clone())));
            Ok(())
        }
        None => Err("map merge requires map or sequence of maps as the value".to_owned()),
    };
    match source.as_array() {
        Some(items) => items.iter().rev().try_for_each(|item| one(item, entries)),
        None => one(source, entries),
    }
}

/// Returns the tag in short: `str` for those of YAML itself, `!x` for others, `!` for "not plain".
pub(super) fn tag_name(tag: &Tag) -> Cow<'_, str> {
    if tag.is_yaml_core_schema() || tag.handle == "!!" {
        Cow::Borrowed(&tag.suffix)
    } else {
        Cow::Owned(format!("!{}", tag.suffix))
    }
}

/// Reads a scalar as its tag or, without one, its style says.
fn resolve_tagged(text: &str, plain: bool, tag: Option<&str>) -> Result<Scalar> {
    let Some(tag) = tag else {
        return Ok(if plain { Scalar::resolve(text) } else { Scalar::Text });
    };
    if !matches!(tag, "bool" | "int" | "float" | "null") {
        return Ok(Scalar::Text);
    }
    match Scalar::resolve(text) {
        Scalar::Int(number) if tag == "float" => Ok(Scalar::Float(number.to_f64())),
        scalar if scalar.tag() == tag => Ok(scalar),
        scalar => Err(format!("cannot decode !!{} `{text}` as a !!{tag}", scalar.tag())),
    }
}

/// Reads base64; what is not text afterwards cannot be a value.
fn decode_binary(text: &str) -> Result<Value> {
    let invalid = || "!!binary value contains invalid base64 data".to_owned();
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    let digits = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let digits: Vec<u8> = digits.collect();
    let body = digits.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    if !digits.len().is_multiple_of(4) || digits.len() - body > 2 {
        return Err(invalid());
    }
    for byte in digits.iter().take(body) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err(invalid()),
        };
        bits = (bits << 6) | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Value::from(text.as_ref()))
}
