//! Name constraints: which names an authority may vouch for.
//!
//! Source: RFC 5280, 4.2.1.10; Go, `crypto/x509`.

use std::net::IpAddr;

use super::alternative::{AlternativeNames, ascii, not_ascii};
use super::der::{Der, SEQUENCE, context, wrapped};
use super::domain;
use super::extensions::Extension;
use crate::bytes;
use crate::gofmt;
use crate::url::Url;

/// A network: its address, and a mask as long.
pub(super) struct Network {
    pub(super) address: Vec<u8>,
    pub(super) mask: Vec<u8>,
}

/// Names by kind.
#[derive(Default)]
pub(super) struct Subtrees {
    pub(super) dns: Vec<String>,
    pub(super) networks: Vec<Network>,
    pub(super) emails: Vec<String>,
    pub(super) uris: Vec<String>,
}

/// What is permitted and what is excluded.
#[derive(Default)]
pub(super) struct Constraints {
    pub(super) critical: bool,
    pub(super) permitted: Subtrees,
    pub(super) excluded: Subtrees,
}

impl Constraints {
    /// Reads the extension; the second result says whether all of it was understood.
    pub(super) fn read(extension: &Extension) -> Result<(Self, bool), String> {
        let parts = || {
            let mut outer = Der(&extension.value);
            let mut inner = outer.take(SEQUENCE).filter(|_| outer.is_empty())?;
            let permitted = inner.optional(wrapped(0))?;
            let excluded = inner.optional(wrapped(1))?;
            inner.is_empty().then_some((permitted, excluded))
        };
        let (permitted, excluded) = parts().ok_or("x509: invalid NameConstraints extension")?;
        if permitted.is_none() && excluded.is_none() {
            return Err("x509: empty name constraints extension".to_string());
        }
        if [permitted, excluded].iter().flatten().any(Der::is_empty) {
            return Err("x509: empty name constraints subtree sequence".to_string());
        }
        let mut understood = true;
        let mut read = |subtrees: Option<Der<'_>>| {
            Subtrees::read(subtrees.unwrap_or(Der(&[])), &mut understood)
        };
        let (permitted, excluded) = (read(permitted)?, read(excluded)?);
        Ok((Self { critical: extension.critical, permitted, excluded }, understood))
    }

    /// Whether a certificate of this authority may have these names. Counts the comparisons.
    pub(super) fn allow(&self, names: &AlternativeNames, budget: &mut Comparisons) -> bool {
        let (permitted, excluded) = (&self.permitted, &self.excluded);
        let emails = names.emails.iter().all(|email| {
            let Some(mailbox) = domain::mailbox(email) else { return false };
            let matches = |constraint: &String| mailbox_matches(&mailbox, constraint);
            budget.check(&permitted.emails, &excluded.emails, matches, matches)
        });
        emails
            && names.dns.iter().all(|name| {
                let within = |constraint: &String| domain::is_within(name, constraint);
                let reaches = |constraint: &String| {
                    let within = domain::is_within(name, constraint)?;
                    Some(within || domain::wildcard_reaches(name, constraint))
                };
                domain::is_valid(name)
                    && budget.check(&permitted.dns, &excluded.dns, within, reaches)
            })
            && names.uris.iter().all(|uri| {
                let matches = |constraint: &String| uri_matches(uri, constraint);
                budget.check(&permitted.uris, &excluded.uris, matches, matches)
            })
            && names.ips.iter().all(|ip| {
                let matches = |network: &Network| Some(network.contains(ip));
                budget.check(&permitted.networks, &excluded.networks, matches, matches)
            })
    }
}

/// How many comparisons of names with constraints are left.
pub(super) struct Comparisons {
    pub(super) left: i64,
    /// How many were made.
    pub(super) made: u64,
}

impl Comparisons {
    /// Whether a name is matched by no excluded constraint and, if there are any, by a permitted
    /// one. A constraint that cannot be compared with the name refuses it.
    fn check<T>(
        &mut self,
        permitted: &[T],
        excluded: &[T],
        permits: impl Fn(&T) -> Option<bool>,
        excludes: impl Fn(&T) -> Option<bool>,
    ) -> bool {
        if !self.take(excluded.len()) || excluded.iter().any(|one| excludes(one) != Some(false)) {
            return false;
        }
        if !self.take(permitted.len()) {
            return false;
        }
        for one in permitted {
            match permits(one) {
                Some(true) => return true,
                Some(false) => {}
                None => return false,
            }
        }
        permitted.is_empty()
    }

    fn take(&mut self, count: usize) -> bool {
        self.made = self.made.saturating_add(count as u64);
        self.left = self.left.saturating_sub(i64::try_from(count).unwrap_or(i64::MAX));
        self.left >= 0
    }
}

impl Network {
    fn contains(&self, ip: &[u8]) -> bool {
        let masked = |bytes: &[u8]| -> Vec<u8> {
            bytes.iter().zip(&self.mask).map(|(byte, mask)| byte & mask).collect()
        };
        ip.len() == self.address.len() && masked(ip) == masked(&self.address)
    }
}

fn mailbox_matches((local, host): &(String, &str), constraint: &str) -> Option<bool> {
    if !constraint.contains('@') {
        return domain::is_within(host, constraint);
    }
    let (wanted_local, wanted_host) = domain::mailbox(constraint)?;
    Some(*local == wanted_local && host.eq_ignore_ascii_case(wanted_host))
}

/// A URI without a host, or with an address in place of it, cannot be compared.
fn uri_matches(uri: &Url, constraint: &str) -> Option<bool> {
    let host = match uri.host.rsplit_once(':') {
        Some((host, _)) if !uri.host.ends_with(']') => {
            (!host.contains(':') || host.starts_with('[')).then_some(host)?
        }
        _ => uri.host.as_str(),
    };
    let is_address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
    (!host.is_empty() && !is_address).then_some(())?;
    domain::is_within(host, constraint)
}

impl Subtrees {
    fn read(mut der: Der<'_>, understood: &mut bool) -> Result<Self, String> {
        let mut subtrees = Self::default();
        while !der.is_empty() {
            let base = der.take(SEQUENCE).and_then(|mut subtree| subtree.any());
            let base = base.ok_or("x509: invalid NameConstraints extension")?;
            let bytes = base.body.0;
            let text = || {
                let wrong = || format!("x509: invalid constraint value: {}", not_ascii(bytes));
                ascii(bytes).ok_or_else(wrong)
            };
            match base.tag {
                tag if tag == context(2) => subtrees.dns.push(dns(text()?)?),
                tag if tag == context(7) => subtrees.networks.push(Network::read(bytes)?),
                tag if tag == context(1) => subtrees.emails.push(email(text()?)?),
                tag if tag == context(6) => subtrees.uris.push(uri(text()?)?),
                _ => *understood = false,
            }
        }
        Ok(subtrees)
    }
}

fn dns(text: String) -> Result<String, String> {
    let wrong = || format!("x509: failed to parse dnsName constraint {}", gofmt::quote(&text));
    if domain::is_valid_constraint(&text) { Ok(text) } else { Err(wrong()) }
}

fn email(text: String) -> Result<String, String> {
    let valid = if text.contains('@') {
        domain::mailbox(&text).is_some()
    } else {
        domain::is_valid_constraint(&text)
    };
    let wrong = || format!("x509: failed to parse rfc822Name constraint {}", gofmt::quote(&text));
    if valid { Ok(text) } else { Err(wrong()) }
}

fn uri(text: String) -> Result<String, String> {
    let wrong = format!("x509: failed to parse URI constraint {}", gofmt::quote(&text));
    if text.parse::<IpAddr>().is_ok() {
        return Err(format!("{wrong}: cannot be IP address"));
    }
    if domain::is_valid_constraint(&text) { Ok(text) } else { Err(wrong) }
}

impl Network {
    fn read(value: &[u8]) -> Result<Self, String> {
        let length = value.len();
        if !matches!(length, 8 | 32) {
            return Err(format!("x509: IP constraint contained value of length {length}"));
        }
        let (address, mask) = value.split_at(length / 2);
        let ones: u32 = mask.iter().map(|byte| byte.leading_ones()).sum();
        let set: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
        let first_zero = mask.iter().position(|byte| *byte != 0xff).unwrap_or(mask.len());
        let behind = mask.iter().skip(first_zero + 1).any(|byte| *byte != 0);
        if ones != set || behind {
            let shown = bytes::to_hex(mask);
            return Err(format!("x509: IP constraint contained invalid mask {shown}"));
        }
        Ok(Self { address: address.to_vec(), mask: mask.to_vec() })
    }
}
