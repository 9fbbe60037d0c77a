//! From the resolved tree to instructions.
//!
//! Statements are lowered in their order. An instruction that finds nothing goes on at the current
//! `fail` label; opening a loop makes its next turn the new `fail`. What a variable is bound to is
//! known while lowering, so binding costs no instruction.

mod body;
mod emit;
mod join;
mod query;
mod reference;
mod rule;
mod term;
mod unify;
mod with;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use rego_analysis::tree::{Query, Resolved, RuleId, RuleKind, RuleTree};
use rego_source::{Location, Sources};
use rego_value::Value;

use crate::program::{BuiltinId, FunctionId, NodeInfo, Program, QueryProgram};

/// A tree that breaks the promises of `rego_analysis::tree`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowerError {
    /// Which promise.
    pub message: String,
    /// Where.
    pub location: Location,
}

impl fmt::Display for LowerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "internal error while lowering: {}", self.message)
    }
}

impl std::error::Error for LowerError {}

/// What lowering needs to know of the whole program.
pub(crate) struct Scope<'t> {
    tree: &'t RuleTree,
    kinds: Vec<RuleKind>,
    builtins: Vec<&'static str>,
    builtin_ids: HashMap<&'static str, BuiltinId>,
}

impl<'t> Scope<'t> {
    fn new(resolved: &'t Resolved, builtins: &[&'static str]) -> Self {
        let ids = (0u32..).zip(builtins).map(|(id, name)| (*name, BuiltinId(id))).collect();
        Self {
            tree: &resolved.tree,
            kinds: resolved.rules.iter().map(|rule| rule.kind).collect(),
            builtins: builtins.to_vec(),
            builtin_ids: ids,
        }
    }

    fn builtin(&mut self, name: &'static str) -> BuiltinId {
        let fresh = BuiltinId(self.builtins.len() as u32);
        *self.builtin_ids.entry(name).or_insert_with(|| {
            self.builtins.push(name);
            fresh
        })
    }

    fn function(rule: RuleId) -> FunctionId {
        FunctionId(rule.0)
    }

    fn is_function(&self, rule: RuleId) -> bool {
        matches!(self.kinds.get(rule.0 as usize), Some(RuleKind::Function { .. }))
    }
}

/// Returns the program of a resolved module set.
///
/// Errors: [`LowerError`] where the tree breaks its promises.
pub fn lower(resolved: &Resolved) -> Result<Program, LowerError> {
    let mut scope = Scope::new(resolved, &[]);
    let functions = resolved.rules.iter().map(|rule| Ok(Arc::new(rule::lower(&mut scope, rule)?)));
    let functions = functions.collect::<Result<_, _>>()?;
    Ok(Program {
        functions,
        nodes: Arc::new(nodes(&resolved.tree, &scope)),
        builtins: scope.builtins,
        sources: resolved.sources.clone(),
    })
}

/// Returns a program with a query added. `sources` holds the query's text as well.
///
/// Errors: [`LowerError`] where the tree breaks its promises.
pub fn extend(
    program: &Program,
    resolved: &Resolved,
    query: &Query,
    sources: Sources,
) -> Result<QueryProgram, LowerError> {
    let mut scope = Scope::new(resolved, &program.builtins);
    let rows = query::rows(&mut scope, query)?;
    let first = query::first(&mut scope, query)?;
    let mut functions = program.functions.clone();
    let id = functions.len() as u32;
    functions.push(Arc::new(rows));
    functions.push(Arc::new(first));
    let nodes = Arc::clone(&program.nodes);
    Ok(QueryProgram {
        program: Program { functions, nodes, builtins: scope.builtins, sources },
        rows: FunctionId(id),
        first: FunctionId(id + 1),
        layout: query::layout(query),
    })
}

/// The rule tree with the path of every node.
fn nodes(tree: &RuleTree, scope: &Scope<'_>) -> Vec<NodeInfo> {
    let mut paths: Vec<Vec<Value>> = vec![Vec::new(); tree.nodes.len()];
    let mut todo = vec![RuleTree::ROOT];
    while let Some(id) = todo.pop() {
        let Some(node) = tree.node(id) else { continue };
        let path = paths.get(id.0 as usize).cloned().unwrap_or_default();
        for (key, child) in &node.children {
            if let Some(place) = paths.get_mut(child.0 as usize) {
                place.clone_from(&path);
                place.push(key.clone());
            }
            todo.push(*child);
        }
    }
    let info = |(node, path): (&rego_analysis::tree::Node, Vec<Value>)| NodeInfo {
        path,
        children: node.children.clone(),
        rule: node.rule.filter(|rule| !scope.is_function(*rule)).map(Scope::function),
        is_rule: node.rule.is_some(),
    };
    tree.nodes.iter().zip(paths).map(info).collect()
}
