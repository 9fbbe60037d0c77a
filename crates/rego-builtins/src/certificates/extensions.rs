//! What the extensions of certificates say.
//!
//! Source: RFC 5280, 4.2; Go, `crypto/x509`, whose words errors have.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::alternative::AlternativeNames;
use super::constraints::Constraints;
use super::der::{BOOLEAN, Der, INTEGER, OCTET_STRING, OID, Oid, SEQUENCE, context, wrapped};
use crate::bytes;

/// An extension as it is.
pub(super) struct Extension {
    pub(super) oid: Oid,
    pub(super) critical: bool,
    pub(super) value: Vec<u8>,
}

impl Extension {
    /// Reads what is inside of the extension's sequence.
    pub(super) fn read(mut der: Der<'_>) -> Result<Self, String> {
        let malformed = |field: &str| format!("x509: malformed extension {field} field");
        let oid = der.oid().ok_or_else(|| malformed("OID"))?;
        let mut critical = false;
        if der.next_is(BOOLEAN) {
            critical = der.boolean().ok_or_else(|| malformed("critical"))?;
        }
        let value = der.take(OCTET_STRING).ok_or_else(|| malformed("value"))?;
        Ok(Self { oid, critical, value: value.0.to_vec() })
    }
}

/// What the extensions say that are known.
#[derive(Default)]
pub(super) struct Details {
    /// The uses as bits.
    pub(super) key_usage: i64,
    /// Whether basic constraints are there.
    pub(super) basic_constraints: bool,
    pub(super) is_ca: bool,
    /// Negative where it is not said, zero without basic constraints.
    pub(super) max_path_len: i64,
    pub(super) names: AlternativeNames,
    pub(super) constraints: Constraints,
    pub(super) crl_points: Vec<String>,
    pub(super) authority_key: Option<Vec<u8>>,
    pub(super) subject_key: Option<Vec<u8>>,
    /// By Go's numbers.
    pub(super) usages: Vec<i64>,
    pub(super) unknown_usages: Vec<Oid>,
    pub(super) policies: Option<Vec<Oid>>,
    /// The issuer's policy, and the subject's.
    pub(super) mappings: Vec<(Oid, Oid)>,
    pub(super) require_explicit_policy: Option<i64>,
    pub(super) inhibit_policy_mapping: Option<i64>,
    pub(super) inhibit_any_policy: Option<i64>,
    pub(super) ocsp_servers: Vec<String>,
    pub(super) issuers: Vec<String>,
    /// Those that are critical and that nothing here understands.
    pub(super) unhandled: Vec<Oid>,
}

/// Extended uses of keys: Go's number for each is its place.
const USAGES: &[&str] = &[
    "2.5.29.37.0",
    "1.3.6.1.5.5.7.3.1",
    "1.3.6.1.5.5.7.3.2",
    "1.3.6.1.5.5.7.3.3",
    "1.3.6.1.5.5.7.3.4",
    "1.3.6.1.5.5.7.3.5",
    "1.3.6.1.5.5.7.3.6",
    "1.3.6.1.5.5.7.3.7",
    "1.3.6.1.5.5.7.3.8",
    "1.3.6.1.5.5.7.3.9",
    "1.3.6.1.4.1.311.10.3.3",
    "2.16.840.1.113730.4.1",
    "1.3.6.1.4.1.311.2.1.22",
    "1.3.6.1.4.1.311.61.1.1",
];

const OCSP: &str = "1.3.6.1.5.5.7.48.1";
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";

/// How many uses of keys there are a bit for.
const KEY_USAGES: usize = 9;

type Read = fn(&mut Details, &Extension) -> Result<bool, String>;

/// The extensions that are known; a reader says whether it understood all of it.
const KNOWN: &[(&str, Read)] = &[
    ("2.5.29.14", Details::read_subject_key),
    ("2.5.29.15", Details::read_key_usage),
    ("2.5.29.17", Details::read_names),
    ("2.5.29.19", Details::read_basic_constraints),
    ("2.5.29.30", Details::read_constraints),
    ("2.5.29.31", Details::read_crl_points),
    ("2.5.29.32", Details::read_policies),
    ("2.5.29.33", Details::read_mappings),
    ("2.5.29.35", Details::read_authority_key),
    ("2.5.29.36", Details::read_policy_constraints),
    ("2.5.29.37", Details::read_usages),
    ("2.5.29.54", Details::read_inhibit_any_policy),
    ("1.3.6.1.5.5.7.1.1", Details::read_access),
];

impl Details {
    /// Reads all extensions.
    pub(super) fn read(extensions: &[Extension]) -> Result<Self, String> {
        let mut details = Self::default();
        for extension in extensions {
            let known = KNOWN.iter().find(|(oid, _)| extension.oid.is(oid));
            let understood = match known {
                Some((_, read)) => read(&mut details, extension)?,
                None => false,
            };
            if extension.critical && !understood {
                details.unhandled.push(extension.oid.clone());
            }
        }
        Ok(details)
    }

    fn read_key_usage(&mut self, extension: &Extension) -> Result<bool, String> {
        let bits = Der(&extension.value).bits().ok_or("x509: invalid key usage")?;
        let set = (0..KEY_USAGES).filter(|place| bits.at(*place));
        self.key_usage = set.map(|place| 1 << place).sum();
        Ok(true)
    }

    fn read_basic_constraints(&mut self, extension: &Extension) -> Result<bool, String> {
        let invalid = || "x509: invalid basic constraints".to_string();
        let mut der = Der(&extension.value).take(SEQUENCE).ok_or_else(invalid)?;
        if der.next_is(BOOLEAN) {
            self.is_ca = der.boolean().ok_or_else(invalid)?;
        }
        self.max_path_len = -1;
        if der.next_is(INTEGER) {
            let length = der.small_integer().filter(|length| *length >= 0);
            self.max_path_len = length.ok_or_else(invalid)?;
        }
        self.basic_constraints = true;
        Ok(true)
    }

    fn read_names(&mut self, extension: &Extension) -> Result<bool, String> {
        self.names = AlternativeNames::read(&extension.value)?;
        Ok(!self.names.is_empty())
    }

    fn read_constraints(&mut self, extension: &Extension) -> Result<bool, String> {
        let (constraints, understood) = Constraints::read(extension)?;
        self.constraints = constraints;
        Ok(understood)
    }

    fn read_crl_points(&mut self, extension: &Extension) -> Result<bool, String> {
        let invalid = || "x509: invalid CRL distribution point".to_string();
        let points = Der(&extension.value).take(SEQUENCE);
        let mut points = points.ok_or_else(|| format!("{}s", invalid()))?;
        while !points.is_empty() {
            let mut point = points.take(SEQUENCE).ok_or_else(invalid)?;
            let Some(mut name) = point.optional(wrapped(0)).ok_or_else(invalid)? else { continue };
            let mut names = name.take(wrapped(0)).ok_or_else(invalid)?;
            while names.next_is(context(6)) {
                let uri = names.take(context(6)).ok_or_else(invalid)?;
                self.crl_points.push(bytes::text(uri.0.to_vec()));
            }
        }
        Ok(true)
    }

    fn read_authority_key(&mut self, extension: &Extension) -> Result<bool, String> {
        if extension.critical {
            return Err("x509: authority key identifier incorrectly marked critical".to_string());
        }
        let invalid = || "x509: invalid authority key identifier".to_string();
        let mut der = Der(&extension.value).take(SEQUENCE).ok_or_else(invalid)?;
        let id = der.optional(context(0)).ok_or_else(invalid)?;
        self.authority_key = id.map(|id| id.0.to_vec());
        Ok(true)
    }

    fn read_subject_key(&mut self, extension: &Extension) -> Result<bool, String> {
        if extension.critical {
            return Err("x509: subject key identifier incorrectly marked critical".to_string());
        }
        let id = Der(&extension.value).take(OCTET_STRING);
        let id = id.ok_or("x509: invalid subject key identifier")?;
        self.subject_key = Some(id.0.to_vec());
        Ok(true)
    }

    fn read_usages(&mut self, extension: &Extension) -> Result<bool, String> {
        let invalid = || "x509: invalid extended key usages".to_string();
        let mut der = Der(&extension.value).take(SEQUENCE).ok_or_else(invalid)?;
        while !der.is_empty() {
            let usage = der.oid().ok_or_else(invalid)?;
            match USAGES.iter().position(|known| usage.is(known)) {
                Some(number) => self.usages.push(number as i64),
                None => self.unknown_usages.push(usage),
            }
        }
        Ok(true)
    }

    fn read_policies(&mut self, extension: &Extension) -> Result<bool, String> {
        let invalid = || "x509: invalid certificate policies".to_string();
        let mut der = Der(&extension.value).take(SEQUENCE).ok_or_else(invalid)?;
        let mut seen = BTreeSet::new();
        let mut policies = Vec::new();
        while !der.is_empty() {
            let policy = der.take(SEQUENCE).and_then(|mut policy| policy.take(OID));
            let oid = policy.and_then(|policy| Oid::read(policy.0)).ok_or_else(invalid)?;
            if !seen.insert(oid.clone()) {
                return Err(invalid());
            }
            policies.push(oid);
        }
        self.policies = Some(policies);
        Ok(true)
    }

    fn read_mappings(&mut self, extension: &Extension) -> Result<bool, String> {
        let invalid = || "x509: invalid policy mappings extension".to_string();
        let mut der = Der(&extension.value).take(SEQUENCE).ok_or_else(invalid)?;
        while !der.is_empty() {
            let mut pair = der.take(SEQUENCE).ok_or_else(invalid)?;
            let mut oid = || Some(Oid(pair.take(OID)?.0.to_vec()));
            self.mappings.push(oid().zip(oid()).ok_or_else(invalid)?);
        }
        Ok(true)
    }

    fn read_policy_constraints(&mut self, extension: &Extension) -> Result<bool, String> {
        let invalid = || "x509: invalid policy constraints extension".to_string();
        let mut der = Der(&extension.value).take(SEQUENCE).ok_or_else(invalid)?;
        for (tag, field) in [
            (context(0), &mut self.require_explicit_policy),
            (context(1), &mut self.inhibit_policy_mapping),
        ] {
            if der.next_is(tag) {
                let number = der.integer_tagged(tag).and_then(|number| i64::try_from(number).ok());
                *field = Some(number.ok_or_else(invalid)?);
            }
        }
        Ok(true)
    }

    fn read_inhibit_any_policy(&mut self, extension: &Extension) -> Result<bool, String> {
        let number = Der(&extension.value).small_integer();
        let number = number.ok_or("x509: invalid inhibit any policy extension")?;
        self.inhibit_any_policy = Some(number);
        Ok(true)
    }

    fn read_access(&mut self, extension: &Extension) -> Result<bool, String> {
        if extension.critical {
            return Err("x509: authority info access incorrectly marked critical".to_string());
        }
        let invalid = || "x509: invalid authority info access".to_string();
        let mut der = Der(&extension.value).take(SEQUENCE).ok_or_else(invalid)?;
        while !der.is_empty() {
            let mut access = der.take(SEQUENCE).ok_or_else(invalid)?;
            let method = access.oid().ok_or_else(invalid)?;
            let Some(uri) = access.optional(context(6)).ok_or_else(invalid)? else { continue };
            let uri = bytes::text(uri.0.to_vec());
            if method.is(OCSP) {
                self.ocsp_servers.push(uri);
            } else if method.is(CA_ISSUERS) {
                self.issuers.push(uri);
            }
        }
        Ok(true)
    }
}

/// Returns the text of an address of 4 or 16 bytes, as Go writes it.
pub(super) fn address_text(bytes: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Ipv4Addr::from(v4).to_string();
    }
    let v6 = <[u8; 16]>::try_from(bytes).map(Ipv6Addr::from).unwrap_or(Ipv6Addr::UNSPECIFIED);
    v6.to_ipv4_mapped().map_or_else(|| v6.to_string(), |v4| v4.to_string())
}
