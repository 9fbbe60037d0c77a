//! Names in certificates: as one line of text, and as objects.
//!
//! Source: Go `crypto/x509/pkix` (`Name`, `RDNSequence.String`); RFC 2253.

use rego::Value;
use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::x509::X509Name;

/// An attribute that names are made of.
struct Attribute {
    /// The last arc of its id, below `2.5.4`.
    arc: u64,
    /// Its name in text.
    short: &'static str,
    /// Its name in objects.
    field: &'static str,
    /// Whether it holds many values.
    is_list: bool,
}

/// In the order in which Go writes a sequence from a name.
const ATTRIBUTES: [Attribute; 9] = [
    Attribute { arc: 6, short: "C", field: "Country", is_list: true },
    Attribute { arc: 10, short: "O", field: "Organization", is_list: true },
    Attribute { arc: 11, short: "OU", field: "OrganizationalUnit", is_list: true },
    Attribute { arc: 7, short: "L", field: "Locality", is_list: true },
    Attribute { arc: 8, short: "ST", field: "Province", is_list: true },
    Attribute { arc: 9, short: "STREET", field: "StreetAddress", is_list: true },
    Attribute { arc: 17, short: "POSTALCODE", field: "PostalCode", is_list: true },
    Attribute { arc: 3, short: "CN", field: "CommonName", is_list: false },
    Attribute { arc: 5, short: "SERIALNUMBER", field: "SerialNumber", is_list: false },
];

/// A name's attributes, each an id and its text where it is text.
struct Entries(Vec<(Vec<u64>, Option<String>)>);

impl Entries {
    fn of(name: &X509Name<'_>) -> Self {
        let entries = name.iter_attributes().map(|attribute| {
            let arcs = attribute.attr_type().iter().map(Iterator::collect).unwrap_or_default();
            (arcs, text(attribute.attr_value()))
        });
        Self(entries.collect())
    }

    /// Returns the values of an attribute; of one that is no list, the last.
    fn values(&self, attribute: &Attribute) -> Vec<&str> {
        let id = [2, 5, 4, attribute.arc];
        let named = self.0.iter().filter(|(arcs, _)| *arcs == id);
        let mut values: Vec<&str> = named.filter_map(|(_, text)| text.as_deref()).collect();
        if !attribute.is_list {
            values = values.pop().into_iter().collect();
            values.retain(|value| !value.is_empty());
        }
        values
    }
}

/// Returns a name as one line, the narrowest attribute first: `CN=x,OU=y,O=z`. As in Go, it holds
/// the attributes that are in [`ATTRIBUTES`], and values of one attribute are joined by `+`.
pub(super) fn line(name: &X509Name<'_>) -> String {
    let entries = Entries::of(name);
    let mut parts = Vec::new();
    for attribute in ATTRIBUTES.iter().rev() {
        let values = entries.values(attribute);
        let values = values.iter().map(|value| format!("{}={}", attribute.short, escaped(value)));
        let values: Vec<String> = values.collect();
        if !values.is_empty() {
            parts.push(values.join("+"));
        }
    }
    parts.join(",")
}

/// Returns a name as the object that Go's JSON has for it.
pub(super) fn object(name: &X509Name<'_>) -> Value {
    let entries = Entries::of(name);
    let mut fields: Vec<(Value, Value)> = Vec::new();
    for attribute in &ATTRIBUTES {
        let values = entries.values(attribute);
        let value = match (attribute.is_list, values.last()) {
            (false, value) => Value::from(value.copied().unwrap_or_default()),
            (true, None) => Value::NULL,
            (true, Some(_)) => Value::array(values.into_iter().map(Value::from).collect()),
        };
        fields.push((Value::from(attribute.field), value));
    }
    let names = entries.0.iter().map(|(arcs, text)| {
        Value::object_from_strs([
            ("Type", self::arcs(arcs)),
            ("Value", text.as_deref().map_or(Value::NULL, Value::from)),
        ])
    });
    fields.push((Value::from("Names"), Value::array(names.collect())));
    fields.push((Value::from("ExtraNames"), Value::NULL));
    Value::object(fields)
}

/// Returns an object id as an array of numbers.
pub(super) fn arcs(arcs: &[u64]) -> Value {
    let number = |arc: &u64| Value::from(i64::try_from(*arc).unwrap_or(i64::MAX));
    Value::array(arcs.iter().map(number).collect())
}

/// Returns the text of a value, if it is text.
fn text(value: &Any<'_>) -> Option<String> {
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::NumericString | Tag::Ia5String => {
            std::str::from_utf8(value.data).ok().map(str::to_string)
        }
        // Read as Latin-1, as Go does.
        Tag::TeletexString => Some(value.data.iter().copied().map(char::from).collect()),
        Tag::BmpString => {
            let units = value.data.chunks_exact(2).filter_map(|pair| pair.try_into().ok());
            let units: Vec<u16> = units.map(u16::from_be_bytes).collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

/// Returns a value with a backslash before what has a meaning between values.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (at, char) in value.chars().enumerate() {
        let is_special = match char {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => at == 0 || at == last,
            '#' => at == 0,
            _ => false,
        };
        if is_special {
            text.push('\\');
        }
        text.push(char);
    }
    text
}
