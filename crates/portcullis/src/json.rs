//! Documents of our own shape around values of Rego, laid out as Go's encoder does, so that output
//! can be compared byte for byte with OPA's.

use std::io::{self, Write};

use rego::Value;

/// What a level is indented by.
const INDENT: &str = "  ";

/// A document to be written.
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
    /// JSON text without line breaks and blanks between its tokens.
    OneLine(&'a str),
}

/// Writes a document over several lines, and a line break after it.
pub(crate) fn write(out: &mut dyn Write, json: &Json<'_>) -> io::Result<()> {
    write_at(out, json, "\n")?;
    out.write_all(b"\n")
}

/// `line_break` is a line break and the indentation of the level.
fn write_at(out: &mut dyn Write, json: &Json<'_>, line_break: &str) -> io::Result<()> {
    match json {
        Json::Object(entries) => {
            let write_entry = |out: &mut dyn Write, entry: &(&str, Json<'_>), within: &str| {
                write!(out, "{}: ", Value::from(entry.0).to_json())?;
                write_at(out, &entry.1, within)
            };
            write_items(out, ["{", "}"], entries, line_break, write_entry)
        }
        Json::Array(items) => write_items(out, ["[", "]"], items, line_break, write_at),
        Json::Text(text) => out.write_all(Value::from(*text).to_json().as_bytes()),
        Json::Integer(integer) => write!(out, "{integer}"),
        Json::Float(float) => write!(out, "{float}"),
        // No string of JSON holds a line break as such: each one is layout.
        Json::Value(value) => {
            out.write_all(value.to_json_pretty(INDENT).replace('\n', line_break).as_bytes())
        }
        Json::OneLine(text) => out.write_all(laid_out(text, line_break).as_bytes()),
    }
}

/// Returns JSON text over several lines, its keys in their order, with the characters escaped that
/// Go escapes for HTML.
fn laid_out(text: &str, line_break: &str) -> String {
    let mut laid = String::new();
    let (mut depth, mut in_string, mut is_escaped) = (0usize, false, false);
    let mut before = ' ';
    for char in text.chars() {
        let is_empty = matches!((before, char), ('{', '}') | ('[', ']'));
        match char {
            '<' | '>' | '&' if in_string => laid += &format!("\\u{:04x}", u32::from(char)),
            _ if in_string => laid.push(char),
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                laid += &if is_empty { String::new() } else { at_depth(line_break, depth) };
                laid.push(char);
            }
            ':' => laid += ": ",
            _ => {
                let begins = matches!(before, '{' | '[' | ',');
                laid += &if begins { at_depth(line_break, depth) } else { String::new() };
                laid.push(char);
                depth += usize::from(matches!(char, '{' | '['));
            }
        }
        if char == '"' && !is_escaped {
            in_string = !in_string;
        }
        is_escaped = in_string && char == '\\' && !is_escaped;
        before = if in_string { '"' } else { char };
    }
    laid
}

fn at_depth(line_break: &str, depth: usize) -> String {
    format!("{line_break}{}", INDENT.repeat(depth))
}

fn write_items<T>(
    out: &mut dyn Write,
    [open, close]: [&str; 2],
    items: &[T],
    line_break: &str,
    write_item: impl Fn(&mut dyn Write, &T, &str) -> io::Result<()>,
) -> io::Result<()> {
    let within = format!("{line_break}{INDENT}");
    out.write_all(open.as_bytes())?;
    for (position, item) in items.iter().enumerate() {
        out.write_all(if position > 0 { b"," } else { b"" })?;
        out.write_all(within.as_bytes())?;
        write_item(out, item, &within)?;
    }
    if !items.is_empty() {
        out.write_all(line_break.as_bytes())?;
    }
    out.write_all(close.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_indented_where_they_stand() {
        let value = Value::object_from_strs([("<k>", Value::array(vec![Value::from("a\nb")]))]);
        let document = Json::Object(vec![
            ("a", Json::Array(vec![Json::Integer(1), Json::Float(1.5), Json::Value(&value)])),
            ("b", Json::Array(Vec::new())),
        ]);
        let mut bytes = Vec::new();
        write(&mut bytes, &document).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            r#"{
  "a": [
    1,
    1.5,
    {
      "\u003ck\u003e": [
        "a\nb"
      ]
    }
  ],
  "b": []
}
"#
        );
    }

    #[test]
    fn one_line_is_laid_out() {
        let text = r#"{"a":[{"b\\":"{,:\"<"},-1],"c":[],"d":{}}"#;
        let mut bytes = Vec::new();
        write(&mut bytes, &Json::Array(vec![Json::OneLine(text)])).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            r#"[
  {
    "a": [
      {
        "b\\": "{,:\"\u003c"
      },
      -1
    ],
    "c": [],
    "d": {}
  }
]
"#
        );
    }
}
