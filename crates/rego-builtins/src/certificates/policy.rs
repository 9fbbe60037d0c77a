//! Policies of a chain: whether it keeps to what its authorities demand.
//!
//! The user asks for no policy, so that only a chain whose authorities require an explicit one can
//! fail. Source: RFC 5280, 6.1, with the graph of RFC 9618 in place of the tree.

use std::collections::{BTreeMap, BTreeSet};

use rego_vm::{BuiltinError, Context};

use super::certificate::Certificate;
use super::der::Oid;

/// The bytes of 2.5.29.32.0, which stands for any policy.
const ANY: &[u8] = &[0x55, 0x1d, 0x20, 0x00];

/// A policy at one depth.
struct Node {
    /// What the policies of the next certificate may be for it.
    expected: Vec<Oid>,
    /// The policies one depth above that it goes on from.
    parents: BTreeSet<Oid>,
}

type Stratum = BTreeMap<Oid, Node>;

/// Pays for looking at a chain.
pub(super) fn pay(context: &mut Context<'_>, chain: &[&Certificate]) -> Result<(), BuiltinError> {
    let size = |certificate: &&Certificate| {
        let details = &certificate.details;
        details.policies.as_ref().map_or(0, Vec::len) + details.mappings.len()
    };
    let sizes: usize = chain.iter().map(size).sum();
    context.charge_steps((sizes * chain.len() * 4) as u64)
}

/// Whether the policies of a chain, from the leaf to the root, hold.
pub(super) fn are_valid(chain: &[&Certificate]) -> bool {
    let [below @ .., _root] = chain else { return true };
    let Some(leaf) = below.first() else { return true };
    let mut state = State::new(below.len());
    for (place, certificate) in below.iter().enumerate().rev() {
        if !state.step(certificate, place) {
            return false;
        }
    }
    let explicit = match leaf.details.require_explicit_policy {
        Some(0) => 0,
        _ => state.explicit.saturating_sub(1),
    };
    explicit > 0 || state.graph.is_some_and(|graph| graph.has_policies())
}

/// How far the way has gone: the graph, and for how many more certificates each leniency holds.
struct State {
    graph: Option<Graph>,
    explicit: u64,
    mapping: u64,
    any: u64,
}

impl State {
    fn new(length: usize) -> Self {
        let lenient = length as u64 + 1;
        let graph = Some(Graph::new());
        Self { graph, explicit: lenient, mapping: lenient, any: lenient }
    }

    /// Goes on to the certificate at a place; the leaf's is 0.
    fn step(&mut self, certificate: &Certificate, place: usize) -> bool {
        let details = &certificate.details;
        let self_issued = certificate.raw_issuer == certificate.raw_subject;
        let policies = details.policies.as_deref().unwrap_or_default();
        if policies.is_empty() {
            self.graph = None;
        }
        if self.explicit == 0 && self.graph.is_none() {
            return false;
        }
        if let Some(graph) = &mut self.graph {
            let any = self.any > 0 || (place > 0 && self_issued);
            graph.descend(policies, any);
            if place > 0 && !graph.map(&details.mappings, self.mapping > 0) {
                return false;
            }
        }
        if place == 0 {
            return true;
        }
        let used = u64::from(!self_issued);
        for (left, limit) in [
            (&mut self.explicit, details.require_explicit_policy),
            (&mut self.mapping, details.inhibit_policy_mapping),
            (&mut self.any, details.inhibit_any_policy),
        ] {
            *left = left.saturating_sub(used);
            if let Some(limit) = limit.and_then(|limit| u64::try_from(limit).ok()) {
                *left = limit.min(*left);
            }
        }
        true
    }
}

struct Graph {
    strata: Vec<Stratum>,
}

impl Graph {
    fn new() -> Self {
        let any = Oid(ANY.to_vec());
        let root = Node { expected: vec![any.clone()], parents: BTreeSet::new() };
        Self { strata: vec![Stratum::from([(any, root)])] }
    }

    /// Adds the policies of the next certificate.
    fn descend(&mut self, policies: &[Oid], any_allowed: bool) {
        let any = Oid(ANY.to_vec());
        let above = self.strata.last();
        let mut expecting: BTreeMap<Oid, BTreeSet<Oid>> = BTreeMap::new();
        for (policy, node) in above.into_iter().flatten() {
            for expected in &node.expected {
                expecting.entry(expected.clone()).or_default().insert(policy.clone());
            }
        }
        let any_above = above.is_some_and(|above| above.contains_key(&any));
        let mut stratum = Stratum::new();
        for policy in policies.iter().filter(|policy| **policy != any) {
            let parents = match expecting.get(policy) {
                Some(parents) => parents.clone(),
                None if any_above => BTreeSet::from([any.clone()]),
                None => continue,
            };
            stratum.insert(policy.clone(), Node { expected: vec![policy.clone()], parents });
        }
        if any_allowed && policies.contains(&any) {
            for (policy, parents) in expecting {
                let expected = vec![policy.clone()];
                stratum.entry(policy).or_insert(Node { expected, parents });
            }
        }
        self.strata.push(stratum);
        self.prune();
    }

    /// Replaces policies by those they are mapped to, or drops them where mapping is inhibited.
    /// Whether the mappings are allowed at all.
    fn map(&mut self, mappings: &[(Oid, Oid)], allowed: bool) -> bool {
        let any = Oid(ANY.to_vec());
        let Some(leaves) = self.strata.last_mut() else { return true };
        if !allowed {
            for (issuer, _) in mappings {
                leaves.remove(issuer);
            }
            self.prune();
            return true;
        }
        let mut mapped: BTreeMap<&Oid, Vec<Oid>> = BTreeMap::new();
        for (issuer, subject) in mappings {
            if *issuer == any || *subject == any {
                return false;
            }
            mapped.entry(issuer).or_default().push(subject.clone());
        }
        let any_here = leaves.contains_key(&any);
        for (issuer, expected) in mapped {
            match leaves.get_mut(issuer) {
                Some(node) => node.expected = expected,
                None if any_here => {
                    let parents = BTreeSet::from([any.clone()]);
                    leaves.insert(issuer.clone(), Node { expected, parents });
                }
                None => {}
            }
        }
        true
    }

    /// Drops what nothing goes on from, but for the last certificate's and the root.
    fn prune(&mut self) {
        let mut used: Option<BTreeSet<Oid>> = None;
        let depth = self.strata.len();
        for (place, stratum) in self.strata.iter_mut().enumerate().rev() {
            if let Some(used) = used.filter(|_| place > 0 && place + 1 < depth) {
                stratum.retain(|policy, _| used.contains(policy));
            }
            used = Some(stratum.values().flat_map(|node| node.parents.iter().cloned()).collect());
        }
    }

    /// Whether there is a policy that holds for the chain.
    fn has_policies(&self) -> bool {
        let any = Oid(ANY.to_vec());
        let from_any = |(policy, node): (&Oid, &Node)| {
            *policy != any && node.parents.len() == 1 && node.parents.contains(&any)
        };
        self.strata.last().is_some_and(|leaves| leaves.contains_key(&any))
            || self.strata.iter().flatten().any(from_any)
    }
}
