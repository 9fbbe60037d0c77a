//! A value as a term of Rego: `{"a": [1, 2]}`, `{1, 2}`, `set()`.
//!
//! Source: the `String` methods of OPA's `v1/ast/term.go`; strings as Go's `strconv.Quote`.

use crate::value::{Value, View};

impl Value {
    /// Returns the value as OPA prints a term: in error messages, by `sprintf("%v")` of composite
    /// values, in template strings.
    pub fn to_rego(&self) -> String {
        let mut out = String::new();
        self.write_rego(&mut out);
        out
    }

    /// Appends what [`Value::to_rego`] returns.
    pub fn write_rego(&self, out: &mut String) {
        match self.view() {
            View::Null => out.push_str("null"),
            View::Bool(true) => out.push_str("true"),
            View::Bool(false) => out.push_str("false"),
            View::Int(i) => out.push_str(itoa::Buffer::new().format(i)),
            View::Number(number) => out.push_str(number.text()),
            View::String(text) => push_quoted(text, out),
            View::Array(items) => push_list(('[', ']'), items, out),
            View::Set(keys) if keys.is_empty() => out.push_str("set()"),
            View::Set(keys) => push_list(('{', '}'), keys.as_slice(), out),
            View::Object(object) => {
                out.push('{');
                for (at, (key, value)) in object.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    key.write_rego(out);
                    out.push_str(": ");
                    value.write_rego(out);
                }
                out.push('}');
            }
        }
    }
}

fn push_list((open, close): (char, char), items: &[Value], out: &mut String) {
    out.push(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        item.write_rego(out);
    }
    out.push(close);
}

/// Appends `text` in double quotes, with Go's escapes for what does not print.
fn push_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            ' '..='~' => out.push(c),
            '\0'..='\u{7f}' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            _ if is_printable(c) => out.push(c),
            '\u{80}'..='\u{ffff}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
}

/// Whether Unicode calls `c` a letter, mark, number, punctuation or symbol.
fn is_printable(c: char) -> bool {
    // `escape_debug` escapes what does not print, and combining marks only at the start of a string.
    let mut buffer = [0; 5];
    if let Some((_, behind)) = buffer.split_first_mut() {
        c.encode_utf8(behind);
    }
    let [first, ..] = &mut buffer;
    *first = b'a';
    std::str::from_utf8(buffer.get(..=c.len_utf8()).unwrap_or_default())
        .is_ok_and(|text| text.escape_debug().nth(1) == Some(c))
}
