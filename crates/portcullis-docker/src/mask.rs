//! Takes secrets out of an input document before it is logged: environment variables, credentials,
//! secret and config data, swarm tokens and keys, build arguments.
//!
//! Pure. Must not know: the log.

use rego::{Value, View};

/// Stands in place of what is hidden.
pub const MASKED: &str = "**masked**";

/// Deepest level that is looked at; what lies deeper is hidden whole.
const DEPTH_MAX: usize = 64;

/// Headers that carry credentials, in lower case.
const SECRET_HEADERS: [&str; 6] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-registry-auth",
    "x-registry-config",
    "x-identity-token",
];

/// Query parameters that carry values of users, in lower case.
const SECRET_PARAMETERS: [&str; 3] = ["buildargs", "changes", "secrets"];

/// Fields of bodies that are hidden wherever they stand, in lower case.
const SECRET_FIELDS: [&str; 11] = [
    "auth",
    "buildargs",
    "identitytoken",
    "jointoken",
    "jointokens",
    "password",
    "registrytoken",
    "rotateworkertoken",
    "signingcakey",
    "unlockkey",
    "x-registry-auth",
];

/// Returns the input document without its secrets.
pub fn mask(input: &Value) -> Value {
    let path = input.get_path(&["PathPlain"]).and_then(Value::as_str).unwrap_or("");
    let kind = BodyKind::of(path);
    map_object(input, |key, value| match key {
        "Body" => mask_body(value, kind),
        "Headers" => map_object(value, |name, value| hide_if(is_secret_header(name), value)),
        "Query" => map_object(value, |name, value| hide_if(is_in(&SECRET_PARAMETERS, name), value)),
        "Path" => value.as_str().map_or_else(|| value.clone(), |path| Value::from(mask_uri(path))),
        _ => value.clone(),
    })
}

/// What a body is about, as far as its secrets depend on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyKind {
    /// Credentials as a whole.
    Credentials,
    /// A secret or a config, whose `Data` is hidden.
    Data,
    /// A list of `NAME=value`.
    Settings,
    /// Anything else.
    Other,
}

impl BodyKind {
    /// Returns the kind of the bodies of a path.
    pub(crate) fn of(path: &str) -> Self {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty()).peekable();
        segments.next_if(|segment| segment.starts_with('v'));
        match (segments.next(), path.rsplit('/').next()) {
            (Some("auth"), _) => Self::Credentials,
            (Some("secrets" | "configs"), _) => Self::Data,
            (Some("plugins"), Some("set")) => Self::Settings,
            _ => Self::Other,
        }
    }
}

fn mask_body(body: &Value, kind: BodyKind) -> Value {
    match kind {
        BodyKind::Credentials => hide_if(true, body),
        BodyKind::Settings => mask_variables(body),
        BodyKind::Data | BodyKind::Other => mask_fields(body, kind, 0),
    }
}

fn mask_fields(value: &Value, kind: BodyKind, depth: usize) -> Value {
    if depth >= DEPTH_MAX {
        return Value::from(MASKED);
    }
    match value.view() {
        View::Array(items) => {
            Value::array(items.iter().map(|item| mask_fields(item, kind, depth + 1)).collect())
        }
        View::Object(_) => map_object(value, |key, value| {
            if is_variables(key) {
                mask_variables(value)
            } else if is_data(key, kind) {
                hide_if(true, value)
            } else {
                let is_text = value.as_str().is_some() || value.as_object().is_some();
                let secret = is_secret_field(key) && (is_text || value.as_array().is_some());
                if secret { hide_if(true, value) } else { mask_fields(value, kind, depth + 1) }
            }
        }),
        _ => value.clone(),
    }
}

/// Hides the values of a list of `NAME=value`; the names stay.
fn mask_variables(variables: &Value) -> Value {
    let Some(items) = variables.as_array() else {
        return hide_if(variables != &Value::NULL, variables);
    };
    let masked =
        items.iter().map(|item| match item.as_str().and_then(|text| text.split_once('=')) {
            Some((name, _)) => Value::from(format!("{name}={MASKED}")),
            // A name without a value hides nothing; anything else is not what it should be.
            None if item.as_str().is_some() => item.clone(),
            None => Value::from(MASKED),
        });
    Value::array(masked.collect())
}

/// Hides secret parameters of a target that is still encoded.
fn mask_uri(uri: &str) -> String {
    let Some((path, query)) = uri.split_once('?') else { return uri.to_string() };
    let masked = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret_parameter(name) => format!("{name}={MASKED}"),
        _ => pair.to_string(),
    });
    format!("{path}?{}", masked.collect::<Vec<_>>().join("&"))
}

/// Whether a header carries credentials.
pub(crate) fn is_secret_header(name: &str) -> bool {
    is_in(&SECRET_HEADERS, name)
}

/// Whether a field of a body is a list of variables.
pub(crate) fn is_variables(key: &str) -> bool {
    is_in(&["env"], key)
}

/// Whether a field of a body of this kind holds the bytes of a secret or a config.
pub(crate) fn is_data(key: &str, kind: BodyKind) -> bool {
    kind == BodyKind::Data && is_in(&["data"], key)
}

/// Whether a field of a body is hidden wherever it stands.
pub(crate) fn is_secret_field(key: &str) -> bool {
    is_in(&SECRET_FIELDS, key)
}

/// Whether the name of a parameter, still encoded, is one that is hidden or could be read as one.
pub(crate) fn is_secret_parameter(name: &str) -> bool {
    name.contains('%') || is_in(&SECRET_PARAMETERS, name)
}

fn hide_if(secret: bool, value: &Value) -> Value {
    if secret && value != &Value::NULL { Value::from(MASKED) } else { value.clone() }
}

/// Whether a name is one of these, as the daemon compares names: it takes two letters beyond ASCII
/// for `s` and `k`.
fn is_in(names: &[&str], name: &str) -> bool {
    if name.is_ascii() {
        return names.iter().any(|known| known.eq_ignore_ascii_case(name));
    }
    let plain = name.replace('\u{17f}', "s").replace('\u{212a}', "k");
    names.iter().any(|known| known.eq_ignore_ascii_case(&plain))
}

/// Returns the object with each value replaced; anything else as it is.
fn map_object(value: &Value, replace: impl Fn(&str, &Value) -> Value) -> Value {
    let Some(object) = value.as_object() else { return value.clone() };
    let entry = |(key, value): (&Value, &Value)| {
        let replaced = key.as_str().map_or_else(|| value.clone(), |key| replace(key, value));
        (key.clone(), replaced)
    };
    Value::object(object.iter().map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let value = |text: &str| Value::from_json(text.as_bytes()).unwrap();
        assert_eq!(mask(&value(input)), value(expected));
    }

    #[test]
    fn hides_values_of_variables() {
        check(
            r#"{"PathPlain":"/v1.41/containers/create","Body":{"Env":["A=1","B"],"Image":"x"}}"#,
            r#"{"PathPlain":"/v1.41/containers/create",
                "Body":{"Env":["A=**masked**","B"],"Image":"x"}}"#,
        );
        check(
            r#"{"Body":{"TaskTemplate":{"ContainerSpec":{"env":["A=1"]}},"Env":null}}"#,
            r#"{"Body":{"TaskTemplate":{"ContainerSpec":{"env":["A=**masked**"]}},"Env":null}}"#,
        );
        check(
            r#"{"PathPlain":"/plugins/x/set","Body":["A=1"]}"#,
            r#"{"PathPlain":"/plugins/x/set","Body":["A=**masked**"]}"#,
        );
    }

    #[test]
    fn hides_credentials() {
        check(
            r#"{"Headers":{"X-registry-AUTH":"x","Accept":"y"},"PathPlain":"/v1.41/auth",
                "Body":{"username":"u","password":"p"}}"#,
            r#"{"Headers":{"X-registry-AUTH":"**masked**","Accept":"y"},"PathPlain":"/v1.41/auth",
                "Body":"**masked**"}"#,
        );
        check(
            r#"{"PathPlain":"/swarm/join","Body":{"JoinToken":"t","ListenAddr":"a"}}"#,
            r#"{"PathPlain":"/swarm/join","Body":{"JoinToken":"**masked**","ListenAddr":"a"}}"#,
        );
        check(
            r#"{"PathPlain":"/v1.41/secrets/create","Body":{"Name":"n","Data":"ZA=="}}"#,
            r#"{"PathPlain":"/v1.41/secrets/create","Body":{"Name":"n","Data":"**masked**"}}"#,
        );
    }

    #[test]
    fn hides_build_arguments_in_query_and_path() {
        check(
            r#"{"Path":"/build?t=x&buildargs=%7B%7D","Query":{"t":["x"],"buildargs":["{}"]}}"#,
            r#"{"Path":"/build?t=x&buildargs=**masked**","Query":{"t":["x"],"buildargs":"**masked**"}}"#,
        );
    }
}
