//! JSON as Go's encoder writes it, so that output can be compared byte for byte with OPA's.
//!
//! `<`, `>` and `&` are escaped, as are the two line separators of Unicode; sets are arrays; a key
//! that is no string is its own JSON text.

use std::io::{self, Write};

use rego::{ObjectRef, Value, View};

/// A document to be written: our own shape around values of Rego.
pub(crate) enum Json<'a> {
    /// An object with its entries in this order.
    Object(Vec<(&'a str, Json<'a>)>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// A string.
    Text(&'a str),
    /// An integer.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A value of Rego.
    Value(&'a Value),
}

/// Returns the compact text of a value.
pub(crate) fn compact(value: &Value) -> io::Result<String> {
    let mut bytes = Vec::new();
    Writer {
        out: &mut bytes,
        indent: None,
        level: 0,
    }
    .value(value)?;
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Writes a document with two spaces a level, and a line break after it.
pub(crate) fn write_indented(out: &mut dyn Write, json: &Json<'_>) -> io::Result<()> {
    let mut writer = Writer {
        out,
        indent: Some("  "),
        level: 0,
    };
    writer.json(json)?;
    writer.out.write_all(b"\n")
}

struct Writer<'o> {
    out: &'o mut dyn Write,
    indent: Option<&'static str>,
    level: usize,
}

impl Writer<'_> {
    fn json(&mut self, json: &Json<'_>) -> io::Result<()> {
        match json {
            Json::Object(entries) => self.braced(entries, |writer, (key, value)| {
                writer.key(key)?;
                writer.json(value)
            }),
            Json::Array(items) => self.bracketed(items, Self::json),
            Json::Text(text) => self.string(text),
            Json::Integer(integer) => write!(self.out, "{integer}"),
            Json::Float(float) => write!(self.out, "{float}"),
            Json::Value(value) => self.value(value),
        }
    }

    fn value(&mut self, value: &Value) -> io::Result<()> {
        match value.view() {
            View::Null => self.out.write_all(b"null"),
            View::Bool(b) => write!(self.out, "{b}"),
            View::Int(i) => write!(self.out, "{i}"),
            View::Number(n) => self.out.write_all(n.text().as_bytes()),
            View::String(s) => self.string(s),
            View::Array(items) => self.bracketed(items, Self::value),
            View::Set(items) => self.bracketed(items.as_slice(), Self::value),
            View::Object(object) => self.object(object),
        }
    }

    fn object(&mut self, object: ObjectRef<'_>) -> io::Result<()> {
        if object.keys().iter().all(|key| key.as_str().is_some()) {
            let entries: Vec<_> = object.iter().collect();
            return self.braced(&entries, |writer, (key, value)| {
                writer.key(key.as_str().unwrap_or_default())?;
                writer.value(value)
            });
        }
        // Keys that became text stand where their text belongs.
        let named = object.iter().map(|(key, value)| match key.as_str() {
            Some(name) => Ok((name.to_string(), value)),
            None => Ok((compact(key)?, value)),
        });
        let mut named = named.collect::<io::Result<Vec<_>>>()?;
        named.sort_by(|a, b| a.0.cmp(&b.0));
        self.braced(&named, |writer, (key, value)| {
            writer.key(key)?;
            writer.value(value)
        })
    }

    fn key(&mut self, key: &str) -> io::Result<()> {
        self.string(key)?;
        self.out
            .write_all(if self.indent.is_some() { b": " } else { b":" })
    }

    fn braced<T>(
        &mut self,
        items: &[T],
        each: impl FnMut(&mut Self, &T) -> io::Result<()>,
    ) -> io::Result<()> {
        self.out.write_all(b"{")?;
        self.items(items, each)?;
        self.out.write_all(b"}")
    }

    fn bracketed<T>(
        &mut self,
        items: &[T],
        each: impl FnMut(&mut Self, &T) -> io::Result<()>,
    ) -> io::Result<()> {
        self.out.write_all(b"[")?;
        self.items(items, each)?;
        self.out.write_all(b"]")
    }

    fn items<T>(
        &mut self,
        items: &[T],
        mut each: impl FnMut(&mut Self, &T) -> io::Result<()>,
    ) -> io::Result<()> {
        self.level += 1;
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                self.out.write_all(b",")?;
            }
            self.line_break()?;
            each(self, item)?;
        }
        self.level -= 1;
        if items.is_empty() {
            Ok(())
        } else {
            self.line_break()
        }
    }

    fn line_break(&mut self) -> io::Result<()> {
        let Some(indent) = self.indent else {
            return Ok(());
        };
        self.out.write_all(b"\n")?;
        (0..self.level).try_for_each(|_| self.out.write_all(indent.as_bytes()))
    }

    fn string(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(b"\"")?;
        let mut rest = text;
        while let Some(at) = rest.find(needs_escape) {
            let (plain, special) = rest.split_at(at);
            self.out.write_all(plain.as_bytes())?;
            let mut chars = special.chars();
            if let Some(c) = chars.next() {
                self.escape(c)?;
            }
            rest = chars.as_str();
        }
        self.out.write_all(rest.as_bytes())?;
        self.out.write_all(b"\"")
    }

    fn escape(&mut self, c: char) -> io::Result<()> {
        match c {
            '"' => self.out.write_all(b"\\\""),
            '\\' => self.out.write_all(b"\\\\"),
            '\n' => self.out.write_all(b"\\n"),
            '\r' => self.out.write_all(b"\\r"),
            '\t' => self.out.write_all(b"\\t"),
            '\u{8}' => self.out.write_all(b"\\b"),
            '\u{c}' => self.out.write_all(b"\\f"),
            _ => write!(self.out, "\\u{:04x}", u32::from(c)),
        }
    }
}

fn needs_escape(c: char) -> bool {
    c < ' ' || matches!(c, '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_go_does() {
        let value = Value::object(vec![
            (
                Value::from("<k>"),
                Value::set(vec![Value::from(2), Value::from(1)]),
            ),
            (
                Value::array(vec![Value::from(1)]),
                Value::object(Vec::new()),
            ),
            (Value::from("a"), Value::from("tab\t\u{1}\u{2028}é\"")),
        ]);
        assert_eq!(
            compact(&value).unwrap(),
            r#"{"\u003ck\u003e":[1,2],"[1]":{},"a":"tab\t\u0001\u2028é\""}"#
        );
        let mut indented = Vec::new();
        let nested = Json::Object(vec![
            (
                "a",
                Json::Array(vec![Json::Integer(1), Json::Float(1.5), Json::Text("x")]),
            ),
            ("b", Json::Array(Vec::new())),
        ]);
        write_indented(&mut indented, &nested).unwrap();
        assert_eq!(
            String::from_utf8(indented).unwrap(),
            "{\n  \"a\": [\n    1,\n    1.5,\n    \"x\"\n  ],\n  \"b\": []\n}\n"
        );
    }
}
