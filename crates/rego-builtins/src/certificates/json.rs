//! Certificates and requests as Go's structures give them in JSON: bytes in base64, lists that were
//! never made as null, what is there and what is not by Go's names.

use rego_value::{Number, Value};

use super::certificate::Certificate;
use super::constraints::{Network, Subtrees};
use super::der::{Oid, arcs_value};
use super::extensions::{Extension, address_text};
use super::name::list;
use super::public_key::{KeyInfo, integer};
use super::request::Request;
use crate::bytes::Base64;
use crate::url::Url;

type Fields = Vec<(Value, Value)>;

fn base64(bytes: &[u8]) -> Value {
    Value::from(Base64::Standard.encode(bytes, true))
}

fn optional_base64(bytes: Option<&Vec<u8>>) -> Value {
    bytes.map_or(Value::NULL, |bytes| base64(bytes))
}

fn texts(texts: &[String]) -> Value {
    list(texts.iter().map(|text| Value::from(text.as_str())).collect())
}

fn oids(oids: &[Oid]) -> Value {
    list(oids.iter().map(arcs_value).collect())
}

fn extensions(extensions: &[Extension]) -> Value {
    let extension = |extension: &Extension| {
        Value::object_from_strs([
            ("Id", arcs_value(&extension.oid)),
            ("Critical", Value::from(extension.critical)),
            ("Value", base64(&extension.value)),
        ])
    };
    list(extensions.iter().map(extension).collect())
}

fn network(network: &Network) -> Value {
    Value::object_from_strs([
        ("IP", Value::from(address_text(&network.address))),
        ("Mask", base64(&network.mask)),
    ])
}

fn url(url: &Url) -> Value {
    let text = |text: &String| Value::from(text.as_str());
    // Go shows nothing of a user but that there is one.
    let user = url.user.as_ref().map_or(Value::NULL, |_| Value::object(Vec::new()));
    Value::object_from_strs([
        ("Scheme", text(&url.scheme)),
        ("Opaque", text(&url.opaque)),
        ("User", user),
        ("Host", text(&url.host)),
        ("Path", text(&url.path)),
        ("RawPath", text(&url.raw_path)),
        ("OmitHost", Value::from(url.omit_host)),
        ("ForceQuery", Value::from(url.force_query)),
        ("RawQuery", text(&url.raw_query)),
        ("Fragment", text(&url.fragment)),
        ("RawFragment", text(&url.raw_fragment)),
    ])
}

fn named<const N: usize>(fields: [(&str, Value); N]) -> Fields {
    fields.into_iter().map(|(name, value)| (Value::from(name), value)).collect()
}

fn key(info: &KeyInfo) -> Fields {
    named([
        ("PublicKeyAlgorithm", Value::from(info.algorithm)),
        ("PublicKey", info.key.as_ref().map_or(Value::NULL, |key| key.to_value())),
    ])
}

fn alternative(names: &super::alternative::AlternativeNames) -> Fields {
    let addresses = names.ips.iter().map(|ip| Value::from(address_text(ip))).collect();
    named([
        ("DNSNames", texts(&names.dns)),
        ("EmailAddresses", texts(&names.emails)),
        ("IPAddresses", list(addresses)),
        ("URIs", list(names.uris.iter().map(url).collect())),
    ])
}

fn subtrees(prefix: &str, subtrees: &Subtrees) -> Fields {
    let fields = [
        ("DNSDomains", texts(&subtrees.dns)),
        ("IPRanges", list(subtrees.networks.iter().map(network).collect())),
        ("EmailAddresses", texts(&subtrees.emails)),
        ("URIDomains", texts(&subtrees.uris)),
    ];
    fields
        .into_iter()
        .map(|(name, value)| (Value::from(format!("{prefix}{name}")), value))
        .collect()
}

/// A number that may be there, and whether it is there and zero.
fn number_or_zero(name: &str, number: Option<i64>) -> Fields {
    let zero = Value::from(number == Some(0));
    vec![
        (Value::from(name), Value::from(Number::from(number.unwrap_or_default()))),
        (Value::from(format!("{name}Zero")), zero),
    ]
}

/// Returns a certificate.
pub(super) fn certificate(certificate: &Certificate) -> Value {
    let details = &certificate.details;
    let mut fields = named([
        ("Raw", base64(&certificate.raw)),
        ("RawTBSCertificate", base64(&certificate.raw_tbs)),
        ("RawSubjectPublicKeyInfo", base64(&certificate.raw_key)),
        ("RawSubject", base64(&certificate.raw_subject)),
        ("RawIssuer", base64(&certificate.raw_issuer)),
        ("Signature", base64(&certificate.signature)),
        ("SignatureAlgorithm", Value::from(certificate.signature_algorithm.number)),
        ("Version", Value::from(certificate.version)),
        ("SerialNumber", integer(&certificate.serial)),
        ("Issuer", certificate.issuer.to_value()),
        ("Subject", certificate.subject.to_value()),
        ("NotBefore", Value::from(certificate.not_before.text())),
        ("NotAfter", Value::from(certificate.not_after.text())),
        ("Extensions", extensions(&certificate.extensions)),
        ("ExtraExtensions", Value::NULL),
        ("UnhandledCriticalExtensions", oids(&details.unhandled)),
        ("KeyUsage", Value::from(details.key_usage)),
        ("ExtKeyUsage", list(details.usages.iter().copied().map(Value::from).collect())),
        ("UnknownExtKeyUsage", oids(&details.unknown_usages)),
        ("BasicConstraintsValid", Value::from(details.basic_constraints)),
        ("IsCA", Value::from(details.is_ca)),
        ("MaxPathLen", Value::from(details.max_path_len)),
        ("MaxPathLenZero", Value::from(details.basic_constraints && details.max_path_len == 0)),
        ("SubjectKeyId", optional_base64(details.subject_key.as_ref())),
        ("AuthorityKeyId", optional_base64(details.authority_key.as_ref())),
        ("OCSPServer", texts(&details.ocsp_servers)),
        ("IssuingCertificateURL", texts(&details.issuers)),
        ("PermittedDNSDomainsCritical", Value::from(details.constraints.critical)),
        ("CRLDistributionPoints", texts(&details.crl_points)),
    ]);
    fields.extend(key(&certificate.key));
    fields.extend(alternative(&details.names));
    fields.extend(subtrees("Permitted", &details.constraints.permitted));
    fields.extend(subtrees("Excluded", &details.constraints.excluded));
    fields.extend(policies(certificate));
    Value::object(fields)
}

fn policies(certificate: &Certificate) -> Fields {
    let details = &certificate.details;
    let mapping = |(issuer, subject): &(Oid, Oid)| {
        Value::object_from_strs([
            ("IssuerDomainPolicy", Value::from(issuer.text())),
            ("SubjectDomainPolicy", Value::from(subject.text())),
        ])
    };
    let policies = details.policies.as_ref();
    let small = |policies: &Vec<Oid>| {
        let small = policies.iter().filter(|policy| policy.arcs().is_some());
        Value::array(small.map(arcs_value).collect())
    };
    let text = |policies: &Vec<Oid>| {
        list(policies.iter().map(|policy| Value::from(policy.text())).collect())
    };
    let mut fields = named([
        ("PolicyIdentifiers", policies.map_or(Value::NULL, small)),
        ("Policies", policies.map_or(Value::NULL, text)),
        ("PolicyMappings", list(details.mappings.iter().map(mapping).collect())),
    ]);
    fields.extend(number_or_zero("RequireExplicitPolicy", details.require_explicit_policy));
    fields.extend(number_or_zero("InhibitPolicyMapping", details.inhibit_policy_mapping));
    fields.extend(number_or_zero("InhibitAnyPolicy", details.inhibit_any_policy));
    fields
}

/// Returns a certificate, and its URIs as texts, too.
pub(super) fn certificate_with_uris(one: &Certificate) -> Value {
    let uris = one.details.names.uris.iter().map(|uri| Value::from(uri.to_string())).collect();
    let value = certificate(one);
    let key = Value::from("URIStrings");
    value.as_object().map_or(Value::NULL, |object| object.with(&key, list(uris)))
}

/// Returns a request.
pub(super) fn request(request: &Request) -> Value {
    let mut fields = named([
        ("Raw", base64(&request.raw)),
        ("RawTBSCertificateRequest", base64(&request.raw_tbs)),
        ("RawSubjectPublicKeyInfo", base64(&request.raw_key)),
        ("RawSubject", base64(&request.raw_subject)),
        ("Version", Value::from(request.version)),
        ("Signature", base64(&request.signature)),
        ("SignatureAlgorithm", Value::from(request.signature_algorithm.number)),
        ("Subject", request.subject.to_value()),
        ("Attributes", request.attributes.clone()),
        ("Extensions", extensions(&request.extensions)),
        ("ExtraExtensions", Value::NULL),
    ]);
    fields.extend(key(&request.key));
    fields.extend(alternative(&request.names));
    Value::object(fields)
}
