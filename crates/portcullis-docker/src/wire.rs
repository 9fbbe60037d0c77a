//! What dockerd sends and what it gets: bytes to request, answer to bytes.
//!
//! Strict: what is not exactly one well-formed request is an error, and an error is a refusal.
//! Must not know: policies, files.
//!
//! Source: moby `pkg/authorization/api.go`.

use std::borrow::Cow;
use std::fmt;

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// What the daemon asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A request, before the daemon acts (`AuthZReq`).
    Request,
    /// Its response, before the client gets it (`AuthZRes`).
    Response,
}

impl Call {
    /// Returns the protocol's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "AuthZReq",
            Self::Response => "AuthZRes",
        }
    }
}

/// A request to the daemon that it asks us about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthzRequest {
    /// The common name of the client's certificate; empty without.
    pub user: String,
    /// How the client proved who it is (`TLS`); empty where it did not.
    pub user_authn_method: String,
    /// The method of the request.
    pub method: String,
    /// Its target as it came: path and query, or absolute, still encoded.
    pub uri: String,
    /// Its headers, one value a name; `None` where the daemon sent no map.
    pub headers: Option<Vec<(String, String)>>,
    /// Its body, where the daemon shows one.
    pub body: Vec<u8>,
    /// The certificates that the client showed, in PEM, its own first.
    pub certificates: Vec<Vec<u8>>,
}

/// Most certificates of one client. Ours; chains have three or four.
const CERTIFICATES_MAX: usize = 16;

/// Most bytes of one certificate in base64. Ours.
const CERTIFICATE_BYTES_MAX: usize = 64 << 10;

/// Why bytes are not a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireError {
    /// Not the JSON object that the protocol asks for.
    Json(String),
    /// The request's body is not base64.
    Base64(String),
    /// The response's body is not base64.
    ResponseBase64(String),
    /// A certificate is not base64, or there is too much of them.
    Certificates,
    /// A field without which nothing can be decided is absent.
    Absent(&'static str),
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(message) => write!(f, "malformed authorization request: {message}"),
            Self::Base64(message) => {
                write!(f, "malformed authorization request: RequestBody is not base64: {message}")
            }
            Self::ResponseBase64(message) => {
                write!(f, "malformed authorization request: ResponseBody is not base64: {message}")
            }
            Self::Certificates => f.write_str(
                "malformed authorization request: RequestPeerCertificates is not a short list of base64",
            ),
            Self::Absent(field) => write!(f, "malformed authorization request: no {field}"),
        }
    }
}

impl std::error::Error for WireError {}

/// The answer to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer {
    /// Whether the daemon may go on.
    pub allow: bool,
    /// What the user is told where it may not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub msg: String,
}

impl Answer {
    /// Returns the answer that lets the daemon go on.
    pub fn allowed() -> Self {
        Self { allow: true, msg: String::new() }
    }

    /// Returns the answer that refuses, and tells the user why.
    pub fn denied(msg: impl Into<String>) -> Self {
        Self { allow: false, msg: msg.into() }
    }
}

/// The request as JSON. Fields that are not listed (those of responses, ones of engines to come) are
/// passed over.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message<'a> {
    #[serde(default)]
    user: Option<String>,
    #[serde(default, rename = "UserAuthNMethod")]
    user_authn_method: Option<String>,
    #[serde(default)]
    request_method: Option<String>,
    #[serde(default, rename = "RequestUri", alias = "RequestURI")]
    request_uri: Option<String>,
    #[serde(default)]
    request_headers: Option<Headers>,
    /// Borrowed where it can be: it is most of the message.
    #[serde(default, borrow)]
    request_body: Option<Text<'a>>,
    #[serde(default, borrow)]
    request_peer_certificates: Option<Vec<Text<'a>>>,
}

/// A text that is borrowed where it has no escapes. (Inside of an option or a list none would be.)
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Returns the request that `bytes` hold.
///
/// Errors: anything but one JSON object with a method, a target, headers that are distinct strings,
/// and body and certificates in base64.
pub fn decode(bytes: &[u8]) -> Result<AuthzRequest, WireError> {
    // An array of the fields' values would be read as well.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(WireError::Json("not an object".to_string()));
    }
    // That all is UTF-8 is quicker to see than that each text is; what is passed over need not be.
    let message: Result<Message<'_>, _> = match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(bytes),
    };
    let message = message.map_err(|error| WireError::Json(error.to_string()))?;
    let body = message.request_body.as_ref().map_or("", |body| &body.0);
    let body = decode_base64(body).map_err(|error| WireError::Base64(error.to_string()))?;
    let certificates = certificates(message.request_peer_certificates.as_deref())?;
    let present = |field: Option<String>, name| {
        field.filter(|text| !text.is_empty()).ok_or(WireError::Absent(name))
    };
    Ok(AuthzRequest {
        user: message.user.unwrap_or_default(),
        user_authn_method: message.user_authn_method.unwrap_or_default(),
        method: present(message.request_method, "RequestMethod")?,
        uri: present(message.request_uri, "RequestUri")?,
        headers: message.request_headers.map(|headers| headers.0),
        body,
        certificates,
    })
}

/// Bodies are long; this decoder takes a tenth of the other's time, which knows what is wrong.
fn decode_base64(text: &str) -> Result<Vec<u8>, DecodeError> {
    base64_simd::STANDARD.decode_to_vec(text).or_else(|_| STANDARD.decode(text))
}

fn certificates(encoded: Option<&[Text<'_>]>) -> Result<Vec<Vec<u8>>, WireError> {
    let encoded = encoded.unwrap_or_default();
    let fits = |one: &Text<'_>| one.0.len() <= CERTIFICATE_BYTES_MAX;
    if encoded.len() > CERTIFICATES_MAX || !encoded.iter().all(fits) {
        return Err(WireError::Certificates);
    }
    let decoded: Result<Vec<_>, _> = encoded.iter().map(|one| decode_base64(&one.0)).collect();
    decoded.map_err(|_| WireError::Certificates)
}

/// Returns the bytes of an answer.
pub fn encode(answer: &Answer) -> Vec<u8> {
    // Cannot fail: a boolean and a string. Were it to, the daemon refuses what it cannot read.
    serde_json::to_vec(answer).unwrap_or_default()
}

/// Headers: an object of strings in which no name comes twice.
pub(crate) struct Headers(pub(crate) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers: Vec<(String, String)> = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    headers.push(entry);
                }
                headers.sort();
                let repeats = headers.windows(2).any(|pair| match pair {
                    [(one, _), (next, _)] => one == next,
                    _ => false,
                });
                if repeats {
                    return Err(A::Error::custom("a header comes twice"));
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_a_daemon_sends() {
        let bytes = br#"{"User":"alice","UserAuthNMethod":"TLS","RequestMethod":"POST",
            "RequestUri":"/v1.41/containers/create","RequestBody":"e30=",
            "RequestHeaders":{"B":"2","A":"1"},"RequestPeerCertificates":["eA=="]}"#;
        let request = decode(bytes).unwrap();
        assert_eq!(request.user, "alice");
        assert_eq!(request.user_authn_method, "TLS");
        assert_eq!(request.uri, "/v1.41/containers/create");
        assert_eq!(request.body, b"{}");
        assert_eq!(request.certificates, [b"x"]);
        let headers = request.headers.unwrap();
        assert_eq!(headers, [("A".into(), "1".into()), ("B".into(), "2".into())]);
    }

    #[test]
    fn refuses_what_is_not_one_request() {
        for bytes in [
            "",
            "null",
            "[]",
            "{}",
            r#"["alice","TLS","GET","/v1.41/info",{},""]"#,
            r#"{"RequestMethod":"GET"}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/"} {}"#,
            r#"{"RequestMethod":"GET","RequestMethod":"HEAD","RequestUri":"/"}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestUri":"/x"}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestHeaders":{"A":"1","A":"2"}}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestURI":"/x"}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestBody":"","RequestBody":"e30="}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","User":"a","User":"b"}"#,
            r#"{"RequestMethod":"GET","RequestUri":""}"#,
            r#"{"RequestMethod":null,"RequestUri":"/"}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestHeaders":{"A":["1"]}}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestHeaders":{"A":null}}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestHeaders":[["A","1"]]}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestHeaders":"A: 1"}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestBody":{}}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestBody":"e30"}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestBody":"e30=e30="}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestBody":"not base64"}"#,
            r#"{"RequestMethod":1,"RequestUri":"/"}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestPeerCertificates":["x"]}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestPeerCertificates":[null]}"#,
            r#"{"RequestMethod":"GET","RequestUri":"/","RequestPeerCertificates":"eA=="}"#,
        ] {
            assert!(decode(bytes.as_bytes()).is_err(), "{bytes}");
        }
    }

    #[test]
    fn both_decoders_of_base64_take_the_same() {
        let letters = b"AZaz09+/=-_ \n\xc3";
        let check = |text: &[u8]| {
            let quick = base64_simd::STANDARD.decode_to_vec(text).ok();
            assert_eq!(quick, STANDARD.decode(text).ok(), "{}", text.escape_ascii());
        };
        // What is decoded in long steps, then whatever may come at any place of it.
        for length in 0..140 {
            let bytes: Vec<u8> = (0..length).map(|at: u8| at.wrapping_mul(37)).collect();
            let text = STANDARD.encode(&bytes).into_bytes();
            check(&text);
            for at in 0..text.len() {
                for letter in letters {
                    let mut changed = text.clone();
                    changed[at] = *letter;
                    check(&changed);
                    changed.truncate(at + 1);
                    check(&changed);
                }
            }
        }
        for ends in [&b"="[..], b"==", b"===", b"====", b"A===", b"AA=", b"AA==AA==", b"AA=A"] {
            check(ends);
        }
    }

    #[test]
    fn a_text_that_is_passed_over_may_be_any_bytes() {
        let bytes = b"{\"RequestMethod\":\"GET\",\"RequestUri\":\"/\",\"Other\":\"\xff\"}";
        assert_eq!(decode(bytes).unwrap().method, "GET");
        assert!(decode(b"{\"RequestMethod\":\"GET\",\"RequestUri\":\"/\xff\"}").is_err());
    }

    #[test]
    fn encodes_answers() {
        assert_eq!(encode(&Answer::allowed()), br#"{"Allow":true}"#);
        assert_eq!(encode(&Answer::denied("no")), br#"{"Allow":false,"Msg":"no"}"#);
    }
}
