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
mod trace;
mod unify;
mod with;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use rego_analysis::tree::{
    Definition, NodeId, Query, Resolved, Rule, RuleId, RuleKind, RuleTree, TermKind,
};
use rego_source::{Location, Sources};
use rego_value::Value;

use crate::program::{
    BuiltinId, Function, FunctionId, Keyed, LowerOptions, NodeInfo, Program, QueryProgram,
};

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
    rules: &'t [Arc<Rule>],
    options: LowerOptions,
    builtins: Vec<&'static str>,
    builtin_ids: HashMap<&'static str, BuiltinId>,
    keyed: Keyed,
    /// The rules and keys whose functions are still to be made, in the order of their numbers.
    wanted: VecDeque<(RuleId, Value)>,
    next_function: u32,
}

impl<'t> Scope<'t> {
    fn new(resolved: &'t Resolved, program: &Program, next_function: usize) -> Self {
        let ids = (0u32..).zip(&program.builtins).map(|(id, name)| (*name, BuiltinId(id)));
        Self {
            tree: &resolved.tree,
            rules: &resolved.rules,
            options: program.options,
            builtin_ids: ids.collect(),
            builtins: program.builtins.clone(),
            keyed: program.keyed.clone(),
            wanted: VecDeque::new(),
            next_function: next_function as u32,
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

    /// Returns the function that makes at least what a rule has at a key. Where definitions name
    /// their keys, those of other keys are left out: they may depend on this one.
    fn function_at(&mut self, rule: RuleId, key: &Value) -> FunctionId {
        let names_keys = |d: &Definition| first_key(d).is_some();
        let mixed = self.rule(rule).is_some_and(|rule| rule.definitions.iter().any(names_keys));
        if !mixed {
            return Self::function(rule);
        }
        let fresh = FunctionId(self.next_function);
        *self.keyed.entry((rule, key.clone())).or_insert_with(|| {
            self.next_function += 1;
            self.wanted.push_back((rule, key.clone()));
            fresh
        })
    }

    fn rule(&self, rule: RuleId) -> Option<&'t Arc<Rule>> {
        self.rules.get(rule.0 as usize)
    }

    fn is_function(&self, rule: RuleId) -> bool {
        self.rule(rule).is_some_and(|rule| matches!(rule.kind, RuleKind::Function { .. }))
    }

    /// Makes the functions wanted, and those that they want.
    fn make_keyed(&mut self) -> Result<Vec<Arc<Function>>, LowerError> {
        let mut made = Vec::new();
        while let Some((rule, key)) = self.wanted.pop_front() {
            let Some(rule) = self.rule(rule) else { continue };
            let other = |d: &&Definition| first_key(d).is_none_or(|named| *named == key);
            let only = Rule {
                path: rule.path.clone(),
                kind: rule.kind,
                definitions: rule.definitions.iter().filter(other).cloned().collect(),
                default: None,
            };
            made.push(Arc::new(rule::lower(self, &only)?));
        }
        Ok(made)
    }
}

/// The first key of a definition, where it is named.
fn first_key(definition: &Definition) -> Option<&Value> {
    match &definition.keys.first()?.kind {
        TermKind::Constant(value) => Some(value),
        _ => None,
    }
}

/// Returns the program of a resolved module set.
///
/// Errors: [`LowerError`] where the tree breaks its promises.
pub fn lower(resolved: &Resolved, options: LowerOptions) -> Result<Program, LowerError> {
    let empty = Program { options, ..Program::default() };
    let mut scope = Scope::new(resolved, &empty, resolved.rules.len());
    let functions = resolved.rules.iter().map(|rule| Ok(Arc::new(rule::lower(&mut scope, rule)?)));
    let mut functions = functions.collect::<Result<Vec<_>, _>>()?;
    functions.extend(scope.make_keyed()?);
    Ok(Program {
        functions,
        nodes: Arc::new(nodes(&resolved.tree, &scope)),
        keyed: scope.keyed,
        builtins: scope.builtins,
        sources: resolved.sources.clone(),
        options,
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
    let mut scope = Scope::new(resolved, program, program.functions.len());
    let rows = query::rows(&mut scope, query)?;
    let first = query::first(&mut scope, query)?;
    let mut functions = program.functions.clone();
    functions.extend(scope.make_keyed()?);
    let id = functions.len() as u32;
    functions.push(Arc::new(rows));
    functions.push(Arc::new(first));
    let nodes = Arc::clone(&program.nodes);
    let (keyed, builtins) = (scope.keyed, scope.builtins);
    Ok(QueryProgram {
        program: Program { functions, nodes, keyed, builtins, sources, options: program.options },
        rows: FunctionId(id),
        first: FunctionId(id + 1),
        layout: query::layout(query),
    })
}

/// The rule tree with every node's place in it.
fn nodes(tree: &RuleTree, scope: &Scope<'_>) -> Vec<NodeInfo> {
    let info = |node: &rego_analysis::tree::Node| NodeInfo {
        parent: None,
        children: node.children.clone(),
        rule: node.rule.filter(|rule| !scope.is_function(*rule)).map(Scope::function),
        is_rule: node.rule.is_some(),
    };
    let mut nodes: Vec<NodeInfo> = tree.nodes.iter().map(info).collect();
    for (id, node) in (0u32..).zip(&tree.nodes) {
        for (key, child) in &node.children {
            if let Some(child) = nodes.get_mut(child.0 as usize) {
                child.parent = Some((NodeId(id), key.clone()));
            }
        }
    }
    nodes
}
