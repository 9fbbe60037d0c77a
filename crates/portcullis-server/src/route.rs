//! From a target to what it names.
//!
//! A path is split at its slashes before it is decoded, so that `%2F` is a character of a segment.
//! Must not know: methods' effects, policies.
//!
//! Source: OPA documentation, "REST API"; Go `net/http` (`ServeMux`) for redirects.

/// Most segments of a path. Ours.
const SEGMENTS_MAX: usize = 256;

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/`
    Index,
    /// `/v0/data/…`
    DataV0(Vec<String>),
    /// `/v1/data/…`
    Data(Vec<String>),
    /// `/v1/batch/data/…`
    Batch(Vec<String>),
    /// `/v1/policies`
    Policies,
    /// `/v1/policies/…`: the id.
    Policy(String),
    /// `/v1/query`
    Query,
    /// `/v1/compile`
    Compile,
    /// `/v1/config`
    Config,
    /// `/v1/status`
    Status,
    /// `/health`
    Health,
    /// `/health/…`: the document below `data.system.health`.
    HealthPolicy(Vec<String>),
    /// `/metrics`
    Metrics,
    /// `/metrics/alloc_bytes`
    AllocBytes,
}

/// What a target leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A route.
    Route(Route),
    /// Another target: status and path.
    Redirect(u16, String),
    /// Nothing.
    Nothing,
    /// It cannot be decoded.
    Malformed,
}

impl Route {
    /// Returns the name that metrics know the handler by.
    pub(crate) fn handler(&self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::DataV0(_) => "v0/data",
            Self::Data(_) => "v1/data",
            Self::Batch(_) => "v1/batch/data",
            Self::Policies | Self::Policy(_) => "v1/policies",
            Self::Query => "v1/query",
            Self::Compile => "v1/compile",
            Self::Config => "v1/config",
            Self::Status => "v1/status",
            Self::Health | Self::HealthPolicy(_) => "health",
            Self::Metrics | Self::AllocBytes => "metrics",
        }
    }

    /// Returns the methods it takes.
    pub(crate) fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Index => &["GET", "POST"],
            Self::DataV0(_) | Self::Batch(_) | Self::Compile => &["POST"],
            Self::Data(path) if path.is_empty() => &["GET", "POST", "PUT", "PATCH"],
            Self::Data(_) => &["GET", "POST", "PUT", "PATCH", "DELETE"],
            Self::Policy(_) => &["GET", "PUT", "DELETE"],
            Self::Query => &["GET", "POST"],
            Self::Policies
            | Self::Config
            | Self::Status
            | Self::Health
            | Self::HealthPolicy(_)
            | Self::Metrics
            | Self::AllocBytes => &["GET"],
        }
    }

    /// Returns the `Allow` header of a refused method, where OPA sends one.
    pub(crate) fn allow(&self) -> Option<&'static str> {
        match self {
            Self::Index => Some("GET, HEAD, POST"),
            Self::Compile | Self::Batch(_) => Some("POST"),
            Self::Config
            | Self::Status
            | Self::Health
            | Self::HealthPolicy(_)
            | Self::Metrics
            | Self::AllocBytes => Some("GET, HEAD"),
            Self::DataV0(_) | Self::Data(_) | Self::Policies | Self::Policy(_) | Self::Query => {
                None
            }
        }
    }

    /// Whether authorization sees the body of a request.
    pub(crate) fn shows_body(&self, method: &str) -> bool {
        let takes_input = matches!(
            self,
            Self::Index | Self::DataV0(_) | Self::Data(_) | Self::Batch(_) | Self::Compile
        );
        takes_input && method == "POST"
    }
}

/// Returns what the path of a target, still encoded, leads to.
pub(crate) fn find(path: &str) -> Found {
    if !path.starts_with('/') {
        return Found::Malformed;
    }
    let clean = cleaned(path);
    if clean != path {
        return Found::Redirect(307, clean);
    }
    let Some(parts) = segments(path) else { return Found::Malformed };
    let trailing = parts.len() > 1 && parts.last().is_some_and(String::is_empty);
    let kept = if trailing { parts.len() - 1 } else { parts.len() };
    let parts: Vec<&str> = parts.iter().take(kept).map(String::as_str).collect();
    match (known(&parts), trailing) {
        (None, _) => Found::Nothing,
        (Some(_), true) => Found::Redirect(301, path.trim_end_matches('/').to_string()),
        (Some(route), false) => Found::Route(route),
    }
}

fn known(parts: &[&str]) -> Option<Route> {
    let owned = |rest: &[&str]| rest.iter().map(|part| (*part).to_string()).collect();
    Some(match parts {
        [""] => Route::Index,
        ["v0", "data", rest @ ..] => Route::DataV0(owned(rest)),
        ["v1", "data", rest @ ..] => Route::Data(owned(rest)),
        ["v1", "batch", "data", rest @ ..] => Route::Batch(owned(rest)),
        ["v1", "policies"] => Route::Policies,
        ["v1", "policies", rest @ ..] => Route::Policy(rest.join("/")),
        ["v1", "query"] => Route::Query,
        ["v1", "compile"] => Route::Compile,
        ["v1", "config"] => Route::Config,
        ["v1", "status"] => Route::Status,
        ["health"] => Route::Health,
        ["health", rest @ ..] => Route::HealthPolicy(owned(rest)),
        ["metrics"] => Route::Metrics,
        ["metrics", "alloc_bytes"] => Route::AllocBytes,
        _ => return None,
    })
}

/// Returns the path with `.` and `..` resolved and slashes not doubled; the last one stays.
fn cleaned(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    let ends_open = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    let end = if ends_open && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

/// Returns the decoded segments after the first slash.
pub(crate) fn segments(path: &str) -> Option<Vec<String>> {
    let parts = path.strip_prefix('/')?.split('/');
    let decoded: Vec<String> =
        parts.take(SEGMENTS_MAX + 1).map(percent_decode).collect::<Option<_>>()?;
    (decoded.len() <= SEGMENTS_MAX).then_some(decoded)
}

/// Returns text with `%XX` decoded; nothing where that is not UTF-8 or not hexadecimal.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_string());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(path: &[&str]) -> Found {
        Found::Route(Route::Data(path.iter().map(|part| (*part).to_string()).collect()))
    }

    #[test]
    fn finds_documents() {
        assert_eq!(find("/v1/data"), data(&[]));
        assert_eq!(find("/v1/data/a%2Fb/c%20d"), data(&["a/b", "c d"]));
        assert_eq!(find("/v1/policies/a/b"), Found::Route(Route::Policy("a/b".to_string())));
        assert_eq!(find("/"), Found::Route(Route::Index));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for path in ["/v1", "/v1/", "/nope", "/V1/data", "/v1/data%2Fx", "/v2/data"] {
            assert_eq!(find(path), Found::Nothing, "{path}");
        }
        assert_eq!(find("/v1/data/%zz"), Found::Malformed);
        assert_eq!(find("/v1/data/%ff"), Found::Malformed);
        assert_eq!(find(&format!("/v1/data{}", "/x".repeat(300))), Found::Malformed);
    }

    #[test]
    fn leads_on_from_other_spellings() {
        let to = |status, path: &str| Found::Redirect(status, path.to_string());
        assert_eq!(find("//v1/data"), to(307, "/v1/data"));
        assert_eq!(find("/v1/./data"), to(307, "/v1/data"));
        assert_eq!(find("/v1/data/../policies"), to(307, "/v1/policies"));
        assert_eq!(find("/v1/data/x/"), to(301, "/v1/data/x"));
        assert_eq!(find("/v1/policies/"), to(301, "/v1/policies"));
    }
}
