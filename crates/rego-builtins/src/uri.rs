//! URIs: `uri.parse`, `uri.is_valid`.
//!
//! Source: RFC 3986 as Go's `net/url` reads it; OPA `v1/topdown/uri.go`.

mod escape;

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::{charge, gofmt, operand};

use escape::{Part, escape_path, unescape};

const PARTS: Type = Type::Object(&[], Some(&(Type::String, Type::String)));

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("uri.is_valid", &[Type::String], Type::Boolean), is_valid),
    Builtin::new(Decl::function("uri.parse", &[Type::String], PARTS), parse),
];

/// Returns whether it is a URI or a relative reference that is not empty: `uri.is_valid("a/b")`.
fn is_valid(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let Some(text) = operand::any(operands, 0)?.as_str() else { return Ok(Value::FALSE) };
    charge::make(context, text.len())?;
    Ok(Value::from(!text.is_empty() && Uri::parse(text).is_ok()))
}

/// Returns the parts that the URI has: `uri.parse("http://a:80/b").port == "80"`.
fn parse(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, text.len() * 2)?;
    let failed = |why| BuiltinError::Failed(format!("parse {}: {why}", gofmt::quote(text)));
    let uri = Uri::parse(text).map_err(failed)?;
    let (hostname, port) = uri.hostname_and_port();
    let parts = [
        ("scheme", uri.scheme.as_str()),
        ("hostname", hostname),
        ("port", port),
        ("path", uri.path.as_str()),
        ("raw_path", uri.raw_path.as_str()),
        ("raw_query", uri.raw_query),
        ("fragment", uri.fragment.as_str()),
    ];
    let present = parts.into_iter().filter(|(_, text)| !text.is_empty());
    Ok(Value::object(present.map(|(key, text)| (key.into(), text.into())).collect()))
}

#[derive(Default)]
struct Uri<'t> {
    scheme: String,
    host: String,
    path: String,
    /// The path as written where Go would write it differently, else the path.
    raw_path: String,
    raw_query: &'t str,
    fragment: String,
}

impl<'t> Uri<'t> {
    fn parse(text: &'t str) -> Result<Self, String> {
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        let mut uri = Self::without_fragment(text)?;
        uri.fragment = unescape(fragment, Part::Fragment)?;
        Ok(uri)
    }

    fn without_fragment(text: &'t str) -> Result<Self, String> {
        if text.bytes().any(|b| b < b' ' || b == 0x7f) {
            return Err("net/url: invalid control character in URL".to_string());
        }
        let (scheme, rest) = scheme(text)?;
        let (rest, raw_query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self { scheme: scheme.to_ascii_lowercase(), raw_query, ..Self::default() };
        if !rest.starts_with('/') {
            if !scheme.is_empty() {
                return Ok(uri); // "mailto:a": neither host nor path.
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_string());
            }
        }
        let mut path = rest;
        let relative = scheme.is_empty() && rest.starts_with("///");
        if let Some(behind) = rest.strip_prefix("//").filter(|_| !relative) {
            let (authority, after) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
            uri.host = host_of(authority)?;
            path = after;
        }
        uri.path = unescape(path, Part::Path)?;
        let usual = escape_path(&uri.path) == path;
        uri.raw_path = if usual { uri.path.clone() } else { path.to_string() };
        Ok(uri)
    }

    fn hostname_and_port(&self) -> (&str, &str) {
        let host = self.host.as_str();
        let (host, port) = match host.rfind(':').map(|at| host.split_at(at)) {
            Some((before, port)) if is_optional_port(port) => (before, port.get(1..)),
            _ => (host, None),
        };
        let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        (inside.unwrap_or(host), port.unwrap_or_default())
    }
}

/// Splits off the scheme; a text without one is all rest.
fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_string()),
            b':' => return Ok(text.split_once(':').unwrap_or(("", text))),
            _ => break,
        }
    }
    Ok(("", text))
}

/// Returns the host and port of an authority.
fn host_of(authority: &str) -> Result<String, String> {
    let Some((user, behind)) = authority.rsplit_once('@') else { return host(authority) };
    let host = host(behind)?;
    let valid = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
    if !user.bytes().all(valid) {
        return Err("net/url: invalid userinfo".to_string());
    }
    unescape(user, Part::User)?;
    Ok(host)
}

fn host(text: &str) -> Result<String, String> {
    let bad_port = |port| Err(format!("invalid port {} after host", gofmt::quote(port)));
    if !text.starts_with('[') {
        let port = text.rfind(':').and_then(|at| text.get(at..)).unwrap_or_default();
        return if is_optional_port(port) { unescape(text, Part::Host) } else { bad_port(port) };
    }
    let close = text.rfind(']').ok_or("missing ']' in host")?;
    let (address, behind) = text.split_at(close);
    let port = behind.get(1..).unwrap_or_default();
    if !is_optional_port(port) {
        return bad_port(port);
    }
    let (address, zone) = address.split_at(address.find("%25").unwrap_or(address.len()));
    let address = unescape(address, Part::Host)?;
    let zone = unescape(zone, Part::Zone)?;
    Ok(address + &zone + &unescape(behind, Part::Host)?)
}

fn is_optional_port(text: &str) -> bool {
    let digits = text.strip_prefix(':').unwrap_or(text);
    text.is_empty() || (text.starts_with(':') && digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, check_error};

    #[test]
    fn parts_are_as_in_go() {
        let cases = [
            (
                "https://u:p@Ex.com:8080/a%20b/c?x=1&y=%20#f%20g",
                r#"{"scheme": "https", "hostname": "Ex.com", "port": "8080", "path": "/a b/c",
                    "raw_path": "/a b/c", "raw_query": "x=1&y=%20", "fragment": "f g"}"#,
            ),
            ("/a%2Fb", r#"{"path": "/a/b", "raw_path": "/a%2Fb"}"#),
            (
                "http://[fe80::1%25en0]:80/",
                r#"{"scheme": "http", "hostname": "fe80::1%en0",
                "port": "80", "path": "/", "raw_path": "/"}"#,
            ),
            ("mailto:a@b", r#"{"scheme": "mailto"}"#),
            ("", "{}"),
            ("*", r#"{"path": "*", "raw_path": "*"}"#),
            ("///a", r#"{"path": "///a", "raw_path": "///a"}"#),
            ("HTTP://h:/", r#"{"scheme": "http", "hostname": "h", "path": "/", "raw_path": "/"}"#),
        ];
        for (text, want) in cases {
            check("uri.parse", &format!("[{text:?}]"), want);
        }
    }

    #[test]
    fn what_is_wrong_is_told_as_in_go() {
        let cases = [
            ("http://a:x/", r#"invalid port ":x" after host"#),
            (":a", "missing protocol scheme"),
            ("1:a", "first path segment in URL cannot contain colon"),
            ("http://a b/", r#"invalid character " " in host name"#),
            ("/%zz", r#"invalid URL escape "%zz""#),
            ("/%1", r#"invalid URL escape "%1""#),
            ("http://%41/", r#"invalid URL escape "%41""#),
            ("http://[::1/", "missing ']' in host"),
            ("http://a^@b/", "net/url: invalid userinfo"),
        ];
        for (text, want) in cases {
            check_error("uri.parse", &format!("[{text:?}]"), &format!("parse {text:?}: {want}"));
            check("uri.is_valid", &format!("[{text:?}]"), "false");
        }
        check("uri.is_valid", r#"[""]"#, "false");
    }
}
