//! The certificates that a client shows, as policies see them.
//!
//! Must not know: whether they are to be believed; that was checked before.
//!
//! Source: OPA documentation, "Security" (`input.client_certificates`); Go `crypto/x509`, the JSON
//! of `Certificate`.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rego::Value;
use rustls_pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::num_bigint::BigUint;
use x509_parser::oid_registry::Oid;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;

use super::subject;

/// Most certificates of one client that are shown to policies.
const SHOWN_MAX: usize = 16;

/// Returns the subject of the first certificate, and all of them as objects.
pub(crate) fn peer_certificates(chain: &[CertificateDer<'_>]) -> (Option<Arc<str>>, Value) {
    let parsed: Vec<X509Certificate<'_>> = chain
        .iter()
        .take(SHOWN_MAX)
        .filter_map(|der| X509Certificate::from_der(der).ok().map(|(_, certificate)| certificate))
        .collect();
    let identity = parsed.first().map(|first| subject::line(first.subject()).into());
    (identity, Value::array(parsed.iter().map(object).collect()))
}

fn object(certificate: &X509Certificate<'_>) -> Value {
    let signed = &certificate.tbs_certificate;
    let algorithm = arcs(&certificate.signature_algorithm.algorithm);
    let key = arcs(&signed.subject_pki.algorithm.algorithm);
    let mut fields = vec![
        ("Raw", base64(certificate.as_raw())),
        ("RawTBSCertificate", base64(signed.as_ref())),
        ("RawSubjectPublicKeyInfo", base64(signed.subject_pki.raw)),
        ("RawSubject", base64(signed.subject.as_raw())),
        ("RawIssuer", base64(signed.issuer.as_raw())),
        ("Signature", base64(&certificate.signature_value.data)),
        ("SignatureAlgorithm", Value::from(signature_algorithm(&algorithm))),
        ("PublicKeyAlgorithm", Value::from(key_algorithm(&key))),
        ("PublicKey", public_key(certificate)),
        ("Version", Value::from(i64::from(signed.version.0) + 1)),
        ("SerialNumber", number(&signed.serial)),
        ("Issuer", subject::object(&signed.issuer)),
        ("Subject", subject::object(&signed.subject)),
        ("NotBefore", time(signed.validity.not_before)),
        ("NotAfter", time(signed.validity.not_after)),
    ];
    fields.extend(constraints(certificate));
    fields.extend(alternative_names(certificate));
    fields.push(("Extensions", extensions(certificate)));
    Value::object(fields.into_iter().map(|(name, value)| (Value::from(name), value)).collect())
}

/// What a certificate may be used for.
fn constraints(certificate: &X509Certificate<'_>) -> Vec<(&'static str, Value)> {
    let (mut key_usage, mut extended) = (0, Value::NULL);
    let (mut basic, mut is_ca, mut path, mut path_is_zero) = (false, false, 0, false);
    let (mut subject_key, mut authority_key) = (Value::NULL, Value::NULL);
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::KeyUsage(usage) => key_usage = i64::from(usage.flags),
            ParsedExtension::ExtendedKeyUsage(usage) => {
                // In the order of Go's numbers.
                let uses = [
                    (usage.any, 0),
                    (usage.server_auth, 1),
                    (usage.client_auth, 2),
                    (usage.code_signing, 3),
                    (usage.email_protection, 4),
                    (usage.time_stamping, 8),
                    (usage.ocsp_signing, 9),
                ];
                let uses = uses.into_iter().filter(|(is_on, _)| *is_on);
                extended = Value::array(uses.map(|(_, number)| Value::from(number)).collect());
            }
            ParsedExtension::BasicConstraints(constraints) => {
                (basic, is_ca) = (true, constraints.ca);
                path = constraints.path_len_constraint.map_or(-1, i64::from);
                path_is_zero = path == 0;
            }
            ParsedExtension::SubjectKeyIdentifier(id) => subject_key = base64(id.0),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                authority_key = id.key_identifier.as_ref().map_or(Value::NULL, |id| base64(id.0));
            }
            _ => {}
        }
    }
    vec![
        ("KeyUsage", Value::from(key_usage)),
        ("ExtKeyUsage", extended),
        ("BasicConstraintsValid", Value::from(basic)),
        ("IsCA", Value::from(is_ca)),
        ("MaxPathLen", Value::from(path)),
        ("MaxPathLenZero", Value::from(path_is_zero)),
        ("SubjectKeyId", subject_key),
        ("AuthorityKeyId", authority_key),
    ]
}

/// What a certificate is for beside its subject.
fn alternative_names(certificate: &X509Certificate<'_>) -> [(&'static str, Value); 4] {
    let (mut hosts, mut mails) = (Vec::new(), Vec::new());
    let (mut addresses, mut uris) = (Vec::new(), Vec::new());
    for extension in certificate.extensions() {
        let ParsedExtension::SubjectAlternativeName(names) = extension.parsed_extension() else {
            continue;
        };
        for name in &names.general_names {
            match name {
                GeneralName::DNSName(host) => hosts.push(Value::from(*host)),
                GeneralName::RFC822Name(mail) => mails.push(Value::from(*mail)),
                GeneralName::URI(text) => uris.push(uri(text)),
                GeneralName::IPAddress(bytes) => addresses.extend(address(bytes)),
                _ => {}
            }
        }
    }
    let list = |list: Vec<Value>| if list.is_empty() { Value::NULL } else { Value::array(list) };
    [
        ("DNSNames", list(hosts)),
        ("EmailAddresses", list(mails)),
        ("IPAddresses", list(addresses)),
        ("URIs", list(uris)),
    ]
}

/// Returns a URI in the parts that Go's JSON has: scheme, user, host and path.
fn uri(text: &str) -> Value {
    let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (opaque, host, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let at = rest.find('/').unwrap_or(rest.len());
            let (host, path) = rest.split_at_checked(at).unwrap_or((rest, ""));
            ("", host.rsplit_once('@').map_or(host, |(_, host)| host), path)
        }
        None if rest.starts_with('/') => ("", "", rest),
        None => (rest, "", ""),
    };
    Value::object_from_strs([
        ("Scheme", Value::from(scheme)),
        ("Opaque", Value::from(opaque)),
        ("Host", Value::from(host)),
        ("Path", Value::from(path)),
        ("RawPath", Value::from("")),
        ("RawQuery", Value::from(query)),
        ("Fragment", Value::from(fragment)),
        ("RawFragment", Value::from("")),
        ("User", Value::NULL),
        ("ForceQuery", Value::from(false)),
        ("OmitHost", Value::from(false)),
    ])
}

fn address(bytes: &[u8]) -> Option<Value> {
    let four: Option<[u8; 4]> = bytes.try_into().ok();
    let sixteen: Option<[u8; 16]> = bytes.try_into().ok();
    let text = four.map(|octets| Ipv4Addr::from(octets).to_string());
    text.or_else(|| sixteen.map(|octets| Ipv6Addr::from(octets).to_string())).map(Value::from)
}

fn extensions(certificate: &X509Certificate<'_>) -> Value {
    let shown = certificate.extensions().iter().map(|extension| {
        Value::object_from_strs([
            ("Id", subject::arcs(&arcs(&extension.oid))),
            ("Critical", Value::from(extension.critical)),
            ("Value", base64(extension.value)),
        ])
    });
    Value::array(shown.collect())
}

fn public_key(certificate: &X509Certificate<'_>) -> Value {
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => Value::object_from_strs([
            ("N", number(&BigUint::from_bytes_be(key.modulus))),
            ("E", number(&BigUint::from_bytes_be(key.exponent))),
        ]),
        Ok(PublicKey::EC(point)) => {
            // Uncompressed: 4, then the two coordinates.
            let both = point.data().strip_prefix(&[4]).unwrap_or_default();
            let (x, y) = both.split_at_checked(both.len() / 2).unwrap_or_default();
            Value::object_from_strs([
                ("Curve", Value::object(Vec::new())),
                ("X", number(&BigUint::from_bytes_be(x))),
                ("Y", number(&BigUint::from_bytes_be(y))),
            ])
        }
        _ => base64(&certificate.public_key().subject_public_key.data),
    }
}

fn arcs(oid: &Oid<'_>) -> Vec<u64> {
    oid.iter().map(Iterator::collect).unwrap_or_default()
}

fn base64(bytes: &[u8]) -> Value {
    Value::from(STANDARD.encode(bytes))
}

fn number(number: &BigUint) -> Value {
    Value::from_json(number.to_string().as_bytes()).unwrap_or(Value::NULL)
}

fn time(time: ASN1Time) -> Value {
    let time = Timestamp::from_second(time.timestamp());
    time.map_or(Value::NULL, |time| Value::from(time.to_string()))
}

/// Returns Go's number of a signature's algorithm; 0 for one that Go does not know.
fn signature_algorithm(arcs: &[u64]) -> i64 {
    match arcs {
        [1, 2, 840, 113_549, 1, 1, last] => match last {
            4 => 2,
            5 => 3,
            11 => 4,
            12 => 5,
            13 => 6,
            _ => 0,
        },
        [1, 2, 840, 10045, 4, 1] => 9,
        [1, 2, 840, 10045, 4, 3, last] => match last {
            2 => 10,
            3 => 11,
            4 => 12,
            _ => 0,
        },
        [1, 3, 101, 112] => 16,
        _ => 0,
    }
}

/// Returns Go's number of a key's algorithm; 0 for one that Go does not know.
fn key_algorithm(arcs: &[u64]) -> i64 {
    match arcs {
        [1, 2, 840, 113_549, 1, 1, 1] => 1,
        [1, 2, 840, 10040, 4, 1] => 2,
        [1, 2, 840, 10045, 2, 1] => 3,
        [1, 3, 101, 112] => 4,
        _ => 0,
    }
}
