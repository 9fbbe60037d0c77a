//! Chains of certificates: from a leaf to a root that is trusted.
//!
//! Source: RFC 5280, 6; Go, `crypto/x509.Certificate.Verify`.

use std::net::IpAddr;

use rego_vm::{BuiltinError, Context};

use super::certificate::Certificate;
use super::constraints::Comparisons;
use super::domain;
use super::policy;
use super::signature::Checker;
use crate::charge;

/// How many signatures are checked at most for one leaf.
const SIGNATURE_CHECKS_MAX: usize = 100;

/// How many comparisons with constraints there may be for each certificate, if nothing is said.
const COMPARISONS_MAX: i64 = 250_000;

/// The numbers of the use that allows all, and of that of a server.
const ANY_USAGE: i64 = 0;
const SERVER_USAGE: i64 = 1;

/// The bit of the use that signs certificates.
const SIGNS_CERTIFICATES: i64 = 1 << 5;

const NAMES: &str = "2.5.29.17";
const CONSTRAINTS: &str = "2.5.29.30";

/// What is asked of a chain.
pub(super) struct Options {
    /// The host that the leaf must be of; empty where any will do.
    pub(super) host: String,
    /// In nanoseconds since 1970.
    pub(super) time_ns: i64,
    /// How many comparisons with constraints there may be for each certificate; zero stands for the
    /// usual number.
    pub(super) comparisons_max: i64,
    /// One of these extended uses must be allowed; none stand for that of a server.
    pub(super) usages: Vec<i64>,
}

/// Returns the chain from the last certificate by those between to the first, the root, by their
/// places; nothing where there is none that holds.
pub(super) fn verify(
    context: &mut Context<'_>,
    certificates: &[Certificate],
    options: Options,
) -> Result<Option<Vec<usize>>, BuiltinError> {
    let [root, .., leaf] = certificates else { return Ok(None) };
    let usages = match options.usages.as_slice() {
        [] => vec![SERVER_USAGE],
        usages => usages.to_vec(),
    };
    let mut search = Search {
        context,
        certificates,
        options: Options { usages, ..options },
        checks: 0,
        chains: Vec::new(),
    };
    let last = certificates.len() - 1;
    if !search.is_valid(last, Role::Leaf, &[])? || !is_of_host(leaf, &search.options.host) {
        return Ok(None);
    }
    if leaf.raw == root.raw {
        search.chains.push(vec![last]);
    } else {
        search.extend(&[last])?;
    }
    let any = search.options.usages.contains(&ANY_USAGE);
    for chain in &search.chains {
        let members: Vec<&Certificate> =
            chain.iter().filter_map(|place| certificates.get(*place)).collect();
        policy::pay(search.context, &members)?;
        if policy::are_valid(&members) && (any || allows_use(&members, &search.options.usages)) {
            return Ok(Some(chain.clone()));
        }
    }
    Ok(None)
}

/// What a certificate is in a chain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Leaf,
    Between,
    Root,
}

struct Search<'s, 'h> {
    context: &'s mut Context<'h>,
    certificates: &'s [Certificate],
    options: Options,
    /// How many signatures were checked.
    checks: usize,
    chains: Vec<Vec<usize>>,
}

impl Search<'_, '_> {
    /// Finds what may follow a chain. Goes as deep as a chain is long; that is limited by the number
    /// of checks.
    fn extend(&mut self, chain: &[usize]) -> Result<(), BuiltinError> {
        let last = self.certificates.len() - 1;
        let between: Vec<usize> = (1..last).collect();
        for (role, places) in [(Role::Root, vec![0]), (Role::Between, between)] {
            for place in self.parents(chain, &places)? {
                if self.checks >= SIGNATURE_CHECKS_MAX {
                    return Ok(());
                }
                self.checks += 1;
                if !self.has_signed(place, chain)? || !self.is_valid(place, role, chain)? {
                    continue;
                }
                let longer = [chain, &[place]].concat();
                match role {
                    Role::Root => self.chains.push(longer),
                    _ => self.extend(&longer)?,
                }
            }
        }
        Ok(())
    }

    /// Returns the places of those whose subject is the issuer of the chain's last one, the ones
    /// whose key it names first.
    fn parents(&mut self, chain: &[usize], places: &[usize]) -> Result<Vec<usize>, BuiltinError> {
        self.context.charge_steps(places.len() as u64)?;
        let certificate = |place: &usize| self.certificates.get(*place);
        let Some(child) = chain.last().and_then(certificate) else { return Ok(Vec::new()) };
        let key_id = |id: &Option<Vec<u8>>| id.clone().unwrap_or_default();
        let wanted = key_id(&child.details.authority_key);
        let mut found: Vec<(u8, usize)> = Vec::new();
        let mut seen: Vec<&[u8]> = Vec::new();
        for place in places {
            let Some(parent) = certificate(place) else { continue };
            let known = seen.contains(&parent.raw.as_slice());
            if parent.raw_subject != child.raw_issuer || known || self.is_in(parent, chain) {
                continue;
            }
            seen.push(&parent.raw);
            let given = key_id(&parent.details.subject_key);
            let rank = match () {
                () if given == wanted => 0,
                () if given.is_empty() != wanted.is_empty() => 1,
                () => 2,
            };
            found.push((rank, *place));
        }
        found.sort_by_key(|(rank, _)| *rank);
        Ok(found.into_iter().map(|(_, place)| place).collect())
    }

    /// Whether the chain has the same subject with the same key and names already.
    fn is_in(&self, candidate: &Certificate, chain: &[usize]) -> bool {
        let names = |certificate: &Certificate| {
            certificate.extension(NAMES).map(|extension| extension.value.clone())
        };
        chain.iter().filter_map(|place| self.certificates.get(*place)).any(|member| {
            member.raw_subject == candidate.raw_subject
                && member.raw_key == candidate.raw_key
                && names(member) == names(candidate)
        })
    }

    /// Whether a certificate may sign others and has signed the chain's last one.
    fn has_signed(&mut self, parent: usize, chain: &[usize]) -> Result<bool, BuiltinError> {
        let certificate = |place: usize| self.certificates.get(place);
        let child = chain.last().and_then(|place| certificate(*place));
        let Some((parent, child)) = certificate(parent).zip(child) else { return Ok(false) };
        let details = &parent.details;
        let may = if details.basic_constraints { details.is_ca } else { parent.version < 3 };
        let usage = details.key_usage;
        if !may || (usage != 0 && usage & SIGNS_CERTIFICATES == 0) {
            return Ok(false);
        }
        let Some(checker) = Checker::of(parent) else { return Ok(false) };
        self.context.charge_steps(checker.steps())?;
        charge::scan(self.context, child.raw_tbs.len())?;
        Ok(checker.signed(child))
    }

    /// Whether a certificate can follow a chain: in time, by its names and the names below it, and by
    /// the length of the chain.
    fn is_valid(
        &mut self,
        place: usize,
        role: Role,
        chain: &[usize],
    ) -> Result<bool, BuiltinError> {
        let Some(certificate) = self.certificates.get(place) else { return Ok(false) };
        let details = &certificate.details;
        let now = i128::from(self.options.time_ns);
        let in_time = now >= certificate.not_before.ns() && now <= certificate.not_after.ns();
        if !details.unhandled.is_empty() || !in_time {
            return Ok(false);
        }
        if role != Role::Leaf && certificate.extension(CONSTRAINTS).is_some() {
            let max = match self.options.comparisons_max {
                0 => COMPARISONS_MAX,
                max => max,
            };
            let mut budget = Comparisons { left: max, made: 0 };
            let leaf = chain.first().and_then(|place| self.certificates.get(*place));
            let named = [leaf, Some(certificate)].into_iter().flatten();
            let mut named = named.filter(|certificate| certificate.extension(NAMES).is_some());
            let allowed =
                named.all(|named| details.constraints.allow(&named.details.names, &mut budget));
            self.context.charge_steps(budget.made)?;
            if !allowed {
                return Ok(false);
            }
        }
        let is_authority = details.basic_constraints && details.is_ca;
        let between = chain.len().saturating_sub(1) as i64;
        let limit = details.max_path_len;
        let too_long = details.basic_constraints && limit >= 0 && between > limit;
        Ok((role != Role::Between || is_authority) && !too_long)
    }
}

/// Whether a certificate is that of a host, by its alternative names alone.
fn is_of_host(certificate: &Certificate, host: &str) -> bool {
    if host.is_empty() {
        return true;
    }
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let names = &certificate.details.names;
    if let Ok(address) = inside.unwrap_or(host).parse::<IpAddr>() {
        let same = |bytes: &Vec<u8>| address_of(bytes) == Some(address.to_canonical());
        return names.ips.iter().any(same);
    }
    names.dns.iter().any(|name| domain::names_host(name, host))
}

fn address_of(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    let v6 = || <[u8; 16]>::try_from(bytes).ok().map(|bytes| IpAddr::from(bytes).to_canonical());
    v4.or_else(v6)
}

/// Whether all certificates of a chain that name extended uses allow one of these.
fn allows_use(chain: &[&Certificate], usages: &[i64]) -> bool {
    let mut left = usages.to_vec();
    for certificate in chain.iter().rev() {
        let details = &certificate.details;
        let named = !details.usages.is_empty() || !details.unknown_usages.is_empty();
        if named && !details.usages.contains(&ANY_USAGE) {
            left.retain(|usage| details.usages.contains(usage));
        }
    }
    !left.is_empty()
}
