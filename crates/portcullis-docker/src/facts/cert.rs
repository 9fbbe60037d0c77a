//! The certificate that the client showed to the daemon, which has checked it.
//!
//! Pure. Must not know: policies, whom to trust.
//!
//! Source: moby `pkg/authorization/api.go`, `PeerCertificate` (PEM, the client's own first); Go
//! `crypto/x509/pkix` (the last common name counts).

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use rego::Value;
use sha2::{Digest, Sha256};
use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry::{
    OID_X509_COMMON_NAME, OID_X509_ORGANIZATION_NAME, OID_X509_ORGANIZATIONAL_UNIT, Oid,
};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use super::texts;
use crate::fields::Fields;

/// Most names of a certificate. Ours.
const NAMES_MAX: usize = 256;

/// What stands before a certificate in PEM.
const PEM_LABEL: &str = "CERTIFICATE";

/// A client's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cert {
    /// The subject's common name; empty without.
    pub common_name: String,
    /// The subject's organizations.
    pub organizations: Vec<String>,
    /// The subject's organizational units.
    pub units: Vec<String>,
    /// Names of hosts.
    pub hosts: Vec<String>,
    /// Mail addresses.
    pub emails: Vec<String>,
    /// URIs.
    pub uris: Vec<String>,
    /// Addresses.
    pub addresses: Vec<String>,
    /// SHA-256 of the certificate, in hexadecimal.
    pub fingerprint: String,
}

impl Cert {
    /// Returns the certificate as policies see it.
    pub fn to_value(&self) -> Value {
        static FIELDS: Fields = Fields::new();
        FIELDS.object([
            ("CN", self.common_name.as_str().into()),
            ("DNS", texts(&self.hosts)),
            ("Emails", texts(&self.emails)),
            ("Fingerprint", self.fingerprint.as_str().into()),
            ("IPs", texts(&self.addresses)),
            ("O", texts(&self.organizations)),
            ("OU", texts(&self.units)),
            ("URIs", texts(&self.uris)),
        ])
    }

    /// Returns the groups of whoever shows the certificate: its organizations and units, each once,
    /// sorted.
    pub fn groups(&self) -> Vec<&str> {
        let groups: BTreeSet<&str> =
            self.organizations.iter().chain(&self.units).map(String::as_str).collect();
        groups.into_iter().collect()
    }
}

/// A certificate cannot be read, so that nothing can be told of who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertError {
    /// It is not one in PEM.
    Pem,
    /// It is not one in DER.
    Der,
    /// Its other names are not readable, or there are too many.
    Names,
}

impl fmt::Display for CertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Pem => "not a certificate in PEM",
            Self::Der => "not a certificate",
            Self::Names => "its alternative names are not readable, or too many",
        };
        write!(f, "the client's certificate cannot be read: {what}")
    }
}

impl std::error::Error for CertError {}

/// Returns the client's own certificate, given all it showed, in PEM; none without any.
///
/// Errors: it cannot be read.
pub fn of(certificates: &[Vec<u8>]) -> Result<Option<Cert>, CertError> {
    let Some(first) = certificates.first() else { return Ok(None) };
    let (_, pem) = parse_x509_pem(first).map_err(|_| CertError::Pem)?;
    if pem.label != PEM_LABEL {
        return Err(CertError::Pem);
    }
    let (rest, certificate) =
        X509Certificate::from_der(&pem.contents).map_err(|_| CertError::Der)?;
    if !rest.is_empty() {
        return Err(CertError::Der);
    }
    read(&certificate, &pem.contents).map(Some)
}

fn read(certificate: &X509Certificate<'_>, der: &[u8]) -> Result<Cert, CertError> {
    let subject = certificate.subject();
    let mut cert = Cert {
        common_name: values(subject, &OID_X509_COMMON_NAME).pop().unwrap_or_default(),
        organizations: values(subject, &OID_X509_ORGANIZATION_NAME),
        units: values(subject, &OID_X509_ORGANIZATIONAL_UNIT),
        fingerprint: Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect(),
        ..Cert::default()
    };
    let names = certificate.subject_alternative_name().map_err(|_| CertError::Names)?;
    let names = names.map_or(&[][..], |names| names.value.general_names.as_slice());
    if names.len() > NAMES_MAX {
        return Err(CertError::Names);
    }
    for name in names {
        match name {
            GeneralName::DNSName(host) => cert.hosts.push((*host).to_string()),
            GeneralName::RFC822Name(mail) => cert.emails.push((*mail).to_string()),
            GeneralName::URI(uri) => cert.uris.push((*uri).to_string()),
            GeneralName::IPAddress(bytes) => cert.addresses.push(address(bytes)?),
            GeneralName::Invalid(..) => return Err(CertError::Names),
            _ => {}
        }
    }
    Ok(cert)
}

/// Returns the texts of an attribute of a name, in order.
fn values(name: &X509Name<'_>, id: &Oid<'_>) -> Vec<String> {
    name.iter_by_oid(id).filter_map(|attribute| text(attribute.attr_value())).collect()
}

/// Returns the text of a value, if it is text that Go reads.
fn text(value: &Any<'_>) -> Option<String> {
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::NumericString | Tag::Ia5String => {
            std::str::from_utf8(value.data).ok().map(str::to_string)
        }
        Tag::TeletexString => Some(value.data.iter().copied().map(char::from).collect()),
        Tag::BmpString => {
            let units = value.data.chunks_exact(2).filter_map(|pair| pair.try_into().ok());
            let units: Vec<u16> = units.map(u16::from_be_bytes).collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Result<String, CertError> {
    let four = <[u8; 4]>::try_from(bytes).map(|four| Ipv4Addr::from(four).to_string());
    let six = || <[u8; 16]>::try_from(bytes).map(|six| Ipv6Addr::from(six).to_string());
    four.or_else(|_| six()).map_err(|_| CertError::Names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_cannot_be_read_is_an_error() {
        assert_eq!(of(&[]), Ok(None));
        for (pem, error) in [
            ("", CertError::Pem),
            ("x", CertError::Pem),
            ("-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n", CertError::Pem),
            ("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", CertError::Pem),
            ("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", CertError::Der),
        ] {
            assert_eq!(of(&[pem.as_bytes().to_vec()]), Err(error), "{pem}");
        }
    }

    #[test]
    fn groups_are_sorted_and_unique() {
        let strings = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect();
        let cert = Cert {
            organizations: strings(&["devs", "b"]),
            units: strings(&["a", "devs"]),
            ..Cert::default()
        };
        assert_eq!(cert.groups(), ["a", "b", "devs"]);
    }
}
