//! What Go's JSON decoder makes of a body, written down the plain way: duplicates and all. Beside it
//! a maker of bodies that go wrong in every way a client could think of.
//!
//! Shares the table of types with the gate, and no code: it reads JSON itself, and keeps Go's values.
//!
//! Source: Go `encoding/json`, `decode.go`; moby `runconfig/config_unix.go` up to 26.1.

use std::collections::BTreeMap;

use base64::Engine;
use portcullis_docker::api::{Field, Kind, Shape, Type, table};
use portcullis_docker::body::BODY_DEPTH_MAX;

/// JSON as it is written: of an object every key, as often as it comes.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// A value in the daemon's memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Go {
    Nil,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Go>),
    Map(BTreeMap<String, Go>),
}

/// Reads one JSON value.
pub(crate) fn read(text: &str) -> Option<Node> {
    let mut rest = text.trim_start_matches(SPACE);
    let node = value(&mut rest, 0)?;
    rest.trim_start_matches(SPACE).is_empty().then_some(node)
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

fn take(rest: &mut &str, word: &str) -> bool {
    let trimmed = rest.trim_start_matches(SPACE);
    let Some(after) = trimmed.strip_prefix(word) else { return false };
    *rest = after;
    true
}

fn value(rest: &mut &str, depth: usize) -> Option<Node> {
    for (word, node) in
        [("null", Node::Null), ("true", Node::Bool(true)), ("false", Node::Bool(false))]
    {
        if take(rest, word) {
            return Some(node);
        }
    }
    if depth >= BODY_DEPTH_MAX && rest.trim_start_matches(SPACE).starts_with(['[', '{']) {
        return None;
    }
    if take(rest, "[") {
        let mut items = Vec::new();
        if take(rest, "]") {
            return Some(Node::Array(items));
        }
        loop {
            items.push(value(rest, depth + 1)?);
            if !take(rest, ",") {
                return take(rest, "]").then_some(Node::Array(items));
            }
        }
    }
    if take(rest, "{") {
        let mut entries = Vec::new();
        if take(rest, "}") {
            return Some(Node::Object(entries));
        }
        loop {
            let key = take(rest, "\"").then(|| string(rest))??;
            entries.push((key, take(rest, ":").then(|| value(rest, depth + 1))??));
            if !take(rest, ",") {
                return take(rest, "}").then_some(Node::Object(entries));
            }
        }
    }
    if take(rest, "\"") {
        return string(rest).map(Node::Text);
    }
    number(rest).map(Node::Number)
}

fn number(rest: &mut &str) -> Option<String> {
    let trimmed = rest.trim_start_matches(SPACE);
    let end = trimmed.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
    let text = &trimmed[..end.unwrap_or(trimmed.len())];
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let plain = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match plain.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (plain, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_right = digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        // The engine's numbers have no longer exponents; Go refuses such values later, or skips them.
        && exponent.is_none_or(|e| {
            let e = e.strip_prefix(['+', '-']).unwrap_or(e);
            digits(e) && e.len() <= 10
        });
    *rest = &trimmed[text.len()..];
    is_right.then(|| text.to_string())
}

fn string(rest: &mut &str) -> Option<String> {
    let mut units = Vec::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => break,
            c if c < ' ' => return None,
            '\\' => units.push(match chars.next()? {
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    let is_hex = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                    is_hex.then(|| u16::from_str_radix(&digits, 16).unwrap())?
                }
                'n' => 10,
                't' => 9,
                'r' => 13,
                'b' => 8,
                'f' => 12,
                c if "\"\\/".contains(c) => c as u16,
                _ => return None,
            }),
            c => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
        }
    }
    *rest = chars.as_str();
    Some(String::from_utf16_lossy(&units))
}

/// Whether a key names a field as Go matches it.
fn names(key: &str, field: &str) -> bool {
    let simple = |c: char| match c {
        'ı' | 'İ' => c, // not in Unicode's simple folding
        _ => {
            let mut upper = c.to_uppercase();
            let c = upper.next().filter(|_| upper.next().is_none()).unwrap_or(c);
            let mut lower = c.to_lowercase();
            lower.next().filter(|_| lower.next().is_none()).unwrap_or(c)
        }
    };
    key.chars().map(simple).eq(field.chars().map(simple))
}

fn field_of<'a>(of: &'a Type, key: &str) -> Option<&'a Field> {
    let exact = of.fields.iter().find(|field| field.name.as_str() == Some(key));
    exact.or_else(|| of.fields.iter().find(|field| names(key, field.name.as_str().unwrap())))
}

/// Whether some object has a key twice, or keys that are one field where they are fields.
pub(crate) fn repeats(shape: &Shape, node: &Node) -> bool {
    let any = Shape { kind: Kind::Any, pointer: false };
    let twice = |entries: &[(String, Node)], same: fn(&str, &str) -> bool| {
        let is_second = |at: usize| entries[..at].iter().any(|(key, _)| same(key, &entries[at].0));
        (0..entries.len()).any(is_second)
    };
    match (&shape.kind, node) {
        (Kind::List(of) | Kind::Fixed(of, _), Node::Array(nodes)) => {
            nodes.iter().any(|node| repeats(of, node))
        }
        (_, Node::Array(nodes)) => nodes.iter().any(|node| repeats(&any, node)),
        (Kind::Type(id), Node::Object(entries)) => {
            let of = table().of(*id).unwrap();
            let below = |(key, node): &(String, Node)| {
                repeats(field_of(of, key).map_or(&any, |field| &field.shape), node)
            };
            twice(entries, names) || entries.iter().any(below)
        }
        (kind, Node::Object(entries)) => {
            let of = if let Kind::Map(of) = kind { of } else { &any };
            twice(entries, |a, b| a == b) || entries.iter().any(|(_, node)| repeats(of, node))
        }
        _ => false,
    }
}

fn zero(shape: &Shape) -> Go {
    if shape.pointer {
        return Go::Nil;
    }
    match &shape.kind {
        Kind::Bool => Go::Bool(false),
        Kind::Text => Go::Text(String::new()),
        Kind::Int(_) | Kind::Uint(_) | Kind::Float(_) => Go::Number("0".into()),
        Kind::Fixed(of, length) => Go::List(vec![zero(of); *length]),
        Kind::Type(id) => Go::Map(zero_fields(table().of(*id).unwrap())),
        Kind::Empty => Go::Map(BTreeMap::new()),
        Kind::Bytes | Kind::Words | Kind::Any | Kind::List(_) | Kind::Map(_) => Go::Nil,
    }
}

fn zero_fields(of: &Type) -> BTreeMap<String, Go> {
    let zero_of = |field: &Field| (field.name.as_str().unwrap().to_string(), zero(&field.shape));
    of.fields.iter().map(zero_of).collect()
}

/// Decodes into a value that is there. Nothing where Go reports an error.
fn decode(shape: &Shape, node: &Node, into: &mut Go) -> Option<()> {
    let plain = Shape { kind: shape.kind.clone(), pointer: false };
    match (&shape.kind, node) {
        (_, Node::Null) if shape.pointer => *into = Go::Nil,
        (Kind::Bytes | Kind::Words | Kind::Any | Kind::List(_) | Kind::Map(_), Node::Null) => {
            *into = Go::Nil;
        }
        (_, Node::Null) => {}
        (kind, node) => {
            if shape.pointer && *into == Go::Nil {
                *into = zero(&plain);
            }
            decode_present(kind, node, into)?;
        }
    }
    Some(())
}

fn decode_present(kind: &Kind, node: &Node, into: &mut Go) -> Option<()> {
    *into = match (kind, node) {
        (Kind::Bool, Node::Bool(set)) => Go::Bool(*set),
        (Kind::Text, Node::Text(text)) => Go::Text(text.clone()),
        (Kind::Int(_), Node::Number(text)) => Go::Number(text.parse::<i64>().ok()?.to_string()),
        (Kind::Uint(bits), Node::Number(text)) if !text.starts_with('-') => {
            let number: u64 = text.parse().ok()?;
            if *bits < 64 && number >> bits != 0 {
                return None;
            }
            Go::Number(number.to_string())
        }
        (Kind::Float(bits), Node::Number(text)) => {
            let number: f64 = text.parse().ok()?;
            let is_held =
                if *bits == 32 { (number as f32).is_finite() } else { number.is_finite() };
            is_held.then(|| Go::Number(number.to_string()))?
        }
        (Kind::Empty, Node::Object(_)) => Go::Map(BTreeMap::new()),
        (Kind::Words, Node::Text(text)) => Go::List(vec![Go::Text(text.clone())]),
        (Kind::Words, Node::Array(_)) => {
            let text = Shape { kind: Kind::Text, pointer: false };
            let mut fresh = Go::Nil;
            decode_present(&Kind::List(Box::new(text)), node, &mut fresh)?;
            fresh
        }
        (Kind::Bytes, Node::Text(text)) => {
            let plain = text.replace(['\r', '\n'], "");
            // What is beyond the last byte does not count: all of it is zero here.
            let decoded = lenient().decode(plain).ok()?;
            Go::List(decoded.iter().map(|byte| Go::Number(byte.to_string())).collect())
        }
        (Kind::Bytes, Node::Array(_)) => {
            let byte = Shape { kind: Kind::Uint(8), pointer: false };
            let mut fresh = Go::Nil;
            decode_present(&Kind::List(Box::new(byte)), node, &mut fresh)?;
            fresh
        }
        (Kind::List(of), Node::Array(nodes)) => {
            // Elements that were there before are decoded into again.
            let mut items = if let Go::List(items) = into.clone() { items } else { Vec::new() };
            items.resize(items.len().max(nodes.len()), zero(of));
            for (node, item) in nodes.iter().zip(&mut items) {
                decode(of, node, item)?;
            }
            items.truncate(nodes.len());
            Go::List(items)
        }
        (Kind::Fixed(of, length), Node::Array(nodes)) => {
            let mut items = vec![zero(of); *length];
            for (node, item) in nodes.iter().zip(&mut items) {
                decode(of, node, item)?;
            }
            Go::List(items)
        }
        (Kind::Map(of), Node::Object(entries)) => {
            let mut map = if let Go::Map(map) = into.clone() { map } else { BTreeMap::new() };
            for (key, node) in entries {
                let mut fresh = zero(of);
                decode(of, node, &mut fresh)?;
                map.insert(key.clone(), fresh);
            }
            Go::Map(map)
        }
        (Kind::Type(id), Node::Object(entries)) => {
            let of = table().of(*id).unwrap();
            let Go::Map(mut fields) = into.clone() else { panic!("{into:?}") };
            for (key, node) in entries {
                if let Some(field) = field_of(of, key) {
                    let value = fields.get_mut(field.name.as_str().unwrap()).unwrap();
                    decode(&field.shape, node, value)?;
                } else if of.name == "ContainerCreateBody" {
                    decode_lifted(key, node, &mut fields)?;
                }
            }
            Go::Map(fields)
        }
        _ => return None,
    };
    Some(())
}

fn lenient() -> base64::engine::GeneralPurpose {
    let config = base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, config)
}

/// Old engines have the fields of `HostConfig` beside it, too. Kept under a name that no field has.
fn decode_lifted(key: &str, node: &Node, fields: &mut BTreeMap<String, Go>) -> Option<()> {
    let host = table().named("HostConfig").unwrap();
    let shape = Shape { kind: Kind::Text, pointer: false };
    let (name, shape) = match field_of(host, key) {
        Some(field) => (field.name.as_str().unwrap(), &field.shape),
        None if names(key, "Cpuset") => ("Cpuset", &shape),
        None => return Some(()),
    };
    let value = fields.entry(format!("lifted {name}")).or_insert_with(|| zero(shape));
    decode(shape, node, value)
}

/// What an old engine reads beside `HostConfig`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lifted {
    Nothing,
    Zero,
    Something,
}

/// What the daemon has of a body, with what the API fills in; and what it lifts. Nothing where it
/// reports an error.
pub(crate) fn daemon(shape: &Shape, node: &Node) -> Option<(Go, Lifted)> {
    let mut go = zero(shape);
    decode(shape, node, &mut go)?;
    let mut lifted = Lifted::Nothing;
    if let Go::Map(fields) = &mut go {
        for (_, value) in fields.iter().filter(|(name, _)| name.starts_with("lifted ")) {
            let is_zero = is_zero(value) && lifted != Lifted::Something;
            lifted = if is_zero { Lifted::Zero } else { Lifted::Something };
        }
        fields.retain(|name, _| !name.starts_with("lifted "));
    }
    Some((filled(shape, &go), lifted))
}

fn is_zero(value: &Go) -> bool {
    match value {
        Go::Nil => true,
        Go::Bool(set) => !set,
        Go::Number(text) => text == "0",
        Go::Text(text) => text.is_empty(),
        Go::List(items) => items.iter().all(is_zero),
        Go::Map(fields) => fields.values().all(is_zero),
    }
}

fn filled(shape: &Shape, go: &Go) -> Go {
    match (&shape.kind, go) {
        (Kind::Type(id), Go::Map(fields)) => {
            let of = table().of(*id).unwrap();
            let fill = |field: &Field| {
                let name = field.name.as_str().unwrap().to_string();
                let value = &fields[&name];
                let is_absent =
                    if field.shape.pointer { *value == Go::Nil } else { is_zero(value) };
                let is_list = matches!(field.shape.kind, Kind::List(_) | Kind::Map(_));
                let default = field.default.as_ref().filter(|_| is_absent);
                let default = default.filter(|_| !is_list || *value == Go::Nil);
                let value = default.map_or_else(
                    || value.clone(),
                    |default| {
                        let mut made = zero(&field.shape);
                        decode(&field.shape, &read(&default.to_json()).unwrap(), &mut made)
                            .unwrap();
                        made
                    },
                );
                (name, filled(&field.shape, &value))
            };
            Go::Map(of.fields.iter().map(fill).collect())
        }
        (Kind::List(of), Go::List(items)) => {
            Go::List(items.iter().map(|item| filled(of, item)).collect())
        }
        (Kind::Map(of), Go::Map(entries)) => {
            let fill = |(key, value): (&String, &Go)| (key.clone(), filled(of, value));
            Go::Map(entries.iter().map(fill).collect())
        }
        _ => go.clone(),
    }
}

/// Makes bodies out of bytes: the same of the same.
pub(crate) struct Maker<'a>(pub(crate) &'a [u8]);

const NUMBERS: [&str; 16] = [
    "0",
    "-0",
    "1",
    "-1",
    "1.0",
    "1e2",
    "01",
    "255",
    "256",
    "65536",
    "4294967296",
    "0.5",
    "1e39",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
];
const TEXTS: [&str; 10] =
    ["", "a", "host", "aGk=", "aGl=", "a\\nGk=", "\\ud800", "\u{e9}", "\\u0041", "no"];

impl Maker<'_> {
    pub(crate) fn choose(&mut self, of: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % of
    }

    /// Returns the text of a body that mostly fits.
    pub(crate) fn body(&mut self, shape: &Shape, depth: usize) -> String {
        match self.choose(24) {
            22 => return "null".into(),
            23 => return self.anything(depth),
            _ => {}
        }
        match &shape.kind {
            Kind::Bool => ["true", "false"][self.choose(2)].into(),
            Kind::Int(_) | Kind::Uint(_) | Kind::Float(_) => NUMBERS[self.choose(16)].into(),
            Kind::Text | Kind::Bytes => format!("\"{}\"", TEXTS[self.choose(10)]),
            Kind::List(of) | Kind::Fixed(of, _) => {
                let items: Vec<_> = (0..self.choose(4)).map(|_| self.body(of, depth + 1)).collect();
                format!("[{}]", items.join(","))
            }
            Kind::Map(of) => self.object(|maker| {
                let key = TEXTS[maker.choose(10)].to_string();
                (key, maker.body(of, depth + 1))
            }),
            Kind::Type(id) => {
                let of = table().of(*id).unwrap();
                self.object(|maker| maker.entry(of, depth))
            }
            Kind::Words | Kind::Empty | Kind::Any => self.anything(depth),
        }
    }

    fn object(&mut self, mut entry: impl FnMut(&mut Self) -> (String, String)) -> String {
        let entries: Vec<_> = (0..self.choose(6))
            .map(|_| {
                let (key, value) = entry(self);
                format!("\"{key}\": {value}")
            })
            .collect();
        format!("{{{}}}", entries.join(" ,"))
    }

    fn entry(&mut self, of: &Type, depth: usize) -> (String, String) {
        let host = table().named("HostConfig").unwrap();
        let of = if self.choose(40) == 39 { host } else { of };
        if of.fields.is_empty() || self.choose(20) == 19 {
            return (["Newer", "newer", "x"][self.choose(3)].into(), self.anything(depth));
        }
        let field = &of.fields[self.choose(of.fields.len())];
        let name = field.name.as_str().unwrap();
        let name = match self.choose(12) {
            8 => name.to_lowercase(),
            9 => name.to_uppercase(),
            10 => name.replace('s', "\u{17f}").replace('k', "\u{212a}"),
            11 => format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]),
            _ => name.to_string(),
        };
        (name, self.body(&field.shape, depth + 1))
    }

    fn anything(&mut self, depth: usize) -> String {
        match self.choose(if depth > 6 { 5 } else { 7 }) {
            0 => format!("\"{}\"", TEXTS[self.choose(10)]),
            1 => NUMBERS[self.choose(16)].into(),
            2 => "true".into(),
            3 => "{}".into(),
            4 => "[]".into(),
            5 => format!("[{}]", self.anything(depth + 1)),
            _ => format!("{{\"{}\":{}}}", TEXTS[self.choose(10)], self.anything(depth + 1)),
        }
    }
}
