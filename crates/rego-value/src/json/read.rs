//! The reader: one loop, no recursion, an explicit stack.

use std::borrow::Cow;

use triomphe::ThinArc;

use super::scan::{hex4, paired, plain_len, short_escape};
use super::shapes::Shapes;
use super::{JSON_DEPTH_MAX, JsonError};
use crate::number::Number;
use crate::value::{Repr, Value};

impl Value {
    /// Reads one JSON value.
    ///
    /// Errors: anything that is not exactly one value in UTF-8, and nesting beyond
    /// [`JSON_DEPTH_MAX`]. Of equal keys the last one counts; half a surrogate pair reads as U+FFFD.
    ///
    /// Source: RFC 8259; Go `encoding/json` where that leaves a choice.
    pub fn from_json(bytes: &[u8]) -> Result<Value, JsonError> {
        JsonReader::default().read(bytes)
    }
}

/// Reads documents one after another; objects with the same keys, across all of them, share one key
/// list. What it remembers is bounded.
#[derive(Default)]
pub struct JsonReader {
    shapes: Shapes,
}

impl JsonReader {
    /// Reads one JSON value, as [`Value::from_json`] does.
    ///
    /// Errors: as there.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Value, JsonError> {
        self.read_until(bytes, After::Nothing).map(|(value, _)| value)
    }

    /// Reads one JSON value, as [`Value::from_json`] does, and says what of its text the value does
    /// not show.
    ///
    /// Errors: as there.
    pub fn read_with_layout(&mut self, bytes: &[u8]) -> Result<(Value, JsonLayout), JsonError> {
        self.read_until(bytes, After::Nothing)
    }

    /// Reads the JSON value that a text begins with, and no further: what a Go server makes of a
    /// body.
    ///
    /// Errors: as for [`Value::from_json`], but for what comes after the value.
    pub fn read_first(&mut self, bytes: &[u8]) -> Result<Value, JsonError> {
        self.read_until(bytes, After::Anything).map(|(value, _)| value)
    }

    fn read_until(&mut self, bytes: &[u8], after: After) -> Result<(Value, JsonLayout), JsonError> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let message = "invalid UTF-8".to_owned();
                return Err(JsonError::new(message, bytes, error.valid_up_to()));
            }
        };
        let mut document = Document {
            text,
            at: 0,
            values: Vec::with_capacity(STACK_START),
            keys: Vec::with_capacity(STACK_START),
            open: Vec::with_capacity(STACK_START),
            layout: JsonLayout::default(),
            shapes: &mut self.shapes,
        };
        let read = document.read(after);
        let value = read.map_err(|message| JsonError::new(message, bytes, document.at))?;
        Ok((value, document.layout))
    }
}

/// What of a text its value does not show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JsonLayout {
    /// The deepest nesting of arrays and objects.
    pub depth: usize,
    /// Whether an object has a key more than once.
    pub repeats_key: bool,
}

/// What may come after a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    Anything,
}

/// Values, keys and levels that have room from the start.
const STACK_START: usize = 96;

/// An array or object whose end has not come yet.
#[derive(Clone, Copy)]
enum Open {
    /// Its elements start here among the values.
    Array { values: usize },
    /// Its entries start here among the values and keys.
    Object { values: usize, keys: usize },
}

/// What the text must go on with.
enum Next {
    Value,
    /// A comma or the end of what is open.
    Rest,
    Done,
}

/// An error's message; the place is where the document stands.
type Result<T, E = String> = std::result::Result<T, E>;

struct Document<'a, 'r> {
    text: &'a str,
    // INVARIANT: at <= text.len()
    at: usize,
    values: Vec<Value>,
    keys: Vec<Cow<'a, str>>,
    open: Vec<Open>,
    layout: JsonLayout,
    shapes: &'r mut Shapes,
}

impl<'a> Document<'a, '_> {
    fn read(&mut self, after: After) -> Result<Value> {
        let mut next = Next::Value;
        loop {
            next = match next {
                Next::Value => self.value()?,
                Next::Rest => self.rest()?,
                Next::Done => break,
            };
        }
        match self.values.pop() {
            Some(value) if after == After::Anything || self.skip_space().is_none() => Ok(value),
            _ => Err(self.unexpected("after top-level value")),
        }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn skip_space(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    /// Returns the message for the character that stands here.
    #[cold]
    fn unexpected(&self, context: &str) -> String {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(found) => format!("invalid character {found:?} {context}"),
            None => "unexpected end of JSON input".to_owned(),
        }
    }

    #[inline]
    fn value(&mut self) -> Result<Next> {
        let value = match self.skip_space() {
            Some(b'"') => self.string_value()?,
            Some(b'{') => return self.open_object(),
            Some(b'[') => return self.open_array(),
            Some(b'-' | b'0'..=b'9') => Value::from(self.number()?),
            Some(b't') => self.literal("true", Value::TRUE)?,
            Some(b'f') => self.literal("false", Value::FALSE)?,
            Some(b'n') => self.literal("null", Value::NULL)?,
            _ => return Err(self.unexpected("looking for beginning of value")),
        };
        Ok(self.finished(value))
    }

    #[inline]
    fn finished(&mut self, value: Value) -> Next {
        self.values.push(value);
        if self.open.is_empty() { Next::Done } else { Next::Rest }
    }

    fn open_array(&mut self) -> Result<Next> {
        self.push_open(Open::Array { values: self.values.len() })?;
        self.at += 1;
        if self.skip_space() != Some(b']') {
            return Ok(Next::Value);
        }
        Ok(self.close_array())
    }

    fn open_object(&mut self) -> Result<Next> {
        self.push_open(Open::Object { values: self.values.len(), keys: self.keys.len() })?;
        self.at += 1;
        match self.skip_space() {
            Some(b'}') => Ok(self.close_object()),
            _ => self.key(),
        }
    }

    fn push_open(&mut self, open: Open) -> Result<()> {
        if self.open.len() >= JSON_DEPTH_MAX {
            return Err(format!("nested deeper than {JSON_DEPTH_MAX} levels"));
        }
        self.open.push(open);
        self.layout.depth = self.layout.depth.max(self.open.len());
        Ok(())
    }

    /// Reads `"key" :`.
    fn key(&mut self) -> Result<Next> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("looking for beginning of object key string"));
        }
        self.at += 1;
        let key = self.string()?;
        self.keys.push(key);
        if self.skip_space() != Some(b':') {
            return Err(self.unexpected("after object key"));
        }
        self.at += 1;
        Ok(Next::Value)
    }

    /// Reads what follows an element or entry.
    #[inline]
    fn rest(&mut self) -> Result<Next> {
        let found = self.skip_space();
        match (self.open.last(), found) {
            (Some(Open::Array { .. }), Some(b',')) => {
                self.at += 1;
                Ok(Next::Value)
            }
            (Some(Open::Array { .. }), Some(b']')) => Ok(self.close_array()),
            (Some(Open::Array { .. }), _) => Err(self.unexpected("after array element")),
            (Some(Open::Object { .. }), Some(b',')) => {
                self.at += 1;
                self.skip_space();
                self.key()
            }
            (Some(Open::Object { .. }), Some(b'}')) => Ok(self.close_object()),
            (Some(Open::Object { .. }), _) => Err(self.unexpected("after object key:value pair")),
            (None, _) => Ok(Next::Done),
        }
    }

    fn close_array(&mut self) -> Next {
        self.at += 1;
        let Some(Open::Array { values }) = self.open.pop() else {
            return Next::Done;
        };
        if values == self.values.len() {
            let array = self.shapes.empty_array();
            return self.finished(array);
        }
        let elements = self.values.drain(values..);
        let array = Value(Repr::Array(ThinArc::from_header_and_iter((), elements)));
        self.finished(array)
    }

    fn close_object(&mut self) -> Next {
        self.at += 1;
        let Some(Open::Object { values, keys }) = self.open.pop() else {
            return Next::Done;
        };
        let texts = self.keys.get(keys..).unwrap_or_default();
        let entries = self.values.get_mut(values..).unwrap_or_default();
        let object = self.shapes.object(self.open.len(), texts, entries);
        self.layout.repeats_key |=
            object.as_object().is_none_or(|object| object.len() != texts.len());
        self.keys.truncate(keys);
        self.values.truncate(values);
        self.finished(object)
    }

    fn literal(&mut self, name: &str, value: Value) -> Result<Value> {
        for expected in name.bytes() {
            if self.peek() != Some(expected) {
                let expected = char::from(expected);
                return Err(self.unexpected(&format!("in literal {name} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(value)
    }

    /// Reads a number; the first byte is a digit or minus.
    fn number(&mut self) -> Result<Number> {
        let bytes = self.bytes();
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let len = bytes.iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len());
        let text = self.text.get(self.at..self.at + len).unwrap_or_default();
        match Number::parse(text) {
            Some(number) => {
                self.at += len;
                Ok(number)
            }
            None => Err(format!("invalid number {:?}", text.chars().take(40).collect::<String>())),
        }
    }

    /// Reads a string; the first byte is its opening quote.
    #[inline]
    fn string_value(&mut self) -> Result<Value> {
        self.at += 1;
        let start = self.at;
        self.at += plain_len(self.bytes());
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Value::from_part(self.text, start, self.at - 1));
        }
        let plain = self.text.get(start..self.at).unwrap_or_default();
        Ok(Value::from(self.escaped_string(plain.to_owned())?))
    }

    /// Reads the rest of a string behind its opening quote.
    #[inline]
    fn string(&mut self) -> Result<Cow<'a, str>> {
        let start = self.at;
        self.at += plain_len(self.bytes());
        let plain = self.text.get(start..self.at).unwrap_or_default();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        self.escaped_string(plain.to_owned()).map(Cow::Owned)
    }

    #[cold]
    fn escaped_string(&mut self, mut text: String) -> Result<String> {
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                _ => return Err(self.unexpected("in string literal")),
            }
            let start = self.at;
            self.at += plain_len(self.bytes());
            text.push_str(self.text.get(start..self.at).unwrap_or_default());
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Result<char> {
        let letter = self.peek();
        if let Some(short) = letter.and_then(short_escape) {
            self.at += 1;
            return Ok(short);
        }
        if letter != Some(b'u') {
            return Err(self.unexpected("in string escape code"));
        }
        self.at += 1;
        let code = self.hex4()?;
        if let Some(single) = char::from_u32(code) {
            return Ok(single);
        }
        let low = self.bytes().strip_prefix(b"\\u").and_then(hex4);
        match low.and_then(|low| paired(code, low)) {
            Some(pair) => {
                self.at += "\\uXXXX".len();
                Ok(pair)
            }
            None => Ok(char::REPLACEMENT_CHARACTER),
        }
    }

    fn hex4(&mut self) -> Result<u32> {
        if let Some(code) = hex4(self.bytes()) {
            self.at += 4;
            return Ok(code);
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
            self.at += 1;
        }
        Err(self.unexpected("in \\u hexadecimal character escape"))
    }
}
