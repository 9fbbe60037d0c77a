//! What the daemon shows of a response before its client gets it, and what a policy sees of that.
//!
//! Pure. Must not know: policies, which document is asked.
//!
//! Source: moby `pkg/authorization/api.go` and `response.go`: only JSON bodies are shown, and of one
//! above 64 KiB only what has not left yet.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rego::Value;
use serde::Deserialize;

use crate::wire::{Headers, WireError};

/// The status that stands for none: a handler that writes nothing answers with it.
const STATUS_DEFAULT: u16 = 200;

/// Statuses whose responses have no body.
const STATUSES_WITHOUT_BODY: [u16; 2] = [204, 304];

/// A response of the daemon, as far as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthzResponse {
    /// Its status.
    pub status: u16,
    /// Its headers, one value a name; `None` where the daemon sent no map.
    pub headers: Option<Vec<(String, String)>>,
    /// What is shown of its body.
    pub body: Vec<u8>,
}

/// The fields of a message that tell of the response.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message<'a> {
    #[serde(default)]
    response_status_code: Option<u16>,
    #[serde(default)]
    response_headers: Option<Headers>,
    #[serde(default, borrow)]
    response_body: Option<Cow<'a, str>>,
}

/// Returns what the bytes of an `AuthZPlugin.AuthZRes` tell of the response. The request that they
/// tell of, too, is for [`crate::wire::decode`] to read.
///
/// Errors: anything but a JSON object with a status, headers that are distinct strings, and a body
/// in base64, where they are there.
pub fn decode(bytes: &[u8]) -> Result<AuthzResponse, WireError> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(WireError::Json("not an object".to_string()));
    }
    let message: Message<'_> =
        serde_json::from_slice(bytes).map_err(|error| WireError::Json(error.to_string()))?;
    let body = message.response_body.as_deref().unwrap_or_default();
    let body = STANDARD.decode(body);
    Ok(AuthzResponse {
        status: message.response_status_code.unwrap_or(STATUS_DEFAULT),
        headers: message.response_headers.map(|headers| headers.0),
        body: body.map_err(|error| WireError::ResponseBase64(error.to_string()))?,
    })
}

impl AuthzResponse {
    /// Returns the value of a header, spelled as Go spells it.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().flatten();
        headers.find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns `input.Response`: `StatusCode`, `Headers`, `Body` (`null` where it is not one JSON
    /// value) and `Truncated` (whether the daemon sends more of a body than that, as far as it can
    /// be told). `method` is that of the request.
    pub fn to_value(&self, method: &str) -> Value {
        let body = Value::from_json(&self.body).ok();
        let is_truncated = match &body {
            Some(_) => false,
            None => !self.body.is_empty() || self.hides_a_body(method),
        };
        let entry = |(name, value): &(String, String)| {
            (Value::from(name.as_str()), Value::from(value.as_str()))
        };
        let headers = self.headers.as_ref();
        let headers = headers.map(|headers| Value::object(headers.iter().map(entry).collect()));
        Value::object_from_strs([
            ("Body", body.unwrap_or(Value::NULL)),
            ("Headers", headers.unwrap_or(Value::NULL)),
            ("StatusCode", Value::from(i64::from(self.status))),
            ("Truncated", Value::from(is_truncated)),
        ])
    }

    /// Whether there is a body though none is shown: the headers announce one.
    fn hides_a_body(&self, method: &str) -> bool {
        let has_none = method == "HEAD" || STATUSES_WITHOUT_BODY.contains(&self.status);
        let is_announced = match self.header("Content-Length") {
            Some(length) => length != "0",
            None => self.header("Content-Type").is_some(),
        };
        is_announced && !has_none
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(fields: &str) -> String {
        format!("{{\"RequestMethod\":\"GET\",\"RequestUri\":\"/info\"{fields}}}")
    }

    fn seen(method: &str, fields: &str) -> String {
        let response = decode(message(fields).as_bytes()).unwrap();
        response.to_value(method).to_json()
    }

    #[test]
    fn shows_what_the_daemon_shows() {
        for (method, fields, expected) in [
            (
                "GET",
                r#","ResponseStatusCode":404,"ResponseBody":"eyJhIjoxfQo=","ResponseHeaders":{"Server":"s"}"#,
                r#"{"Body":{"a":1},"Headers":{"Server":"s"},"StatusCode":404,"Truncated":false}"#,
            ),
            ("GET", "", r#"{"Body":null,"Headers":null,"StatusCode":200,"Truncated":false}"#),
            (
                "GET",
                r#","ResponseBody":"fV0=","ResponseHeaders":null"#,
                r#"{"Body":null,"Headers":null,"StatusCode":200,"Truncated":true}"#,
            ),
            (
                "GET",
                r#","ResponseHeaders":{"Content-Type":"application/x-tar"}"#,
                r#"{"Body":null,"Headers":{"Content-Type":"application/x-tar"},"StatusCode":200,"Truncated":true}"#,
            ),
            (
                "HEAD",
                r#","ResponseHeaders":{"Content-Length":"7"}"#,
                r#"{"Body":null,"Headers":{"Content-Length":"7"},"StatusCode":200,"Truncated":false}"#,
            ),
            (
                "GET",
                r#","ResponseStatusCode":304,"ResponseHeaders":{"Content-Type":"x"}"#,
                r#"{"Body":null,"Headers":{"Content-Type":"x"},"StatusCode":304,"Truncated":false}"#,
            ),
        ] {
            assert_eq!(seen(method, fields), expected, "{fields}");
        }
    }

    #[test]
    fn refuses_what_is_not_one_response() {
        for fields in [
            r#","ResponseStatusCode":"200""#,
            r#","ResponseStatusCode":-1"#,
            r#","ResponseStatusCode":200,"ResponseStatusCode":403"#,
            r#","ResponseBody":"e30"#,
            r#","ResponseBody":"not base64""#,
            r#","ResponseHeaders":["a"]"#,
            r#","ResponseHeaders":{"A":"1","A":"2"}"#,
        ] {
            assert!(decode(message(fields).as_bytes()).is_err(), "{fields}");
        }
        assert!(decode(b"[200,{},\"\"]").is_err());
        assert!(decode(b"").is_err());
    }
}
