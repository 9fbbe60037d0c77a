//! Takes secrets out of an input document before it is logged: environment variables, credentials,
//! secret and config data, swarm tokens and keys, build arguments.
//!
//! Pure. Must not know: the log.

use rego::{Value, View};

/// Stands in place of what is hidden.
pub const MASKED: &str = "**masked**";

/// Deepest level that is looked at; what lies deeper is hidden whole.
const DEPTH_MAX: usize = 64;

/// Headers that carry credentials.
static SECRET_HEADERS: Names = Names::of(&[
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-registry-auth",
    "x-registry-config",
    "x-identity-token",
]);

/// Query parameters that carry values of users.
static SECRET_PARAMETERS: Names = Names::of(&["buildargs", "changes", "secrets"]);

/// Fields of bodies that are lists of variables.
static VARIABLES: Names = Names::of(&["env"]);

/// Fields of bodies that hold the bytes of a secret or a config.
static DATA: Names = Names::of(&["data"]);

/// Fields of bodies that are hidden wherever they stand.
static SECRET_FIELDS: Names = Names::of(&[
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
]);

/// Returns the input document without its secrets. What holds none is shared with it.
pub fn mask(input: &Value) -> Value {
    let path = input.get_path(&["PathPlain"]).and_then(Value::as_str).unwrap_or("");
    let kind = BodyKind::of(path);
    let masked = in_object(input, |key, value| match key {
        "Body" => mask_body(value, kind),
        "Headers" => in_object(value, |name, value| hide_if(is_secret_header(name), value)),
        "Query" => in_object(value, |name, value| hide_if(SECRET_PARAMETERS.have(name), value)),
        "Path" => mask_uri(value.as_str()?).map(Value::from),
        _ => None,
    });
    masked.unwrap_or_else(|| input.clone())
}

/// A value that took another's place; nothing where it stays as it is.
type Masked = Option<Value>;

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

fn mask_body(body: &Value, kind: BodyKind) -> Masked {
    match kind {
        BodyKind::Credentials => hide_if(true, body),
        BodyKind::Settings => mask_variables(body),
        BodyKind::Data | BodyKind::Other => mask_fields(body, kind, 0),
    }
}

fn mask_fields(value: &Value, kind: BodyKind, depth: usize) -> Masked {
    if depth >= DEPTH_MAX {
        return Some(Value::from(MASKED));
    }
    match value.view() {
        View::Array(items) => in_array(items, |item| mask_fields(item, kind, depth + 1)),
        View::Object(_) => in_object(value, |key, value| {
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
        _ => None,
    }
}

/// Hides the values of a list of `NAME=value`; the names stay.
fn mask_variables(variables: &Value) -> Masked {
    let Some(items) = variables.as_array() else {
        return hide_if(true, variables);
    };
    in_array(items, |item| match item.as_str().map(|text| text.split_once('=')) {
        Some(Some((name, _))) => Some(Value::from(format!("{name}={MASKED}"))),
        Some(None) => None,                // a name without a value hides nothing
        None => Some(Value::from(MASKED)), // not what it should be
    })
}

/// Hides secret parameters of a target that is still encoded.
fn mask_uri(uri: &str) -> Option<String> {
    let (path, query) = uri.split_once('?')?;
    let secret = |pair: &str| {
        let name = pair.split_once('=').map(|(name, _)| name);
        name.filter(|name| is_secret_parameter(name)).map(str::to_string)
    };
    if !query.split('&').any(|pair| secret(pair).is_some()) {
        return None;
    }
    let masked = query.split('&').map(|pair| match secret(pair) {
        Some(name) => format!("{name}={MASKED}"),
        None => pair.to_string(),
    });
    Some(format!("{path}?{}", masked.collect::<Vec<_>>().join("&")))
}

/// Whether a header carries credentials.
pub(crate) fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.have(name)
}

/// Whether a field of a body is a list of variables.
pub(crate) fn is_variables(key: &str) -> bool {
    VARIABLES.have(key)
}

/// Whether a field of a body of this kind holds the bytes of a secret or a config.
pub(crate) fn is_data(key: &str, kind: BodyKind) -> bool {
    kind == BodyKind::Data && DATA.have(key)
}

/// Whether a field of a body is hidden wherever it stands.
pub(crate) fn is_secret_field(key: &str) -> bool {
    SECRET_FIELDS.have(key)
}

/// Whether the name of a parameter, still encoded, is one that is hidden or could be read as one.
pub(crate) fn is_secret_parameter(name: &str) -> bool {
    name.contains('%') || SECRET_PARAMETERS.have(name)
}

fn hide_if(secret: bool, value: &Value) -> Masked {
    (secret && value != &Value::NULL).then(|| Value::from(MASKED))
}

/// Names that are compared as the daemon does.
struct Names {
    /// In lower case.
    names: &'static [&'static str],
    /// A bit for each letter that one of them begins with, and for each length: they tell most other
    /// names apart.
    firsts: u32,
    lengths: u32,
}

impl Names {
    const fn of(names: &'static [&'static str]) -> Self {
        let (mut firsts, mut lengths) = (0, 0);
        let mut rest = names;
        while let [name, others @ ..] = rest {
            if let [first, ..] = name.as_bytes() {
                firsts |= Self::bit(*first as usize);
            }
            lengths |= Self::bit(name.len());
            rest = others;
        }
        Self { names, firsts, lengths }
    }

    /// Letters fall on the same bit in either case.
    const fn bit(number: usize) -> u32 {
        1 << (number & 31)
    }

    /// Whether a name is one of these, as the daemon compares names: it takes two letters beyond
    /// ASCII for `s` and `k`.
    #[inline]
    fn have(&self, name: &str) -> bool {
        match name.as_bytes() {
            [first, ..] if first.is_ascii() && self.firsts & Self::bit((*first).into()) == 0 => {
                false
            }
            [] => false,
            _ => self.have_one_that_begins_so(name),
        }
    }

    fn have_one_that_begins_so(&self, name: &str) -> bool {
        if !name.is_ascii() {
            let plain = name.replace('\u{17f}', "s").replace('\u{212a}', "k");
            return self.names.iter().any(|known| known.eq_ignore_ascii_case(&plain));
        }
        self.lengths & Self::bit(name.len()) != 0
            && self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// Masks the elements of an array.
fn in_array(items: &[Value], mask: impl Fn(&Value) -> Masked) -> Masked {
    let mut masked: Option<Vec<Value>> = None;
    for (at, item) in items.iter().enumerate() {
        if let Some(other) = mask(item)
            && let Some(there) = masked.get_or_insert_with(|| items.to_vec()).get_mut(at)
        {
            *there = other;
        }
    }
    masked.map(Value::array)
}

/// Masks the values of an object; anything else stays as it is.
fn in_object(value: &Value, mask: impl Fn(&str, &Value) -> Masked) -> Masked {
    value.as_object()?.replaced(|key, value| mask(key.as_str()?, value))
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
    fn hides_credentials_however_they_are_spelled() {
        for key in SECRET_FIELDS.names {
            let small = key.replace('s', "\u{17f}").replace('k', "\u{212a}");
            for key in [key.to_string(), key.to_uppercase(), small] {
                check(
                    &format!(r#"{{"Body":[{{"a":1,"{key}":"x"}},{{"a":2}}]}}"#),
                    &format!(r#"{{"Body":[{{"a":1,"{key}":"**masked**"}},{{"a":2}}]}}"#),
                );
            }
            let other = format!(r#"{{"Body":{{"{key}x":"x","{}":"y","":"z"}}}}"#, &key[1..]);
            check(&other, &other);
        }
        let input = r#"{"Body":{"Env":[1,"A"],"env":{"A":1}}}"#;
        check(input, r#"{"Body":{"Env":["**masked**","A"],"env":"**masked**"}}"#);
    }

    #[test]
    fn what_holds_no_secret_is_shared() {
        let input =
            br#"{"Body":{"Labels":{"a":"b"},"Cmd":["x"]},"Path":"/x?a=b","Query":{"a":["b"]}}"#;
        let input = Value::from_json(input).unwrap();
        let keys = |value: &Value| std::ptr::from_ref(value.as_object().unwrap().keys());
        assert_eq!(keys(&mask(&input)), keys(&input));
        assert_eq!(mask(&input), input);
    }

    #[test]
    fn hides_build_arguments_in_query_and_path() {
        check(
            r#"{"Path":"/build?t=x&buildargs=%7B%7D","Query":{"t":["x"],"buildargs":["{}"]}}"#,
            r#"{"Path":"/build?t=x&buildargs=**masked**","Query":{"t":["x"],"buildargs":"**masked**"}}"#,
        );
    }
}
