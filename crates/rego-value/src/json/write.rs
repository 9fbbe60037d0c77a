//! The writer: Go's layout and escapes.
//!
//! Source: Go 1.24 `encoding/json`; OPA `v1/ast/term.go` for sets and keys that are not strings.

use std::borrow::Cow;

use super::scan::is_plain;
use crate::value::{ObjectRef, Value, View};

/// Which characters of a string are escaped beyond those that must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JsonEscape {
    /// `<`, `>` and `&` are written `\u003c`, `\u003e` and `\u0026`, as everything in OPA does.
    #[default]
    Html,
    /// They are written as they are.
    Plain,
}

/// How JSON is laid out. The default is compact with [`JsonEscape::Html`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JsonStyle<'a> {
    /// The characters to escape.
    pub escape: JsonEscape,
    /// Stands at the start of each line but the first, once a level; `None` writes a single line.
    pub indent: Option<&'a str>,
    /// Stands at the start of each line but the first, before the indentation.
    pub prefix: &'a str,
}

impl Value {
    /// Returns the value as one line of JSON: sets as arrays, keys that are not strings as their own
    /// JSON text, keys sorted.
    pub fn to_json(&self) -> String {
        self.to_json_with(JsonStyle::default())
    }

    /// Returns the value as JSON over several lines. An empty array or object stays on one.
    pub fn to_json_pretty(&self, indent: &str) -> String {
        self.to_json_with(JsonStyle { indent: Some(indent), ..JsonStyle::default() })
    }

    /// Returns the value as JSON laid out by `style`.
    pub fn to_json_with(&self, style: JsonStyle<'_>) -> String {
        let mut out = String::new();
        self.write_json_with(style, &mut out);
        out
    }

    /// Appends what [`Value::to_json`] returns.
    pub fn write_json(&self, out: &mut String) {
        self.write_json_with(JsonStyle::default(), out);
    }

    /// Appends what [`Value::to_json_with`] returns.
    pub fn write_json_with(&self, style: JsonStyle<'_>, out: &mut String) {
        Writer { style, out, depth: 0 }.value(self);
    }

    /// Returns the text this value has as a key of a JSON object: a string itself, anything else its
    /// JSON text.
    pub fn to_json_key(&self) -> Cow<'_, str> {
        match self.view() {
            View::String(text) => Cow::Borrowed(text),
            _ => Cow::Owned(self.to_json()),
        }
    }
}

/// Appends `text` as a JSON string.
pub(crate) fn push_string(text: &str, escape: JsonEscape, out: &mut String) {
    out.push('"');
    if is_plain(text.as_bytes()) {
        out.push_str(text);
    } else {
        push_escaped(text, escape, out);
    }
    out.push('"');
}

fn push_escaped(text: &str, escape: JsonEscape, out: &mut String) {
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let Some(escaped) = escaped(byte, escape) else {
            continue;
        };
        // U+2028 and U+2029 start with E2 80; nothing else there is escaped.
        let (escaped, len) = match escaped {
            Escaped::Byte(escaped) => (escaped, 1),
            Escaped::MaybeSeparator => match text.as_bytes().get(at + 1..at + 3) {
                Some([0x80, 0xa8]) => ("\\u2028", 3),
                Some([0x80, 0xa9]) => ("\\u2029", 3),
                _ => continue,
            },
        };
        out.push_str(text.get(written..at).unwrap_or_default());
        out.push_str(escaped);
        written = at + len;
    }
    out.push_str(text.get(written..).unwrap_or_default());
}

enum Escaped {
    Byte(&'static str),
    MaybeSeparator,
}

#[inline]
fn escaped(byte: u8, escape: JsonEscape) -> Option<Escaped> {
    match byte {
        b'"' => Some(Escaped::Byte("\\\"")),
        b'\\' => Some(Escaped::Byte("\\\\")),
        0..0x20 => CONTROLS.get(usize::from(byte)).map(|text| Escaped::Byte(text)),
        b'<' if escape == JsonEscape::Html => Some(Escaped::Byte("\\u003c")),
        b'>' if escape == JsonEscape::Html => Some(Escaped::Byte("\\u003e")),
        b'&' if escape == JsonEscape::Html => Some(Escaped::Byte("\\u0026")),
        0xe2 => Some(Escaped::MaybeSeparator),
        _ => None,
    }
}

#[rustfmt::skip]
const CONTROLS: [&str; 32] = [
    "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007",
    "\\b",     "\\t",     "\\n",     "\\u000b", "\\f",     "\\r",     "\\u000e", "\\u000f",
    "\\u0010", "\\u0011", "\\u0012", "\\u0013", "\\u0014", "\\u0015", "\\u0016", "\\u0017",
    "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f",
];

struct Writer<'a> {
    style: JsonStyle<'a>,
    out: &'a mut String,
    depth: usize,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value) {
        match value.view() {
            View::Null => self.out.push_str("null"),
            View::Bool(true) => self.out.push_str("true"),
            View::Bool(false) => self.out.push_str("false"),
            View::Int(i) => self.out.push_str(itoa::Buffer::new().format(i)),
            View::Number(number) => self.out.push_str(number.text()),
            View::String(text) => push_string(text, self.style.escape, self.out),
            View::Array(items) => self.array(items),
            View::Set(keys) => self.array(keys.as_slice()),
            View::Object(object) => self.object(object),
        }
    }

    fn array(&mut self, items: &[Value]) {
        if items.is_empty() {
            return self.out.push_str("[]");
        }
        self.open('[');
        for (at, item) in items.iter().enumerate() {
            self.separate(at);
            self.value(item);
        }
        self.close(']');
    }

    fn object(&mut self, object: ObjectRef<'_>) {
        if object.is_empty() {
            return self.out.push_str("{}");
        }
        self.open('{');
        let plain = object.keys().iter().all(|key| key.as_str().is_some());
        if plain {
            for (at, (key, value)) in object.iter().enumerate() {
                self.entry(at, key.as_str().unwrap_or_default(), value);
            }
        } else {
            for (at, (key, value)) in entries_by_text(object).iter().enumerate() {
                self.entry(at, key, value);
            }
        }
        self.close('}');
    }

    fn entry(&mut self, at: usize, key: &str, value: &Value) {
        self.separate(at);
        push_string(key, self.style.escape, self.out);
        self.out.push(':');
        if self.style.indent.is_some() {
            self.out.push(' ');
        }
        self.value(value);
    }

    fn open(&mut self, bracket: char) {
        self.out.push(bracket);
        self.depth += 1;
    }

    fn close(&mut self, bracket: char) {
        self.depth -= 1;
        self.new_line();
        self.out.push(bracket);
    }

    #[inline]
    fn separate(&mut self, at: usize) {
        if at > 0 {
            self.out.push(',');
        }
        self.new_line();
    }

    #[inline]
    fn new_line(&mut self) {
        if let Some(indent) = self.style.indent {
            self.indent(indent);
        }
    }

    #[inline(never)]
    fn indent(&mut self, indent: &str) {
        self.out.push('\n');
        self.out.push_str(self.style.prefix);
        self.out.extend(std::iter::repeat_n(indent, self.depth));
    }
}

/// Returns the entries under the text of their keys, sorted by it; of equal texts the last counts.
fn entries_by_text<'a>(object: ObjectRef<'a>) -> Vec<(Cow<'a, str>, &'a Value)> {
    let mut entries: Vec<_> =
        object.iter().map(|(key, value)| (key.to_json_key(), value)).collect();
    entries.reverse();
    entries.sort_by(|a, b| a.0.cmp(&b.0)); // stable: the last of equal ones now comes first
    entries.dedup_by(|later, first| later.0 == first.0);
    entries
}
