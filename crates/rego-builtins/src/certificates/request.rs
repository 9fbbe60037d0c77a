//! Requests for certificates (PKCS #10).
//!
//! Source: RFC 2986; Go, `crypto/x509.ParseCertificateRequest`.

use rego_value::Value;

use super::alternative::AlternativeNames;
use super::der::{self, Der, OID, Oid, SEQUENCE, SET, wrapped};
use super::extensions::Extension;
use super::name::{Name, attribute_value, list};
use super::public_key::{Algorithm, KeyInfo};
use super::signature::SignatureAlgorithm;

/// A request.
pub(super) struct Request {
    pub(super) raw: Vec<u8>,
    pub(super) raw_tbs: Vec<u8>,
    pub(super) raw_key: Vec<u8>,
    pub(super) raw_subject: Vec<u8>,
    pub(super) version: i64,
    pub(super) signature: Vec<u8>,
    pub(super) signature_algorithm: SignatureAlgorithm,
    pub(super) key: KeyInfo,
    pub(super) subject: Name,
    /// As Go's structure gives them in JSON.
    pub(super) attributes: Value,
    pub(super) extensions: Vec<Extension>,
    pub(super) names: AlternativeNames,
}

/// The attribute that asks for extensions.
const EXTENSIONS: &str = "1.2.840.113549.1.9.14";

const ALTERNATIVE_NAMES: &str = "2.5.29.17";

/// Returns the error of a structure that is another than that of a request.
fn structure(der: &[u8]) -> String {
    let Some(tag) = der.first() else {
        return "asn1: syntax error: sequence truncated".to_string();
    };
    let (class, number, compound) = (tag >> 6, tag & 0x1f, tag & 0x20 != 0);
    let length = der.get(1).copied().unwrap_or_default();
    format!(
        "asn1: structure error: tags don't match (16 vs {{class:{class} tag:{number} \
         length:{length} isCompound:{compound}}}) {{optional:false explicit:false \
         application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 \
         set:false omitEmpty:false}} certificateRequest @2"
    )
}

/// Reads a request and nothing more.
pub(super) fn read(der: &[u8]) -> Result<Request, String> {
    if der.first() != Some(&SEQUENCE) {
        return Err(structure(der));
    }
    let truncated = || "asn1: syntax error: data truncated".to_string();
    let mut rest = Der(der);
    let whole = rest.element(SEQUENCE).ok_or_else(truncated)?;
    if !rest.is_empty() {
        return Err("asn1: syntax error: trailing data".to_string());
    }
    let wrong = || "asn1: structure error: tags don't match".to_string();
    let mut outer = whole.body;
    let tbs_element = outer.element(SEQUENCE).ok_or_else(wrong)?;
    let mut tbs = tbs_element.body;
    let version = tbs.small_integer().ok_or_else(wrong)?;
    let subject_element = tbs.element(SEQUENCE).ok_or_else(wrong)?;
    let key_element = tbs.element(SEQUENCE).ok_or_else(wrong)?;
    let mut attributes = tbs.take(wrapped(0)).ok_or_else(wrong)?;
    let algorithm = Algorithm::read(outer.take(SEQUENCE).ok_or_else(wrong)?)?;
    let signature = outer.bits().ok_or_else(wrong)?.right_aligned();
    let key = KeyInfo::read(Der(key_element.whole))?;
    let subject = Name::read_any(Der(subject_element.whole))?;
    let (mut shown, mut extensions) = (Vec::new(), Vec::new());
    while !attributes.is_empty() {
        let attribute = attributes.any().ok_or_else(wrong)?;
        if let Some((oid, value)) = attribute_of(attribute) {
            shown.push(attribute_value(&oid, value));
        }
        requested(attribute, &mut extensions)?;
    }
    let names = extensions.iter().rev().find(|extension| extension.oid.is(ALTERNATIVE_NAMES));
    let names = names.map(|extension| AlternativeNames::read(&extension.value)).transpose()?;
    Ok(Request {
        raw: whole.whole.to_vec(),
        raw_tbs: tbs_element.whole.to_vec(),
        raw_key: key_element.whole.to_vec(),
        raw_subject: subject_element.whole.to_vec(),
        version,
        signature,
        signature_algorithm: SignatureAlgorithm::of(&algorithm),
        key,
        subject,
        attributes: list(shown),
        extensions,
        names: names.unwrap_or_default(),
    })
}

/// Returns an attribute whose value is a set of sequences of types and values; Go passes over those
/// of other shapes, like passwords.
fn attribute_of(attribute: der::Element<'_>) -> Option<(Oid, Value)> {
    let mut body = Some(attribute.body).filter(|_| attribute.tag == SEQUENCE)?;
    let oid = body.oid()?;
    let mut set = body.take(SET)?;
    let mut values = Vec::new();
    while !set.is_empty() {
        let mut sequence = set.take(SEQUENCE)?;
        let mut pairs = Vec::new();
        while !sequence.is_empty() {
            let mut pair = sequence.take(SEQUENCE)?;
            let oid = pair.oid()?;
            pairs.push(attribute_value(&oid, der::any_value(pair.any()?)?));
        }
        values.push(Value::array(pairs));
    }
    Some((oid, Value::array(values)))
}

/// Adds the extensions that an attribute asks for.
fn requested(attribute: der::Element<'_>, all: &mut Vec<Extension>) -> Result<(), String> {
    let mut body = attribute.body;
    let is_request = attribute.tag == SEQUENCE
        && body.next_is(OID)
        && body.oid().is_some_and(|oid| oid.is(EXTENSIONS));
    if !is_request {
        return Ok(());
    }
    let wrong = || "asn1: structure error: tags don't match".to_string();
    let mut lists = body.take(SET).ok_or_else(wrong)?;
    while !lists.is_empty() {
        let mut extensions = lists.take(SEQUENCE).ok_or_else(wrong)?;
        while !extensions.is_empty() {
            let extension = Extension::read(extensions.take(SEQUENCE).ok_or_else(wrong)?)?;
            if all.iter().any(|known| known.oid == extension.oid) {
                let why = "certificate request contains duplicate requested extensions";
                return Err(format!("x509: {why}"));
            }
            all.push(extension);
        }
    }
    Ok(())
}
