//! The body of a request to the daemon: JSON, parsed whatever the headers say about it.
//!
//! The daemon merges objects whose keys repeat while a policy sees the last one only, so a body in
//! which a key repeats is refused: nobody could tell what it asks for.
//!
//! Pure. Must not know: what the fields are (that is `canonical.rs`).

use std::borrow::Cow;
use std::fmt;
use std::sync::{LazyLock, Mutex};

use rego::{JsonReader, Value};

/// Deepest nesting of a body. Ours; Docker's own bodies have about ten levels.
pub const BODY_DEPTH_MAX: usize = 128;

/// Largest body, in bytes, whose lists of keys are remembered. Ours: those of clients have 4 KB.
const REMEMBERED_BYTES_MAX: usize = 64 << 10;

/// Why a body cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// Not one JSON value: what is wrong.
    Json(String),
    /// An object has this key more than once.
    RepeatedKey(String),
    /// Nested deeper than [`BODY_DEPTH_MAX`].
    Depth,
    /// A value that the daemon would refuse.
    Kind {
        /// Where: `HostConfig.Mounts[0].ReadOnly`.
        path: String,
        /// What belongs there, in words.
        expected: &'static str,
        /// What is there: its type, or a number as it is written.
        found: String,
    },
    /// A field of `HostConfig` beside it, which old engines read.
    Lifted(String),
    /// More of something than is read, in words.
    Many(&'static str),
}

/// Most characters of a key that a message repeats.
const KEY_CHARS_MAX: usize = 64;

/// Returns a key of the client's for a message: whoever reads the answer sees it, never what it would
/// do to a terminal.
pub(crate) fn shown(key: &str) -> String {
    key.chars().take(KEY_CHARS_MAX).flat_map(char::escape_debug).collect()
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(message) => write!(f, "request body is not JSON: {message}"),
            Self::RepeatedKey(key) => write!(f, "request body repeats the key `{}`", shown(key)),
            Self::Depth => write!(f, "request body is nested deeper than {BODY_DEPTH_MAX} levels"),
            Self::Kind { path, expected, found } if path.is_empty() => {
                write!(f, "request body must be {expected}, not {found}")
            }
            Self::Kind { path, expected, found } => {
                write!(f, "request body has {found} at `{path}`, which must be {expected}")
            }
            Self::Many(what) => write!(f, "request body has too many {what}"),
            Self::Lifted(field) => write!(
                f,
                "request body has the deprecated top-level HostConfig field `{field}`: put it into \
                 `HostConfig`"
            ),
        }
    }
}

impl std::error::Error for BodyError {}

/// Returns the body's value; `null` where there is no body.
///
/// Errors: anything but one JSON value in UTF-8 without repeated keys and with bounded nesting.
pub fn parse(bytes: &[u8]) -> Result<Value, BodyError> {
    if bytes.is_empty() {
        return Ok(Value::NULL);
    }
    // Clients write the same lists of keys over and over. Whoever finds the reader in use does without.
    static READER: LazyLock<Mutex<JsonReader>> = LazyLock::new(Mutex::default);
    let read = if bytes.len() <= REMEMBERED_BYTES_MAX
        && let Ok(mut reader) = READER.try_lock()
    {
        reader.read_with_layout(bytes)
    } else {
        JsonReader::default().read_with_layout(bytes)
    };
    let (value, layout) = read.map_err(|error| BodyError::Json(error.to_string()))?;
    if layout.depth > BODY_DEPTH_MAX {
        return Err(BodyError::Depth);
    }
    if layout.repeats_key {
        check_keys(bytes)?;
        return Err(BodyError::RepeatedKey("?".to_string())); // cannot be, but must never pass
    }
    Ok(value)
}

/// An object or array that is open.
enum Open<'a> {
    Object(Vec<Cow<'a, str>>),
    Array,
}

/// Names a key that an object has twice. `bytes` are JSON, so a string before a colon is a key.
fn check_keys(bytes: &[u8]) -> Result<(), BodyError> {
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = string_end(bytes, at + 1);
                if let Some(Open::Object(keys)) = open.last_mut()
                    && is_before_colon(bytes, end)
                {
                    keys.push(key_text(bytes.get(at..end).unwrap_or_default()));
                }
                at = end;
                continue;
            }
            b'{' => open.push(Open::Object(Vec::new())),
            b'[' => open.push(Open::Array),
            b'}' | b']' => check_closed(open.pop())?,
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

fn check_closed(closed: Option<Open<'_>>) -> Result<(), BodyError> {
    let Some(Open::Object(mut keys)) = closed else { return Ok(()) };
    keys.sort_unstable();
    let repeated = keys.windows(2).find_map(|pair| match pair {
        [one, next] if one == next => Some(one.to_string()),
        _ => None,
    });
    repeated.map_or(Ok(()), |key| Err(BodyError::RepeatedKey(key)))
}

/// Returns the place behind the quote that ends the string whose text starts at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

fn is_before_colon(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

/// Returns the text of a key, given with its quotes.
fn key_text(quoted: &[u8]) -> Cow<'_, str> {
    if quoted.contains(&b'\\')
        && let Ok(key) = Value::from_json(quoted)
        && let Some(text) = key.as_str()
    {
        return Cow::Owned(text.to_string());
    }
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    String::from_utf8_lossy(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_json_and_nothing_else() {
        assert_eq!(parse(b"").unwrap(), Value::NULL);
        assert_eq!(parse(b"null\n").unwrap(), Value::NULL);
        let body = parse(br#"{"a": [{"k": 1}, {"k": 2}], "b": {"a": "k\":"}}"#).unwrap();
        assert_eq!(body.get_path(&["b", "a"]).and_then(Value::as_str), Some("k\":"));
        for bytes in [&b"{}{}"[..], b"\xef\xbb\xbf{}", b"{", b"a=b", b"\x1f\x8b", b"\"\xff\""] {
            assert!(matches!(parse(bytes), Err(BodyError::Json(_))), "{bytes:?}");
        }
    }

    #[test]
    fn refuses_repeated_keys_at_any_depth() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"x":[{"a" : 1,"b":{},"a":null}]}"#,
            r#"{"HostConfig":{},"\u0048ostConfig":{}}"#,
            r#"{"a\\":1,"b":":","a\\":2}"#,
            r#"[[{"":1,"":1}]]"#,
        ] {
            assert!(matches!(parse(text.as_bytes()), Err(BodyError::RepeatedKey(_))), "{text}");
        }
    }

    #[test]
    fn bounds_nesting() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nested(BODY_DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(parse(nested(BODY_DEPTH_MAX + 1).as_bytes()), Err(BodyError::Depth));
        assert!(parse(nested(100_000).as_bytes()).is_err());
    }
}
