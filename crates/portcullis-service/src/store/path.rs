//! Reading and writing at a path of a document, with OPA's rules and words.
//!
//! A write copies the objects on its way and shares the rest. Must not know: policies, who writes.
//!
//! Source: OPA `v1/storage/inmem/txn.go`, `v1/storage/storage.go` (`MakeDir`), RFC 6901.

use rego::{Value, View};

use super::error::WriteError;

/// Longest path that is written or read, in segments. Ours: evaluation and JSON are bounded in
/// depth too.
pub const PATH_SEGMENTS_MAX: usize = 256;

/// What a change does at its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change<'v> {
    /// Puts a value there; into an array before the element of that index, or at its end.
    Add(&'v Value),
    /// Puts a value in place of one that is there.
    Replace(&'v Value),
    /// Takes away what is there.
    Remove,
}

/// Returns what is at `path`.
///
/// Errors: nothing is there.
pub fn read<'d>(document: &'d Value, path: &[String]) -> Result<&'d Value, WriteError> {
    let mut at = document;
    for key in path {
        at = match at.view() {
            View::Object(object) => object.get_str(key).ok_or_else(|| not_found(path)),
            View::Array(items) => {
                let index = array_index(items.len(), key, path)?;
                items.get(index).ok_or_else(|| not_found(path))
            }
            _ => Err(not_found(path)),
        }?;
    }
    Ok(at)
}

/// Returns the document with a change made at `path`.
///
/// Errors: nothing is there to replace or remove, or to add to; an index that is none; a root that
/// is no object.
pub(super) fn write(
    document: &Value,
    path: &[String],
    change: Change<'_>,
) -> Result<Value, WriteError> {
    if path.len() > PATH_SEGMENTS_MAX {
        let message = format!("path has more than {PATH_SEGMENTS_MAX} segments");
        return Err(WriteError::InvalidPatch(message));
    }
    if path.is_empty() {
        return match change {
            Change::Add(value) | Change::Replace(value) if value.as_object().is_some() => {
                Ok(value.clone())
            }
            Change::Add(_) | Change::Replace(_) => {
                Err(WriteError::InvalidPatch("root must be object".to_string()))
            }
            Change::Remove => Err(WriteError::InvalidPatch("root cannot be removed".to_string())),
        };
    }
    write_at(document, path, 0, change)
}

fn write_at(
    document: &Value,
    path: &[String],
    depth: usize,
    change: Change<'_>,
) -> Result<Value, WriteError> {
    let Some(key) = path.get(depth) else { return Err(not_found(path)) };
    let is_last = depth + 1 == path.len();
    match document.view() {
        View::Object(object) => {
            let there = object.get_str(key);
            let new = match (change, is_last) {
                (_, false) => {
                    let inside = there.ok_or_else(|| not_found(path))?;
                    Some(write_at(inside, path, depth + 1, change)?)
                }
                (Change::Add(value), true) => Some(value.clone()),
                (_, true) if there.is_none() => return Err(not_found(path)),
                (Change::Replace(value), true) => Some(value.clone()),
                (Change::Remove, true) => None,
            };
            let key = Value::from(key.as_str());
            Ok(match new {
                Some(value) => object.with(&key, value),
                None => object.without(&key),
            })
        }
        View::Array(items) if is_last => write_element(items, path, key, change),
        View::Array(items) => {
            let index = array_index(items.len(), key, path)?;
            let mut items = items.to_vec();
            if let Some(item) = items.get_mut(index) {
                *item = write_at(item, path, depth + 1, change)?;
            }
            Ok(Value::array(items))
        }
        _ => Err(not_found(path)),
    }
}

fn write_element(
    items: &[Value],
    path: &[String],
    key: &str,
    change: Change<'_>,
) -> Result<Value, WriteError> {
    let mut items = items.to_vec();
    if key == "-" || key == items.len().to_string() {
        match change {
            Change::Add(value) | Change::Replace(value) => items.push(value.clone()),
            Change::Remove => {
                let message = format!("{}: invalid patch path", path_text(path));
                return Err(WriteError::InvalidPatch(message));
            }
        }
        return Ok(Value::array(items));
    }
    let index = array_index(items.len(), key, path)?;
    match change {
        Change::Add(value) => items.insert(index, value.clone()),
        Change::Replace(value) => {
            if let Some(item) = items.get_mut(index) {
                *item = value.clone();
            }
        }
        Change::Remove => drop(items.remove(index)),
    }
    Ok(Value::array(items))
}

/// Returns the index that a key of a path names in an array of this length.
fn array_index(length: usize, key: &str, path: &[String]) -> Result<usize, WriteError> {
    let digits = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        let message = format!("{}: array index must be integer", path_text(path));
        return Err(WriteError::NotFound(message));
    }
    // More digits than an index has are out of range, too.
    key.parse().ok().filter(|index| *index < length).ok_or_else(|| {
        WriteError::NotFound(format!("{}: array index out of range", path_text(path)))
    })
}

fn not_found(path: &[String]) -> WriteError {
    WriteError::NotFound(format!("{}: document does not exist", path_text(path)))
}

/// Returns a path as messages show it: `/a/b%2Fc`.
pub fn path_text(path: &[String]) -> String {
    let mut text = String::new();
    for key in path {
        text.push('/');
        for byte in key.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => text.push(char::from(byte)),
                b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b'=' | b':' | b'@' => {
                    text.push(char::from(byte));
                }
                _ => text.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    if text.is_empty() { "/".to_string() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value::from_json(text.as_bytes()).unwrap()
    }

    fn path(text: &str) -> Vec<String> {
        text.split('/').filter(|part| !part.is_empty()).map(str::to_string).collect()
    }

    fn check(document: &str, at: &str, change: Change<'_>, expected: Result<&str, &str>) {
        let written = write(&value(document), &path(at), change);
        let written = written.map_err(|error| error.to_string());
        assert_eq!(written, expected.map(value).map_err(str::to_string), "{document} {at}");
    }

    #[test]
    fn objects() {
        let one = value("1");
        check("{}", "a", Change::Add(&one), Ok(r#"{"a":1}"#));
        check(r#"{"a":{"b":2}}"#, "a/b", Change::Replace(&one), Ok(r#"{"a":{"b":1}}"#));
        check(r#"{"a":{"b":2},"c":3}"#, "a/b", Change::Remove, Ok(r#"{"a":{},"c":3}"#));
        let missing = Err("storage_not_found_error: /a/b: document does not exist");
        check("{}", "a/b", Change::Add(&one), missing);
        check(r#"{"a":{}}"#, "a/b", Change::Remove, missing);
        check(r#"{"a":5}"#, "a/b", Change::Add(&one), missing);
    }

    #[test]
    fn arrays() {
        let nine = value("9");
        check(r#"{"l":[1,2]}"#, "l/-", Change::Add(&nine), Ok(r#"{"l":[1,2,9]}"#));
        check(r#"{"l":[1,2]}"#, "l/2", Change::Add(&nine), Ok(r#"{"l":[1,2,9]}"#));
        check(r#"{"l":[1,2]}"#, "l/0", Change::Add(&nine), Ok(r#"{"l":[9,1,2]}"#));
        check(r#"{"l":[1,2]}"#, "l/1", Change::Remove, Ok(r#"{"l":[1]}"#));
        check(r#"{"l":[{"a":1}]}"#, "l/0/a", Change::Remove, Ok(r#"{"l":[{}]}"#));
        let range = Err("storage_not_found_error: /l/7: array index out of range");
        check(r#"{"l":[1]}"#, "l/7", Change::Add(&nine), range);
        let integer = Err("storage_not_found_error: /l/x: array index must be integer");
        check(r#"{"l":[1]}"#, "l/x", Change::Remove, integer);
        let patch = Err("storage_invalid_patch_error: /l/-: invalid patch path");
        check(r#"{"l":[1]}"#, "l/-", Change::Remove, patch);
    }

    #[test]
    fn the_root_is_an_object() {
        let error = Err("storage_invalid_patch_error: root must be object");
        check("{}", "", Change::Add(&value("1")), error);
        check(r#"{"a":1}"#, "", Change::Replace(&value(r#"{"b":2}"#)), Ok(r#"{"b":2}"#));
    }

    #[test]
    fn shows_paths_escaped() {
        assert_eq!(path_text(&["a/b".to_string(), "c d".to_string()]), "/a%2Fb/c%20d");
    }
}
