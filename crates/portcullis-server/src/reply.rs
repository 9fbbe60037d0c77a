//! What is sent back, before it becomes bytes on a connection.

use http::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, VARY};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use rego::Value;

use crate::error::ApiError;

pub(crate) const JSON: &str = "application/json";
pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: Vec<u8>,
    pub(crate) allow: Option<&'static str>,
    pub(crate) location: Option<String>,
    pub(crate) is_gzip: bool,
    pub(crate) varies: bool,
    /// The error's JSON, for the decision log and the trace.
    pub(crate) error: Option<Box<ApiError>>,
}

impl Reply {
    /// Returns JSON on one line, or laid out; with a line break at its end.
    pub(crate) fn json(status: u16, value: &Value, pretty: Pretty) -> Self {
        let mut text = match pretty {
            Pretty::No => value.to_json(),
            Pretty::Yes => value.to_json_pretty("  "),
        };
        text.push('\n');
        Self { status, content_type: Some(JSON), body: text.into_bytes(), ..Self::default() }
    }

    /// Returns text of a type.
    pub(crate) fn text(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type: Some(content_type), body: body.into(), ..Self::default() }
    }

    /// Returns a status without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// Returns an error, always laid out.
    pub(crate) fn error(error: ApiError) -> Self {
        let reply = Self::json(error.status, &error.to_value(), Pretty::Yes);
        Self { error: Some(Box::new(error)), ..reply }
    }

    /// Returns it as a response.
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.body)));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(Ok(location)) = self.location.map(HeaderValue::try_from) {
            headers.insert(LOCATION, location);
        }
        if self.is_gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if self.varies {
            headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        response
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        Self::error(error)
    }
}

/// Whether JSON is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pretty {
    /// On one line.
    No,
    /// Over several.
    Yes,
}
