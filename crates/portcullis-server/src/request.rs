//! A request once all of it has been read: what handlers see.

use std::cell::RefCell;

use http::HeaderMap;
use rego::{JsonError, JsonReader, Value, YamlError};

use crate::error::ApiError;
use crate::params::Params;
use crate::reply::Pretty;
use crate::server::Peer;

/// A request.
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path as it came, still encoded.
    pub(crate) path: String,
    pub(crate) params: Params,
    pub(crate) headers: HeaderMap,
    /// The body, unpacked where it came compressed to a route that takes that.
    pub(crate) body: Vec<u8>,
    /// The body as authorization has read it already.
    pub(crate) parsed: Option<Value>,
    pub(crate) peer: Peer,
    /// How many requests there were before this one, from 1.
    pub(crate) id: u64,
    /// Ids of the trace and the span that this request is.
    pub(crate) trace: Option<(String, String)>,
}

/// Most headers that are shown or logged with a value each.
const HEADERS_MAX: usize = 256;

impl Request {
    /// Returns the text of a header, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the body is YAML.
    pub(crate) fn is_yaml(&self) -> bool {
        self.header("content-type").is_some_and(|media_type| media_type.contains("yaml"))
    }

    /// Whether the answer is laid out.
    pub(crate) fn pretty(&self) -> Pretty {
        if self.params.is_on("pretty") { Pretty::Yes } else { Pretty::No }
    }

    /// Returns the document in the body; nothing where that is empty.
    ///
    /// Errors: what is wrong with it, in words that go after a colon.
    pub(crate) fn document(&self) -> Result<Option<Value>, String> {
        if let Some(parsed) = &self.parsed {
            return Ok(Some(parsed.clone()));
        }
        document(&self.body, self.is_yaml())
    }

    /// Returns the JSON in the body.
    ///
    /// Errors: what is wrong with it.
    pub(crate) fn json(&self) -> Result<Value, ApiError> {
        if self.body.trim_ascii().is_empty() {
            return Err(ApiError::invalid("EOF"));
        }
        read_json(&self.body).map_err(|error| ApiError::invalid(error.message()))
    }

    /// Returns headers by their canonical names, each with all of its values.
    pub(crate) fn canonical_headers(&self) -> Value {
        let names = self.headers.keys().take(HEADERS_MAX);
        let entries = names.map(|name| {
            let values = self.headers.get_all(name).iter();
            let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            let key = Value::from(canonical(name.as_str()));
            (key, Value::array(values.map(Value::from).collect()))
        });
        Value::object(entries.collect())
    }
}

/// Returns a document in JSON or YAML; nothing where there is only white space.
///
/// Errors: what is wrong with it.
pub(crate) fn document(body: &[u8], is_yaml: bool) -> Result<Option<Value>, String> {
    if body.trim_ascii().is_empty() {
        return Ok(None);
    }
    if is_yaml {
        return Value::from_yaml(body).map(Some).map_err(|error| yaml_error(&error));
    }
    read_json(body).map(Some).map_err(|error| error.message().to_string())
}

thread_local! {
    /// Knows the keys of the objects that came before: requests are alike, and so need neither sort
    /// nor keep keys of their own. What it remembers is bounded.
    static READER: RefCell<JsonReader> = RefCell::default();
}

/// Bodies above this size, in bytes, are read by themselves: what they teach would not be met again.
const REMEMBERED_BYTES_MAX: usize = 64 << 10;

/// Reads the document that a body begins with; as in OPA, what comes after it does not count.
fn read_json(body: &[u8]) -> Result<Value, JsonError> {
    if body.len() > REMEMBERED_BYTES_MAX {
        return JsonReader::default().read_first(body);
    }
    READER.with(|reader| match reader.try_borrow_mut() {
        Ok(mut reader) => reader.read_first(body),
        Err(_) => JsonReader::default().read_first(body),
    })
}

/// Returns an error of YAML in the words of the library that OPA reads it with, which counts lines
/// of the parser's errors from 0.
fn yaml_error(error: &YamlError) -> String {
    let Some((_, found)) = error.message().split_once("while parsing a ") else {
        return error.to_string();
    };
    let wanted = found.rsplit_once("expected ").map_or(found, |(_, wanted)| wanted);
    let line = error.row().saturating_sub(1).max(1);
    format!("yaml: line {line}: did not find expected {wanted}")
}

/// Returns a header's name as Go spells it: `X-Forwarded-For`.
pub(crate) fn canonical(name: &str) -> String {
    let capital = |part: &str| {
        let mut chars = part.chars();
        let first = chars.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(chars.map(|char| char.to_ascii_lowercase())).collect::<String>()
    };
    name.split('-').map(capital).collect::<Vec<_>>().join("-")
}
