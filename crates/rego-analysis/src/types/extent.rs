//! What is known of all that rules say below a node of the rule tree: a package as one object.
//!
//! Base documents may stand beside the rules, so that any other name may have any value.
//!
//! Must not know: terms, messages.
//!
//! Source: OPA `v1/ast/env.go` (`getRefRecExtent`).

use rego_value::Value;

use super::RuleTypes;
use super::relate::Relate;
use super::ty::{Ty, of_scalar};
use crate::tree::{NodeId, RuleTree};

/// Deeper than this below the node, anything goes.
const EXTENT_DEPTH_MAX: u32 = 16;
/// So many nodes are looked at; of larger documents nothing is known.
const EXTENT_NODES_MAX: u32 = 1_000;

/// Where rules and their types are.
#[derive(Clone, Copy)]
pub(super) struct Extents<'a> {
    pub(super) tree: &'a RuleTree,
    pub(super) rules: &'a RuleTypes,
}

/// Returns the type of the whole document at a node.
pub(super) fn of_node(node: NodeId, of: Extents<'_>) -> Ty {
    let mut left = EXTENT_NODES_MAX;
    match below(node, of, EXTENT_DEPTH_MAX, &mut left) {
        Some(Found::Document(ty)) => ty,
        Some(Found::NoRule) | None => Ty::Any,
    }
}

enum Found {
    Document(Ty),
    /// There is no rule anywhere below.
    NoRule,
}

/// Nothing where it is too much.
fn below(node: NodeId, of: Extents<'_>, depth: u32, left: &mut u32) -> Option<Found> {
    *left = left.checked_sub(1)?;
    let depth = depth.checked_sub(1)?;
    let info = of.tree.node(node)?;
    if let Some(rule) = info.rule {
        let known = of.rules.value(rule).filter(|_| info.children.is_empty());
        return Some(Found::Document(known.cloned().unwrap_or(Ty::Any)));
    }
    let mut known: Vec<(Value, Ty)> = Vec::with_capacity(info.children.len());
    for (key, child) in &info.children {
        if let Found::Document(ty) = below(*child, of, depth, left)? {
            known.push((key.clone(), ty));
        }
    }
    if known.is_empty() {
        return Some(Found::NoRule);
    }
    Some(Found::Document(Ty::object(known, Some((Ty::String, Ty::Any)))))
}

/// Returns the type of the names below a node.
pub(super) fn keys(children: &[(Value, NodeId)], relate: &Relate) -> Ty {
    let known = children.iter().filter_map(|(key, _)| of_scalar(key));
    relate.or_all(known.chain([Ty::String])).unwrap_or(Ty::Any)
}
