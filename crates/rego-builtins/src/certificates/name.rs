//! Names of subjects and issuers: lists of attributes.
//!
//! Source: RFC 5280, 4.1.2.4; Go, `crypto/x509/pkix.Name`.

use rego_value::Value;

use super::der::{self, Der, Oid, SEQUENCE, SET};

/// A name.
pub(super) struct Name {
    /// Each with its type and value.
    pub(super) attributes: Vec<(Oid, Value)>,
}

/// Attributes that may be there several times: by the last number of their type, and by Go's name.
const LISTS: &[(&str, &str)] = &[
    ("2.5.4.6", "Country"),
    ("2.5.4.10", "Organization"),
    ("2.5.4.11", "OrganizationalUnit"),
    ("2.5.4.7", "Locality"),
    ("2.5.4.8", "Province"),
    ("2.5.4.9", "StreetAddress"),
    ("2.5.4.17", "PostalCode"),
];

/// Attributes of which the last one counts.
const TEXTS: &[(&str, &str)] = &[("2.5.4.3", "CommonName"), ("2.5.4.5", "SerialNumber")];

impl Name {
    /// Reads a name whose attributes are texts, as those of certificates are.
    ///
    /// Errors: worded as Go's.
    pub(super) fn read(der: Der<'_>) -> Result<Self, String> {
        Self::read_with(der, |element| der::text(element).map(Value::from))
    }

    /// Reads a name whose attributes may be of any kind, as those of requests may.
    pub(super) fn read_any(der: Der<'_>) -> Result<Self, String> {
        Self::read_with(der, |element| {
            der::any_value(element).ok_or_else(|| "invalid ASN.1 element".to_string())
        })
    }

    fn read_with(
        mut der: Der<'_>,
        value_of: impl Fn(der::Element<'_>) -> Result<Value, String>,
    ) -> Result<Self, String> {
        let invalid = |what: &str| format!("x509: invalid RDNSequence{what}");
        let mut sets = der.take(SEQUENCE).ok_or_else(|| invalid(""))?;
        let mut attributes = Vec::new();
        while !sets.is_empty() {
            let mut set = sets.take(SET).ok_or_else(|| invalid(""))?;
            while !set.is_empty() {
                let attribute = set.take(SEQUENCE);
                let mut attribute = attribute.ok_or_else(|| invalid(": invalid attribute"))?;
                let oid = attribute.oid().ok_or_else(|| invalid(": invalid attribute type"))?;
                let element = attribute.any();
                let element = element.ok_or_else(|| invalid(": invalid attribute value"))?;
                let value = value_of(element)
                    .map_err(|why| invalid(&format!(": invalid attribute value: {why}")))?;
                attributes.push((oid, value));
            }
        }
        Ok(Self { attributes })
    }

    /// Returns the name as Go's structure gives it in JSON.
    pub(super) fn to_value(&self) -> Value {
        let texts_of = |oid: &str| -> Vec<Value> {
            let same = self.attributes.iter().filter(|(known, _)| known.is(oid));
            same.map(|(_, value)| value).filter(|value| value.as_str().is_some()).cloned().collect()
        };
        let names = self.attributes.iter().map(|(oid, value)| attribute_value(oid, value.clone()));
        let names: Vec<Value> = names.collect();
        let mut fields =
            vec![(Value::from("Names"), list(names)), (Value::from("ExtraNames"), Value::NULL)];
        for (oid, field) in LISTS {
            fields.push((Value::from(*field), list(texts_of(oid))));
        }
        for (oid, field) in TEXTS {
            let last = texts_of(oid).pop().unwrap_or_else(|| Value::from(""));
            fields.push((Value::from(*field), last));
        }
        Value::object(fields)
    }
}

/// Returns an attribute with its type as Go gives it in JSON.
pub(super) fn attribute_value(oid: &Oid, value: Value) -> Value {
    Value::object_from_strs([("Type", der::arcs_value(oid)), ("Value", value)])
}

/// Returns the array of some values, or null where there are none, as Go has a list that was never
/// made.
pub(super) fn list(values: Vec<Value>) -> Value {
    if values.is_empty() { Value::NULL } else { Value::array(values) }
}
