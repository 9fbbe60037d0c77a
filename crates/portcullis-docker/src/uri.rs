//! The target of a request, taken apart as Go's `net/url` does, since the daemon routes by that.
//!
//! Pure. Must not know: Docker's paths.
//!
//! Source: Go `net/url`, functions `Parse`, `ParseRequestURI`, `ParseQuery`; RFC 3986.

use std::fmt;

/// A target's path and query, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The path, percent-decoded; bytes that are not UTF-8 read as U+FFFD.
    pub path: String,
    /// The pairs of the query, in order; pairs that cannot be decoded are left out.
    pub query: Vec<(String, String)>,
    /// Whether a slash of the path was encoded.
    pub has_encoded_slash: bool,
    /// Why pairs of the query are left out, where some are.
    pub query_fault: Option<QueryFault>,
}

/// Why a pair of a query cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryFault {
    /// It has a semicolon, which old Go takes for an ampersand.
    Semicolon,
    /// It has a percent sign without two hexadecimal digits.
    Escape,
}

/// Longest target, in bytes. The daemon's own server takes no longer heads than this.
pub const TARGET_BYTES_MAX: usize = 1 << 20;

/// Why a target cannot be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriError {
    /// A control character.
    ControlCharacter,
    /// A percent sign without two hexadecimal digits.
    Escape,
    /// A number sign, which a client keeps to itself: the daemon takes it for a part of the path or
    /// the query, other readers for their end.
    Fragment,
    /// A colon where a scheme would end, without a scheme.
    Scheme,
    /// Longer than [`TARGET_BYTES_MAX`].
    TooLong,
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlCharacter => "invalid control character in request target",
            Self::Escape => "invalid percent escape in request target",
            Self::Fragment => "number sign in request target",
            Self::Scheme => "request target is neither a path nor a URL",
            Self::TooLong => "request target is longer than 1 MiB",
        })
    }
}

impl std::error::Error for UriError {}

/// Returns the parts of a target.
///
/// Errors: a target that Go refuses, or one that is too long.
pub fn parse(raw: &str) -> Result<Target, UriError> {
    if raw.len() > TARGET_BYTES_MAX {
        return Err(UriError::TooLong);
    }
    if raw.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err(UriError::ControlCharacter);
    }
    if raw.contains('#') {
        return Err(UriError::Fragment);
    }
    let (scheme, rest) = split_scheme(raw)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = path_of(scheme, rest)?;
    let has_encoded_slash = path.as_bytes().windows(3).any(|at| at.eq_ignore_ascii_case(b"%2f"));
    let path = unescape(path, Plus::Kept)?;
    let (query, query_fault) = parse_query(query);
    Ok(Target { path, query, has_encoded_slash, query_fault })
}

/// Splits off `scheme:`; an empty scheme is none.
fn split_scheme(raw: &str) -> Result<(&str, &str), UriError> {
    let Some((head, rest)) = raw.split_once(':') else { return Ok(("", raw)) };
    let mut bytes = head.bytes();
    match bytes.next() {
        None => Err(UriError::Scheme),
        Some(first) if !first.is_ascii_alphabetic() => Ok(("", raw)),
        Some(_) if bytes.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) => {
            Ok((head, rest))
        }
        Some(_) => Ok(("", raw)),
    }
}

/// Returns the path behind an authority, if there is one.
fn path_of<'a>(scheme: &str, rest: &'a str) -> Result<&'a str, UriError> {
    if !rest.starts_with('/') {
        let first = rest.split('/').next().unwrap_or("");
        return match (scheme.is_empty(), first.contains(':')) {
            (false, _) => Ok(""), // opaque: `mailto:x` has no path
            (true, true) => Err(UriError::Scheme),
            (true, false) => Ok(rest),
        };
    }
    let has_authority = rest.starts_with("//") && (!scheme.is_empty() || !rest.starts_with("///"));
    if !has_authority {
        return Ok(rest);
    }
    let behind = rest.get(2..).unwrap_or("");
    Ok(behind.find('/').and_then(|at| behind.get(at..)).unwrap_or(""))
}

fn parse_query(query: &str) -> (Vec<(String, String)>, Option<QueryFault>) {
    let decode = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((unescape(key, Plus::Space).ok()?, unescape(value, Plus::Space).ok()?))
    };
    let (mut pairs, mut fault) = (Vec::new(), None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if pair.contains(';') {
            fault = fault.or(Some(QueryFault::Semicolon));
        } else if let Some(pair) = decode(pair) {
            pairs.push(pair);
        } else {
            fault = fault.or(Some(QueryFault::Escape));
        }
    }
    (pairs, fault)
}

/// What a plus sign stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plus {
    Kept,
    Space,
}

fn unescape(text: &str, plus: Plus) -> Result<String, UriError> {
    let is_plain = |byte: u8| byte != b'%' && (byte != b'+' || plus == Plus::Kept);
    if text.bytes().all(is_plain) {
        return Ok(text.to_string());
    }
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'%' => {
                let digits = bytes.next().and_then(hex).zip(bytes.next().and_then(hex));
                let (high, low) = digits.ok_or(UriError::Escape)?;
                high << 4 | low
            }
            b'+' if plus == Plus::Space => b' ',
            other => other,
        });
    }
    Ok(match String::from_utf8(plain) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

fn hex(digit: u8) -> Option<u8> {
    let digit = char::from(digit).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(raw: &str) -> String {
        parse(raw).unwrap().path
    }

    #[test]
    fn takes_paths_apart_as_go_does() {
        assert_eq!(path("/v1.41/containers/json?all=1"), "/v1.41/containers/json");
        assert_eq!(path("/v1.41/containers/cre%61te"), "/v1.41/containers/create");
        assert_eq!(path("http://d/v1.41/info"), "/v1.41/info");
        assert_eq!(path("http://d"), "");
        assert_eq!(path("//v1.41/containers/create"), "/containers/create");
        assert_eq!(path("///v1.41/x"), "///v1.41/x");
        assert_eq!(path("/a+b"), "/a+b");
        assert_eq!(path("/images/a:b/tag"), "/images/a:b/tag");
        assert_eq!(path("mailto:x"), "");
        assert_eq!(path("*"), "*");
        assert_eq!(path("/%ff"), "/\u{fffd}");
    }

    #[test]
    fn refuses_what_go_refuses() {
        assert_eq!(parse("/%zz"), Err(UriError::Escape));
        assert_eq!(parse("/%4"), Err(UriError::Escape));
        assert_eq!(parse("/a\nb"), Err(UriError::ControlCharacter));
        assert_eq!(parse("/x?a=1#&b=2"), Err(UriError::Fragment));
        assert_eq!(parse(":x"), Err(UriError::Scheme));
        assert_eq!(parse("1a:b"), Err(UriError::Scheme));
    }

    #[test]
    fn decodes_queries() {
        let target = parse("/x?a=1&b=%7B%22c%22%3Atrue%7D&a=2+3&d&&e;f=1&g=%zz").unwrap();
        let pairs: Vec<_> = target.query.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "{\"c\":true}"), ("a", "2 3"), ("d", "")]);
        assert_eq!(target.query_fault, Some(QueryFault::Semicolon));
        assert_eq!(parse("/x?g=%z").unwrap().query_fault, Some(QueryFault::Escape));
        assert_eq!(parse("/x?a=%2F;").unwrap().query_fault, Some(QueryFault::Semicolon));
    }

    #[test]
    fn tells_of_encoded_slashes_in_the_path_alone() {
        assert!(parse("/images/a%2Fb/json").unwrap().has_encoded_slash);
        assert!(parse("http://d/images/a%2fb/json").unwrap().has_encoded_slash);
        assert!(!parse("/images/a%252Fb/json?x=%2F").unwrap().has_encoded_slash);
    }
}
