//! A certificate, read as Go's `crypto/x509` reads it.
//!
//! Must not know: JSON, and whether it is to be trusted. Source: RFC 5280; Go, `crypto/x509`, whose
//! words errors have.

use std::collections::BTreeSet;

use num_bigint::{BigInt, Sign};

use super::der::{Der, Oid, SEQUENCE, Time, context, wrapped};
use super::extensions::{Details, Extension};
use super::name::Name;
use super::public_key::{Algorithm, KeyInfo};
use super::signature::SignatureAlgorithm;

/// The highest version that there is.
const VERSION_MAX: i64 = 3;

/// A certificate.
pub(super) struct Certificate {
    pub(super) raw: Vec<u8>,
    pub(super) raw_tbs: Vec<u8>,
    pub(super) raw_key: Vec<u8>,
    pub(super) raw_subject: Vec<u8>,
    pub(super) raw_issuer: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) signature_algorithm: SignatureAlgorithm,
    pub(super) key: KeyInfo,
    /// From 1.
    pub(super) version: i64,
    pub(super) serial: BigInt,
    pub(super) issuer: Name,
    pub(super) subject: Name,
    pub(super) not_before: Time,
    pub(super) not_after: Time,
    pub(super) extensions: Vec<Extension>,
    pub(super) details: Details,
}

/// Reads certificates one after the other.
pub(super) fn read_all(der: &[u8]) -> Result<Vec<Certificate>, String> {
    let mut rest = Der(der);
    let mut certificates = Vec::new();
    while !rest.is_empty() {
        certificates.push(Certificate::read(&mut rest)?);
    }
    Ok(certificates)
}

/// Reads one certificate and nothing more.
pub(super) fn read_one(der: &[u8]) -> Result<Certificate, String> {
    let mut rest = Der(der);
    let certificate = Certificate::read(&mut rest)?;
    let trailing = || "x509: trailing data".to_string();
    rest.is_empty().then_some(certificate).ok_or_else(trailing)
}

/// Takes the next part, or says that it is malformed.
fn part<T>(part: Option<T>, name: &str) -> Result<T, String> {
    part.ok_or_else(|| format!("x509: malformed {name}"))
}

impl Certificate {
    /// Takes the next certificate.
    fn read(der: &mut Der<'_>) -> Result<Self, String> {
        let whole = part(der.element(SEQUENCE), "certificate")?;
        let mut outer = whole.body;
        let tbs_element = part(outer.element(SEQUENCE), "tbs certificate")?;
        let mut tbs = tbs_element.body;
        let version = version(&mut tbs)?;
        let serial = part(tbs.integer(), "serial number")?;
        if serial.sign() == Sign::Minus {
            return Err("x509: negative serial number".to_string());
        }
        let inner = part(tbs.take(SEQUENCE), "signature algorithm identifier")?;
        if part(outer.take(SEQUENCE), "algorithm identifier")?.0 != inner.0 {
            let why = "inner and outer signature algorithm identifiers don't match";
            return Err(format!("x509: {why}"));
        }
        let signature_algorithm = SignatureAlgorithm::of(&Algorithm::read(inner)?);
        let issuer_element = part(tbs.element(SEQUENCE), "issuer")?;
        let issuer = Name::read(Der(issuer_element.whole))?;
        let mut validity = part(tbs.take(SEQUENCE), "validity")?;
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        let subject_element = part(tbs.element(SEQUENCE), "issuer")?;
        let subject = Name::read(Der(subject_element.whole))?;
        let key_element = part(tbs.element(SEQUENCE), "spki")?;
        let key = KeyInfo::read(Der(key_element.whole))?;
        let extensions = if version > 1 { extensions(&mut tbs, version)? } else { Vec::new() };
        let details = Details::read(&extensions)?;
        let signature = part(outer.bits(), "signature")?.right_aligned();
        Ok(Self {
            raw: whole.whole.to_vec(),
            raw_tbs: tbs_element.whole.to_vec(),
            raw_key: key_element.whole.to_vec(),
            raw_subject: subject_element.whole.to_vec(),
            raw_issuer: issuer_element.whole.to_vec(),
            signature,
            signature_algorithm,
            key,
            version,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            extensions,
            details,
        })
    }

    /// Returns the extension of an identifier.
    pub(super) fn extension(&self, oid: &str) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.oid.is(oid))
    }
}

fn version(tbs: &mut Der<'_>) -> Result<i64, String> {
    let version = match part(tbs.optional(wrapped(0)), "version")? {
        Some(mut version) => {
            let number = version.small_integer().filter(|_| version.is_empty());
            part(number, "version")?
        }
        None => 0,
    };
    if !(0..=VERSION_MAX).contains(&version) {
        return Err("x509: malformed version".to_string());
    }
    // Written from 0, told from 1.
    if version == VERSION_MAX {
        return Err("x509: invalid version".to_string());
    }
    Ok(version + 1)
}

fn extensions(tbs: &mut Der<'_>, version: i64) -> Result<Vec<Extension>, String> {
    part(tbs.optional(context(1)), "issuerUniqueID")?;
    part(tbs.optional(context(2)), "subjectUniqueID")?;
    if version < 3 {
        return Ok(Vec::new());
    }
    let Some(mut all) = part(tbs.optional(wrapped(3)), "extensions")? else {
        return Ok(Vec::new());
    };
    let mut all = part(all.take(SEQUENCE), "extensions")?;
    let mut seen = BTreeSet::<Oid>::new();
    let mut extensions = Vec::new();
    while !all.is_empty() {
        let extension = Extension::read(part(all.take(SEQUENCE), "extension")?)?;
        if !seen.insert(extension.oid.clone()) {
            let oid = extension.oid.text();
            return Err(format!(
                "x509: certificate contains duplicate extension with OID \"{oid}\""
            ));
        }
        extensions.push(extension);
    }
    Ok(extensions)
}
