//! What of a call may be recorded: the message without its secrets, such that whoever reads it comes to
//! the same decision.
//!
//! Unlike in the log the shape stays: bodies keep their keys (repeated ones, too), types and
//! spelling, and only texts are replaced. Pure. Must not know: files.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use serde_json::{Map, Value as Json};

use crate::mask::{self, BodyKind, MASKED};
use crate::uri;

/// Stands in place of hidden bytes in base64: [`MASKED`] in base64.
const MASKED_BASE64: &str = "\"KiptYXNrZWQqKg==\"";

/// Stands in place of a hidden text.
const MASKED_TEXT: &str = "\"**masked**\"";

/// Hides the secrets of a message: headers, parameters, bodies.
pub(crate) fn redact(message: &mut Map<String, Json>) {
    let uri = message.get("RequestUri").or_else(|| message.get("RequestURI"));
    let target = uri.and_then(Json::as_str).map(uri::parse);
    let kind = match target {
        Some(Ok(target)) => BodyKind::of(&target.path),
        _ => BodyKind::Other,
    };
    for name in ["RequestUri", "RequestURI"] {
        if let Some(Json::String(uri)) = message.get_mut(name) {
            *uri = redact_uri(uri);
        }
    }
    for (body, headers) in [("RequestBody", "RequestHeaders"), ("ResponseBody", "ResponseHeaders")]
    {
        let lengths = message.get_mut(body).and_then(|body| redact_field(body, kind));
        let Some(Json::Object(headers)) = message.get_mut(headers) else { continue };
        for (name, value) in headers.iter_mut() {
            if mask::is_secret_header(name) {
                *value = Json::from(MASKED);
            }
        }
        // Whoever compares the two shall not take the body for one that was cut.
        if let (Some((before, after)), Some(length)) = (lengths, headers.get_mut("Content-Length"))
            && length.as_str().and_then(|text| text.parse().ok()) == Some(before)
        {
            *length = Json::from(after.to_string());
        }
    }
}

/// Hides the secrets of a body in base64. Returns how many bytes it had, and has.
fn redact_field(field: &mut Json, kind: BodyKind) -> Option<(usize, usize)> {
    let body = STANDARD.decode(field.as_str()?);
    let Ok(body) = body else {
        *field = Json::from(MASKED); // no base64, as before
        return None;
    };
    if body.is_empty() {
        return None;
    }
    let redacted = redact_body(&body, kind);
    *field = Json::from(STANDARD.encode(&redacted));
    Some((body.len(), redacted.len()))
}

/// Returns a body without its secrets; of what is not JSON nothing stays.
fn redact_body(body: &[u8], kind: BodyKind) -> Vec<u8> {
    let is_json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
    let text = std::str::from_utf8(body).ok().filter(|_| is_json);
    match text {
        Some(text) => Redactor::new(kind).redact(text).into_bytes(),
        None => MASKED.as_bytes().to_vec(),
    }
}

/// Hides secret parameters of a target; of a JSON object its keys stay.
fn redact_uri(uri: &str) -> String {
    let Some((path, query)) = uri.split_once('?') else { return uri.to_string() };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if mask::is_secret_parameter(name) => {
            format!("{name}={}", redact_parameter(value))
        }
        _ => pair.to_string(),
    });
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}

fn redact_parameter(value: &str) -> String {
    let decoded = uri::parse(&format!("/?x={value}"));
    let decoded = decoded.ok().and_then(|target| target.query.into_iter().next());
    let text = decoded.map(|(_, text)| text).filter(|text| text.starts_with(['{', '[']));
    match text.filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok()) {
        Some(text) => escape(&Redactor::hiding(Hide::Texts).redact(&text)),
        None => MASKED.to_string(),
    }
}

fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'*' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
        escaped
    })
}

/// What is hidden of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hide {
    Nothing,
    /// All texts.
    Texts,
    /// The same, bytes in base64.
    Bytes,
    /// The values of a list of `NAME=value`.
    Variables,
}

/// An object or an array on the way.
struct Frame {
    hide: Hide,
    is_object: bool,
    /// Whether the next text is a key.
    awaits_key: bool,
    /// What is hidden of the value behind the last key.
    member: Hide,
}

/// Copies JSON text, and hides what is secret. What it gets must be JSON.
struct Redactor {
    kind: BodyKind,
    top: Hide,
    frames: Vec<Frame>,
}

impl Redactor {
    fn new(kind: BodyKind) -> Self {
        let top = match kind {
            BodyKind::Credentials => Hide::Texts,
            BodyKind::Settings => Hide::Variables,
            BodyKind::Data | BodyKind::Other => Hide::Nothing,
        };
        Self { kind, top, frames: Vec::new() }
    }

    fn hiding(top: Hide) -> Self {
        Self { kind: BodyKind::Other, top, frames: Vec::new() }
    }

    fn redact(mut self, text: &str) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let end = if first == '"' { end_of_text(rest) } else { first.len_utf8() };
            let Some((token, after)) = rest.split_at_checked(end) else { break };
            rest = after;
            match first {
                '"' => redacted.push_str(&self.text(token)),
                _ => {
                    self.step(first);
                    redacted.push_str(token);
                }
            }
        }
        redacted
    }

    /// What is hidden of the value that comes next.
    fn hides(&self) -> Hide {
        match self.frames.last() {
            None => self.top,
            Some(frame) if frame.is_object => frame.member,
            Some(frame) => frame.hide,
        }
    }

    fn step(&mut self, mark: char) {
        match mark {
            '{' | '[' => {
                let (hide, is_object) = (self.hides(), mark == '{');
                self.frames.push(Frame { hide, is_object, awaits_key: is_object, member: hide });
            }
            '}' | ']' => drop(self.frames.pop()),
            ':' | ',' => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.awaits_key = mark == ',' && frame.is_object;
                }
            }
            _ => {}
        }
    }

    /// Returns what stands in place of a text: a key, or a value.
    fn text<'t>(&mut self, token: &'t str) -> Cow<'t, str> {
        let kind = self.kind;
        if let Some(frame) = self.frames.last_mut().filter(|frame| frame.awaits_key) {
            let key: String = serde_json::from_str(token).unwrap_or_default();
            frame.member = hides_member(frame.hide, &key, kind);
            return Cow::Borrowed(token);
        }
        let is_empty = token == "\"\"";
        match self.hides() {
            _ if is_empty => Cow::Borrowed(token), // hides nothing, and may mean something
            Hide::Nothing => Cow::Borrowed(token),
            Hide::Texts => Cow::Borrowed(MASKED_TEXT),
            Hide::Bytes => Cow::Borrowed(MASKED_BASE64),
            Hide::Variables => {
                let text: String = serde_json::from_str(token).unwrap_or_default();
                match text.split_once('=') {
                    Some((name, _)) => {
                        Cow::Owned(Json::from(format!("{name}={MASKED}")).to_string())
                    }
                    None => Cow::Borrowed(token), // a name alone
                }
            }
        }
    }
}

fn hides_member(all: Hide, key: &str, kind: BodyKind) -> Hide {
    match all {
        Hide::Texts | Hide::Bytes => all,
        // Variables are a list; in an object nobody knows which text is the name.
        Hide::Variables => Hide::Texts,
        Hide::Nothing if mask::is_variables(key) => Hide::Variables,
        Hide::Nothing if mask::is_data(key, kind) => Hide::Bytes,
        Hide::Nothing if mask::is_secret_field(key) => Hide::Texts,
        Hide::Nothing => Hide::Nothing,
    }
}

/// Returns where a text that begins with a quotation mark ends.
fn end_of_text(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(uri: &str, body: &str) -> String {
        let message = serde_json::json!({
            "RequestUri": uri,
            "RequestHeaders": { "Content-Length": body.len().to_string(), "X-Registry-Auth": "s" },
            "RequestBody": STANDARD.encode(body),
        });
        let Json::Object(mut message) = message else { panic!() };
        redact(&mut message);
        let body = STANDARD.decode(message["RequestBody"].as_str().unwrap()).unwrap();
        assert_eq!(message["RequestHeaders"]["Content-Length"], body.len().to_string());
        assert_eq!(message["RequestHeaders"]["X-Registry-Auth"], MASKED);
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn hides_texts_and_keeps_the_shape() {
        for (uri, body, expected) in [
            (
                "/v1.41/containers/create",
                r#"{ "Env": ["A=1","B", ""], "env":["C=\"2"], "Cmd":["x=1"], "Memory":1.50e2 }"#,
                r#"{ "Env": ["A=**masked**","B", ""], "env":["C=**masked**"], "Cmd":["x=1"], "Memory":1.50e2 }"#,
            ),
            (
                "/v1.41/secrets/create",
                r#"{"Name":"n","Data":"ZA==","Labels":{"Data":"ZA=="}}"#,
                r#"{"Name":"n","Data":"KiptYXNrZWQqKg==","Labels":{"Data":"KiptYXNrZWQqKg=="}}"#,
            ),
            (
                "/swarm/join",
                r#"{"JoinToken":"t","RemoteAddrs":["a"],"joinTo\u212aen":"t"}"#,
                r#"{"JoinToken":"**masked**","RemoteAddrs":["a"],"joinTo\u212aen":"**masked**"}"#,
            ),
            (
                "/x",
                r#"{"Auth":{"a":["b",{"c":"d","e":1}]},"Image":"i"}"#,
                r#"{"Auth":{"a":["**masked**",{"c":"**masked**","e":1}]},"Image":"i"}"#,
            ),
            ("/plugins/x/set", r#"["A=1"]"#, r#"["A=**masked**"]"#),
            ("/auth", r#"{"username":"u"}"#, r#"{"username":"**masked**"}"#),
            ("/x", "{} {}", MASKED),
            ("/x", r#"{"Password":"p""#, MASKED),
        ] {
            assert_eq!(redacted(uri, body), expected, "{body}");
        }
    }

    #[test]
    fn hides_parameters() {
        for (uri, expected) in [
            (
                "/build?t=x&buildargs=%7B%22A%22%3A%22s%22%7D",
                "/build?t=x&buildargs=%7B%22A%22%3A%22**masked**%22%7D",
            ),
            (
                "/build?buildargs=s&buildargs={%22A%22:1}",
                "/build?buildargs=**masked**&buildargs=%7B%22A%22%3A1%7D",
            ),
            ("/commit?changes=ENV+A=s", "/commit?changes=**masked**"),
            ("/x?a=b&c", "/x?a=b&c"),
        ] {
            assert_eq!(redact_uri(uri), expected);
        }
    }
}
