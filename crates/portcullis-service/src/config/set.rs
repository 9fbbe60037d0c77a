//! The texts of `--set` and `--set-file`, such as `a.b=c,d[0]=e`, and how they are laid over a
//! document.
//!
//! Must not know: which keys there are, files.
//!
//! Source: the manual of Helm's `--set`, which OPA took over.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::{Map, Value};

use super::DEPTH_MAX;

/// Greatest index of a list that can be set: those below it are filled up with null.
const INDEX_MAX: usize = 1023;

/// What a value's text becomes.
pub(super) type ReadValue<'a> = dyn FnMut(&str) -> Result<Value, String> + 'a;

/// What values are.
pub(super) enum Values<'a> {
    /// Scalars and lists, as of `--set`.
    Typed,
    /// Texts that something else makes values of, as of `--set-file`.
    Read(&'a mut ReadValue<'a>),
}

/// Lays the assignments of one flag over a document.
///
/// Errors: a key without a value or without a name, an index that is none or too large, a list
/// without an end, a path that goes through a scalar of an earlier assignment.
pub(super) fn assign(
    text: &str,
    document: &mut Value,
    mut values: Values<'_>,
) -> Result<(), String> {
    let mut reader = Reader { chars: text.chars().peekable() };
    while reader.chars.peek().is_some() {
        let path = reader.path()?;
        let value = match &mut values {
            Values::Typed => reader.value()?,
            Values::Read(read) => {
                let (text, _) = reader.until(&[','])?;
                read(&text)?
            }
        };
        put(document, &path, value)?;
    }
    Ok(())
}

/// Lays one document over another: objects are merged, everything else is replaced.
pub(super) fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                match base.get_mut(&key) {
                    Some(old) => merge(old, value),
                    None => {
                        base.insert(key, value);
                    }
                }
            }
        }
        (base, over) => *base = over,
    }
}

enum Part {
    Key(String),
    Index(usize),
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    /// Reads up to one of the `ends`, which is read too and returned. A backslash takes the special
    /// meaning from what follows it.
    fn until(&mut self, ends: &[char]) -> Result<(String, Option<char>), String> {
        let mut text = String::new();
        while let Some(c) = self.chars.next() {
            match c {
                '\\' => match self.chars.next() {
                    Some(escaped) => text.push(escaped),
                    None => return Err("nothing follows the last `\\`".to_owned()),
                },
                c if ends.contains(&c) => return Ok((text, Some(c))),
                c => text.push(c),
            }
        }
        Ok((text, None))
    }

    /// Reads a path up to and with its `=`.
    fn path(&mut self) -> Result<Vec<Part>, String> {
        let mut path = Vec::new();
        let mut after_index = false;
        loop {
            if path.len() >= DEPTH_MAX {
                return Err(format!("a key goes deeper than {DEPTH_MAX} levels"));
            }
            let (key, end) = self.until(&['.', '[', '=', ','])?;
            match (key.is_empty(), after_index) {
                (true, false) => return Err("a key without a name".to_owned()),
                (false, true) => return Err(format!("`{key}` follows an index without a `.`")),
                (false, false) => path.push(Part::Key(key.clone())),
                (true, true) => {}
            }
            after_index = false;
            match end {
                Some('=') => return Ok(path),
                Some('[') => {
                    path.push(Part::Index(self.index()?));
                    after_index = true;
                }
                Some('.') => {}
                _ => return Err(format!("the key `{key}` has no value")),
            }
        }
    }

    /// Reads an index up to and with its `]`.
    fn index(&mut self) -> Result<usize, String> {
        let (text, end) = self.until(&[']'])?;
        if end.is_none() {
            return Err("an index without its `]`".to_owned());
        }
        match text.trim().parse::<usize>() {
            Ok(index) if index <= INDEX_MAX => Ok(index),
            Ok(_) => Err(format!("the index `{text}` is greater than {INDEX_MAX}")),
            Err(_) => Err(format!("`{text}` is no index")),
        }
    }

    /// Reads a value up to and with the comma behind it.
    fn value(&mut self) -> Result<Value, String> {
        if self.chars.next_if_eq(&'{').is_none() {
            return Ok(scalar(self.until(&[','])?.0));
        }
        let mut items = Vec::new();
        loop {
            let (text, end) = self.until(&[',', '}'])?;
            match end {
                Some('}') => {
                    if !(items.is_empty() && text.is_empty()) {
                        items.push(scalar(text));
                    }
                    break;
                }
                Some(_) => items.push(scalar(text)),
                None => return Err("a list without its `}`".to_owned()),
            }
        }
        match self.chars.next() {
            None | Some(',') => Ok(Value::Array(items)),
            Some(c) => Err(format!("`{c}` follows a list without a `,`")),
        }
    }
}

/// Returns what a text means: integers (without leading zeros), true, false, null, or itself.
fn scalar(text: String) -> Value {
    match text.as_str() {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "null" => return Value::Null,
        _ => {}
    }
    let is_octal_like = text.len() > 1 && text.starts_with('0');
    match text.parse::<i64>() {
        Ok(number) if !is_octal_like => Value::from(number),
        _ => Value::from(text),
    }
}

/// Puts a value at its path, and makes the objects and lists on the way.
fn put(document: &mut Value, path: &[Part], value: Value) -> Result<(), String> {
    let mut at = document;
    for part in path {
        at = match part {
            Part::Key(key) => {
                if at.is_null() {
                    *at = Value::Object(Map::new());
                }
                let members = at.as_object_mut();
                let members =
                    members.ok_or_else(|| format!("`{key}` is set below a scalar or a list"))?;
                members.entry(key.as_str()).or_insert(Value::Null)
            }
            Part::Index(index) => {
                if at.is_null() {
                    *at = Value::Array(Vec::new());
                }
                let items = at.as_array_mut();
                let items =
                    items.ok_or_else(|| format!("`[{index}]` is set in what is no list"))?;
                if items.len() <= *index {
                    items.resize(index + 1, Value::Null);
                }
                items.get_mut(*index).ok_or_else(|| format!("`[{index}]` is too large"))?
            }
        };
    }
    *at = value;
    Ok(())
}
