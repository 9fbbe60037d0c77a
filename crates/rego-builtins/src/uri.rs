//! URIs: `uri.parse`, `uri.is_valid`.
//!
//! Source: RFC 3986 as Go's `net/url` reads it; OPA `v1/topdown/uri.go`.

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::url::Url;
use crate::{charge, gofmt, operand};

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
    Ok(Value::from(!text.is_empty() && Url::parse(text).is_ok()))
}

/// Returns the parts that the URI has: `uri.parse("http://a:80/b").port == "80"`.
fn parse(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, text.len() * 2)?;
    let failed = |why| BuiltinError::Failed(format!("parse {}: {why}", gofmt::quote(text)));
    let uri = Url::parse(text).map_err(failed)?;
    let (hostname, port) = uri.hostname_and_port();
    let parts = [
        ("scheme", uri.scheme.as_str()),
        ("hostname", hostname),
        ("port", port),
        ("path", uri.path.as_str()),
        ("raw_path", if uri.raw_path.is_empty() { &uri.path } else { &uri.raw_path }),
        ("raw_query", uri.raw_query.as_str()),
        ("fragment", uri.fragment.as_str()),
    ];
    let present = parts.into_iter().filter(|(_, text)| !text.is_empty());
    Ok(Value::object(present.map(|(key, text)| (key.into(), text.into())).collect()))
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
