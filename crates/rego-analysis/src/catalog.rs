//! Groups the definitions of all modules into rules and hangs them into the rule tree.
//!
//! Must not know: bodies, scopes.

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::HashMap;
use rego_value::Value;

use crate::heads::{Head, Shape};
use crate::lower::path_text;
use crate::tree::{NodeId, Resolved, Rule, RuleId, RuleKind, RuleTree};

/// A rule before its definitions are there.
#[derive(Debug)]
pub(crate) struct RuleShape {
    pub(crate) path: Vec<Value>,
    pub(crate) kind: RuleKind,
}

/// What rules exist, and where: all that a body needs to know of other rules.
#[derive(Debug, Default)]
pub(crate) struct Catalog<'r> {
    pub(crate) tree: Cow<'r, RuleTree>,
    pub(crate) rules: Vec<RuleShape>,
    /// The rules, where they are resolved already.
    resolved: &'r [Arc<Rule>],
}

/// A node for each ground path, with the heads that have it.
#[derive(Debug)]
pub(crate) struct Trie {
    children: HashMap<(u32, Value), u32>,
    pub(crate) nodes: Vec<TrieNode>,
}

/// A node of a [`Trie`].
#[derive(Debug, Default)]
pub(crate) struct TrieNode {
    /// Positions in the list of heads.
    pub(crate) heads: Vec<usize>,
    /// In order of appearance.
    pub(crate) children: Vec<u32>,
    /// Whether one of the heads is a `default`.
    has_default: bool,
}

impl Trie {
    /// Returns the trie of these heads.
    pub(crate) fn new(heads: &[Head<'_>]) -> Self {
        let mut trie = Self { children: HashMap::default(), nodes: vec![TrieNode::default()] };
        for (at, head) in heads.iter().enumerate() {
            let node = trie.insert(&head.path);
            if let Some(node) = trie.nodes.get_mut(node as usize) {
                node.heads.push(at);
                node.has_default |= head.rule.default;
            }
        }
        trie
    }

    fn insert(&mut self, path: &[Value]) -> u32 {
        path.iter().fold(0, |node, key| {
            let fresh = self.nodes.len() as u32;
            let child = *self.children.entry((node, key.clone())).or_insert(fresh);
            if child == fresh {
                self.nodes.push(TrieNode::default());
                if let Some(parent) = self.nodes.get_mut(node as usize) {
                    parent.children.push(fresh);
                }
            }
            child
        })
    }

    /// Returns how many parts of a head's path its rule has: fewer than all where a shorter path
    /// has a dynamic definition, which then takes this one in.
    fn rule_depth(&self, head: &Head<'_>, heads: &[Head<'_>]) -> usize {
        let whole = head.path.len();
        if matches!(head.shape, Shape::Function(_)) {
            return whole;
        }
        let mut node = 0;
        let mut dynamic_at = None;
        for (depth, key) in head.path.iter().enumerate() {
            if dynamic_at.is_none() && depth > 0 && self.is_dynamic(node, heads) {
                dynamic_at = Some(depth);
            }
            let Some(child) = self.children.get(&(node, key.clone())) else { return whole };
            node = *child;
        }
        // A rule with a default keeps its own place: the default is for that place only.
        let has_default = self.nodes.get(node as usize).is_some_and(|node| node.has_default);
        if has_default { whole } else { dynamic_at.unwrap_or(whole) }
    }

    fn is_dynamic(&self, node: u32, heads: &[Head<'_>]) -> bool {
        let own = self.nodes.get(node as usize).map_or(&[][..], |node| &node.heads);
        own.first().and_then(|at| heads.get(*at)).is_some_and(|head| {
            !head.dynamic.is_empty() && !matches!(head.shape, Shape::Function(_))
        })
    }
}

/// The rule each head belongs to, and how many parts its path has.
pub(crate) struct Assignment {
    pub(crate) rule: RuleId,
    pub(crate) depth: usize,
}

/// Returns the catalog of these heads, and for each head its rule. `packages` get a node even
/// where they have no rules.
pub(crate) fn build(
    heads: &[Head<'_>],
    trie: &Trie,
    packages: &[Arc<[Value]>],
) -> (Catalog<'static>, Vec<Assignment>) {
    let mut catalog = Catalog::default();
    let mut known: HashMap<Vec<Value>, RuleId> = HashMap::default();
    let mut assignments = Vec::with_capacity(heads.len());
    for head in heads {
        let depth = trie.rule_depth(head, heads);
        let path = head.path.get(..depth).unwrap_or_default();
        let below = depth < head.path.len() || !head.dynamic.is_empty();
        let kind = match head.shape {
            Shape::Function(arity) => RuleKind::Function { arity },
            _ if below => RuleKind::PartialObject,
            Shape::Multi => RuleKind::PartialSet,
            Shape::Single => RuleKind::Complete,
        };
        let rule = *known.entry(path.to_vec()).or_insert_with(|| {
            catalog.rules.push(RuleShape { path: path.to_vec(), kind });
            RuleId(catalog.rules.len() as u32 - 1)
        });
        assignments.push(Assignment { rule, depth });
    }
    catalog.tree = Cow::Owned(tree_of(&catalog.rules, packages));
    (catalog, assignments)
}

/// Sorted paths make every insertion one at the end of a node's children.
fn tree_of(rules: &[RuleShape], packages: &[Arc<[Value]>]) -> RuleTree {
    let rule_paths = rules.iter().enumerate();
    let mut paths: Vec<(&[Value], Option<RuleId>)> =
        rule_paths.map(|(at, rule)| (&*rule.path, Some(RuleId(at as u32)))).collect();
    paths.extend(packages.iter().map(|path| (&**path, None)));
    paths.sort_by(|a, b| a.0.cmp(b.0));
    let mut tree = RuleTree::default();
    for (path, rule) in paths {
        let node = path.iter().fold(RuleTree::ROOT, |node, key| tree.child_or_insert(node, key));
        if let Some(node) = tree.nodes.get_mut(node.0 as usize)
            && rule.is_some()
        {
            node.rule = rule;
        }
    }
    tree
}

impl<'r> Catalog<'r> {
    /// Returns the catalog of rules that are resolved already.
    pub(crate) fn of(resolved: &'r Resolved) -> Self {
        let tree = Cow::Borrowed(&resolved.tree);
        Self { tree, rules: Vec::new(), resolved: &resolved.rules }
    }

    /// Returns the rule at exactly this path.
    pub(crate) fn rule_at(&self, path: &[Value]) -> Option<RuleId> {
        self.tree.node(self.node_at(path)?)?.rule
    }

    /// Returns the node at this path.
    pub(crate) fn node_at(&self, path: &[Value]) -> Option<NodeId> {
        path.iter().try_fold(RuleTree::ROOT, |node, key| self.tree.child(node, key))
    }

    /// Returns what a rule makes.
    pub(crate) fn kind(&self, id: RuleId) -> Option<RuleKind> {
        let at = id.0 as usize;
        let shape = self.rules.get(at).map(|rule| rule.kind);
        shape.or_else(|| self.resolved.get(at).map(|rule| rule.kind))
    }

    /// Returns the path of a rule as text.
    pub(crate) fn path_of(&self, id: RuleId) -> String {
        let at = id.0 as usize;
        let shape = self.rules.get(at).map(|rule| &rule.path);
        let path = shape.or_else(|| self.resolved.get(at).map(|rule| &rule.path));
        path.map_or_else(String::new, |path| path_text("data", path))
    }
}
