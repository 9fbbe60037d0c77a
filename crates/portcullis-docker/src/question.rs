//! Which documents of the policy decide: one that must be `true`, one that must be empty, or both;
//! and the one that is asked about responses.

use std::fmt;

use portcullis_service::store::path_text;
use rego::Value;

use crate::wire::Call;

/// The document that decides where nothing else is asked for.
pub const ALLOW_PATH_DEFAULT: &str = "data.docker.authz.allow";

/// The document of reasons in the embedded policy.
pub const DENY_PATH_BASELINE: &str = "data.docker.authz.deny";

/// The document that decides about responses where no other is asked for.
pub const RESPONSE_PATH_DEFAULT: &str = "data.docker.authz.allow_response";

/// Which documents decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    allow: Option<String>,
    deny: Option<String>,
    response: ResponseDocument,
}

/// The document that must be `true` for a response to be released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseDocument {
    /// Its path, `data.a.b`.
    pub path: String,
    /// Whether it decides even where the policy has no rule for it.
    pub is_required: bool,
    /// The steps of its path below `data`, where they are plain names.
    pub steps: Option<Vec<Value>>,
}

impl ResponseDocument {
    fn new(path: String, is_required: bool) -> Self {
        let steps = path.strip_prefix("data").and_then(segments);
        let steps = steps.map(|steps| steps.into_iter().map(Value::from).collect());
        Self { path, is_required, steps }
    }
}

/// A path that names no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError(String);

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.0;
        write!(f, "`{path}` is not a path of data, such as `data.a.b` or `/a/b`")
    }
}

impl std::error::Error for PathError {}

impl Question {
    /// Returns the question with these paths (`data.a.b` or `/a/b`); without any, the default.
    ///
    /// Errors: a path that names no document.
    pub fn new(allow: Option<&str>, deny: Option<&str>) -> Result<Self, PathError> {
        let deny = deny.map(normal_path).transpose()?;
        let allow = match allow {
            Some(path) => Some(normal_path(path)?),
            None if deny.is_some() => None,
            None => Some(ALLOW_PATH_DEFAULT.to_string()),
        };
        let response = ResponseDocument::new(RESPONSE_PATH_DEFAULT.to_string(), false);
        Ok(Self { allow, deny, response })
    }

    /// Returns the question that asks this document (`data.a.b` or `/a/b`) about responses, whether
    /// or not the policy has a rule for it.
    ///
    /// Errors: a path that names no document.
    pub fn with_response(self, path: &str) -> Result<Self, PathError> {
        Ok(Self { response: ResponseDocument::new(normal_path(path)?, true), ..self })
    }

    /// Returns the queries to prepare, in the order of their indexes.
    pub fn queries(&self) -> Vec<String> {
        self.deciding().chain([&self.response.path]).cloned().collect()
    }

    /// Returns the documents that decide about requests.
    fn deciding(&self) -> impl Iterator<Item = &String> {
        self.allow.iter().chain(&self.deny)
    }

    /// Returns the index and the path of the document that must be `true`.
    pub fn allow(&self) -> Option<(usize, &str)> {
        self.allow.as_deref().map(|path| (0, path))
    }

    /// Returns the index and the path of the document that must be empty.
    pub fn deny(&self) -> Option<(usize, &str)> {
        self.deny.as_deref().map(|path| (usize::from(self.allow.is_some()), path))
    }

    /// Returns the index of the document about responses, and the document.
    pub fn response(&self) -> (usize, &ResponseDocument) {
        (self.deciding().count(), &self.response)
    }

    /// Returns the paths of what decides about a call as OPA's decision log has them, `/a/b`.
    pub fn path(&self, call: Call) -> String {
        let paths = self.paths(call);
        paths.iter().map(|path| slashes(path)).collect::<Vec<_>>().join(", ")
    }

    /// Returns the paths of what decides about a call for people.
    pub fn name(&self, call: Call) -> String {
        self.paths(call).join(", ")
    }

    /// Returns the paths of what decides about a call, `data.a.b`.
    pub fn paths(&self, call: Call) -> Vec<String> {
        match call {
            Call::Request => self.deciding().cloned().collect(),
            Call::Response => vec![self.response.path.clone()],
        }
    }
}

/// Returns the path as a reference: `data.a.b` for that, for `/a/b` and for `a/b`.
fn normal_path(path: &str) -> Result<String, PathError> {
    let segments: Vec<&str> = match path.strip_prefix('/') {
        Some(rest) => rest.trim_end_matches('/').split('/').collect(),
        None => {
            let rest = path.strip_prefix("data.").ok_or_else(|| PathError(path.to_string()))?;
            // Brackets and quotes are for the engine to read.
            return if rest.is_empty() {
                Err(PathError(path.to_string()))
            } else {
                Ok(path.to_string())
            };
        }
    };
    let segments = match segments.as_slice() {
        ["data", rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    if segments.iter().any(|segment| segment.is_empty()) {
        return Err(PathError(path.to_string()));
    }
    let mut reference = "data".to_string();
    for segment in segments {
        if is_name(segment) {
            reference.push('.');
            reference.push_str(segment);
        } else {
            reference.push_str(&format!("[{}]", Value::from(*segment).to_json()));
        }
    }
    Ok(reference)
}

/// Returns `data.a["b"]` as `/a/b`; what is no such reference, as it is.
fn slashes(reference: &str) -> String {
    let segments = reference.strip_prefix("data").and_then(segments);
    segments.map_or_else(|| reference.to_string(), |segments| path_text(&segments))
}

/// Returns the names in `.a["b"].c`; none where there is something else.
fn segments(mut rest: &str) -> Option<Vec<String>> {
    let mut segments = Vec::new();
    while !rest.is_empty() {
        if let Some(named) = rest.strip_prefix('.') {
            let end = named.find(['.', '[']).unwrap_or(named.len());
            let (name, after) = named.split_at_checked(end)?;
            segments.push(name.to_string());
            rest = after;
        } else {
            let quoted = rest.strip_prefix('[')?;
            let end = quoted.find("\"]")?;
            let (text, after) = quoted.split_at_checked(end.checked_add(1)?)?;
            segments.push(Value::from_json(text.as_bytes()).ok()?.as_str()?.to_string());
            rest = after.strip_prefix(']')?;
        }
    }
    Some(segments)
}

/// Whether a segment can stand behind a dot.
fn is_name(segment: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let mut bytes = segment.bytes();
    bytes.next().is_some_and(is_letter) && bytes.all(|b| is_letter(b) || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_name_the_same_document() {
        for path in ["data.docker.authz.allow", "/docker/authz/allow", "/data/docker/authz/allow"] {
            assert_eq!(normal_path(path).as_deref(), Ok("data.docker.authz.allow"));
        }
        assert_eq!(normal_path("/docker/a-b").as_deref(), Ok("data.docker[\"a-b\"]"));
        assert_eq!(normal_path("data.x[\"y\"]").as_deref(), Ok("data.x[\"y\"]"));
        for path in ["", "/", "allow", "data", "data.", "//a"] {
            assert!(normal_path(path).is_err(), "{path}");
        }
    }

    #[test]
    fn the_log_names_documents_with_slashes() {
        let path = |path| Question::new(Some(path), None).unwrap().path(Call::Request);
        assert_eq!(path("data.docker.authz.allow"), "/docker/authz/allow");
        assert_eq!(path("/docker/a-b/c"), "/docker/a-b/c");
        assert_eq!(path("data.x[\"y]z\"].w"), "/x/y%5Dz/w");
        assert_eq!(path("data.x[1]"), "data.x[1]");
        let both = Question::new(Some("data.a"), Some("data.b")).unwrap();
        assert_eq!(both.path(Call::Request), "/a, /b");
    }

    #[test]
    fn indexes_follow_the_queries() {
        let both = Question::new(Some("data.a"), Some("/b")).unwrap();
        assert_eq!(both.queries(), ["data.a", "data.b", RESPONSE_PATH_DEFAULT]);
        assert_eq!((both.allow(), both.deny()), (Some((0, "data.a")), Some((1, "data.b"))));
        let deny = Question::new(None, Some("data.b")).unwrap();
        assert_eq!((deny.allow(), deny.deny()), (None, Some((0, "data.b"))));
        let neither = Question::new(None, None).unwrap();
        assert_eq!(neither.allow(), Some((0, ALLOW_PATH_DEFAULT)));
        assert_eq!(neither.response().0, 1);
        let asked = both.with_response("/x/y-z").unwrap();
        let (index, document) = asked.response();
        assert_eq!((index, document.is_required), (2, true));
        assert_eq!(document.steps, Some(vec![Value::from("x"), Value::from("y-z")]));
        assert_eq!(asked.path(Call::Response), "/x/y-z");
    }
}
