//! The resolved tree: what a policy means, with names gone.
//!
//! - Variables are numbered per rule definition ([`Local`]); a comprehension, `every` or `else`
//!   shares the numbering of its definition, so that each number is one register of its frame.
//! - References start at `input`, at `data` (imports and rule names are resolved to their full
//!   path), at a local, or at a computed value.
//! - The statements of every body are in an order in which each has what it needs. A variable that
//!   is not bound yet where a statement stands is bound by it: by a step of a reference, by either
//!   side of a unification, by `some … in`.
//! - `:=` is [`ExprKind::Unify`]; `f(x, out)` with one operand too many is `out = f(x)`.
//! - Every wildcard `_` is a local of its own.
//! - `print(a, b)` is a call of `internal.print` with an array of set comprehensions, one for each
//!   operand, so that an undefined one prints `<undefined>`; a template string is a call of
//!   `internal.template_string` with an array of strings and set comprehensions.

use std::sync::Arc;

use rego_source::{Location, Sources};
use rego_value::Value;

use crate::builtin::Decl;
pub use crate::types::RuleTypes;

/// A variable of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Local(pub u32);

/// A rule of a [`Resolved`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub u32);

/// A node of a [`RuleTree`]; 0 is `data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// A whole module set, resolved.
#[derive(Debug, Default)]
pub struct Resolved {
    /// Every rule, all definitions of one path together.
    pub rules: Vec<Arc<Rule>>,
    /// The virtual documents as a tree.
    pub tree: RuleTree,
    /// What is known of the types of rules.
    pub types: RuleTypes,
    /// The texts that locations point into.
    pub sources: Sources,
}

/// The tree of packages and rules under `data`.
#[derive(Clone, Debug)]
pub struct RuleTree {
    /// All nodes; the first is `data`.
    pub nodes: Vec<Node>,
}

/// A node of the rule tree.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Children by key (nearly always strings), sorted.
    pub children: Vec<(Value, NodeId)>,
    /// The rule at this very path.
    pub rule: Option<RuleId>,
}

impl Default for RuleTree {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl RuleTree {
    /// The node of `data`.
    pub const ROOT: NodeId = NodeId(0);

    /// Returns a node.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }

    /// Returns the child of a node at a key.
    pub fn child(&self, id: NodeId, key: &Value) -> Option<NodeId> {
        let children = &self.node(id)?.children;
        let at = children.binary_search_by(|(k, _)| k.cmp(key)).ok()?;
        children.get(at).map(|(_, child)| *child)
    }

    /// Returns the child of a node at a key, made where it is missing.
    pub fn child_or_insert(&mut self, id: NodeId, key: &Value) -> NodeId {
        let fresh = NodeId(self.nodes.len() as u32);
        let Some(node) = self.nodes.get_mut(id.0 as usize) else { return id };
        match node.children.binary_search_by(|(k, _)| k.cmp(key)) {
            Ok(at) => node.children.get(at).map_or(id, |(_, child)| *child),
            Err(at) => {
                node.children.insert(at, (key.clone(), fresh));
                self.nodes.push(Node::default());
                fresh
            }
        }
    }
}

/// All definitions of one path.
#[derive(Debug)]
pub struct Rule {
    /// The ground path below `data`: package, then name, then the ground part of the head.
    pub path: Vec<Value>,
    /// What it makes.
    pub kind: RuleKind,
    /// Its definitions in the order of the modules, `default` left out.
    pub definitions: Vec<Definition>,
    /// The `default`: its value is a constant, or (comprehensions, calls) a term without variables
    /// from outside. For a default function, parameters are in `args`.
    pub default: Option<Box<Definition>>,
}

/// What a rule makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// One value.
    Complete,
    /// One value for each list of operands.
    Function {
        /// How many.
        arity: usize,
    },
    /// A set: each solution adds `value`. `keys` is empty.
    PartialSet,
    /// An object: each solution puts `value` at the path `keys` (not empty in at least one
    /// definition), or adds it to the set at that path where the definition has `contains`.
    PartialObject,
}

/// One definition of a rule, or a branch of `else`.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Parameters: patterns that the operands are unified with.
    pub args: Vec<Term>,
    /// The part of the head's reference after the rule's ground path.
    pub keys: Vec<Term>,
    /// Whether it adds to a set (`contains`).
    pub contains: bool,
    /// The value, or the element that it adds.
    pub value: Term,
    /// What must hold; empty is true.
    pub body: Body,
    /// Tried where the body has no solution. Its `args` and `keys` are empty; parameters of the
    /// first branch stay bound.
    pub els: Option<Box<Definition>>,
    /// How many locals it and its branches use together.
    pub locals: u32,
    /// Where the rule stands; the head's first byte first.
    pub location: Location,
}

/// Statements that must all hold, in the order to run them.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// The statements.
    pub exprs: Vec<Expr>,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// What is replaced while it runs.
    pub with: Vec<With>,
    /// Where it stands.
    pub location: Location,
    /// Its position in the text of its body, before ordering; from 0.
    pub index: u32,
}

/// What a statement says.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// Holds for each value of the term that is not false.
    Term(Term),
    /// Holds for each way in which both are equal; binds what is not bound.
    Unify(Term, Term),
    /// `some k, v in xs`: for each element that the patterns fit.
    SomeIn {
        /// Pattern for the key or index.
        key: Option<Term>,
        /// Pattern for the element.
        value: Term,
        /// What is iterated.
        domain: Term,
    },
    /// Holds where the body holds for every element; binds nothing.
    Every {
        /// Bound to the key in the body.
        key: Option<Local>,
        /// Bound to the element in the body.
        value: Local,
        /// What is iterated.
        domain: Term,
        /// What must hold.
        body: Body,
    },
    /// Holds where the body has no solution; binds nothing.
    Not(Body),
}

/// `with target as value`
#[derive(Clone, Debug)]
pub struct With {
    /// What is replaced.
    pub target: WithTarget,
    /// By what.
    pub value: Replacement,
    /// Where it stands.
    pub location: Location,
}

/// What `with` replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithTarget {
    /// `input`, or the value at a path in it.
    Input(Vec<Value>),
    /// `data`, or the document at a path in it, virtual or base.
    Data(Vec<Value>),
    /// Calls of a builtin or a function.
    Function(Callee),
}

/// What `with` puts in its place.
#[derive(Clone, Debug)]
pub enum Replacement {
    /// A value (for a function: what each call returns).
    Value(Term),
    /// Another function.
    Function(Callee),
}

/// A function that is called.
#[derive(Clone, Copy, Debug)]
pub enum Callee {
    /// One of Rego's own.
    Builtin(&'static Decl),
    /// A rule with parameters.
    Rule(RuleId),
}

impl PartialEq for Callee {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Callee::Builtin(a), Callee::Builtin(b)) => a.name == b.name,
            (Callee::Rule(a), Callee::Rule(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Callee {}

/// A term with its place.
#[derive(Clone, Debug)]
pub struct Term {
    /// What it is.
    pub kind: TermKind,
    /// Where it stands.
    pub location: Location,
}

/// What a term is.
#[derive(Clone, Debug)]
pub enum TermKind {
    /// A value known beforehand (composites of constants included).
    Constant(Value),
    /// A variable.
    Local(Local),
    /// A reference; an empty path is the head itself.
    Ref {
        /// What it starts from.
        head: RefHead,
        /// The steps; those that are known are constants.
        path: Vec<Term>,
    },
    /// A call with as many operands as declared.
    Call {
        /// What is called.
        callee: Callee,
        /// The operands.
        args: Vec<Term>,
    },
    /// `[a, b]`
    Array(Vec<Term>),
    /// `{a: b}`
    Object(Vec<(Term, Term)>),
    /// `{a, b}`
    Set(Vec<Term>),
    /// A comprehension.
    Comprehension {
        /// What it makes.
        kind: ComprehensionKind,
        /// The key, for objects.
        key: Option<Box<Term>>,
        /// The element or value.
        value: Box<Term>,
        /// For each solution of it.
        body: Body,
    },
}

/// What a comprehension makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComprehensionKind {
    /// `[x | …]`
    Array,
    /// `{x | …}`
    Set,
    /// `{k: v | …}`
    Object,
}

/// What a reference starts from.
#[derive(Clone, Debug)]
pub enum RefHead {
    /// `input`
    Input,
    /// `data`
    Data,
    /// A variable.
    Local(Local),
    /// A value that is computed first.
    Term(Box<Term>),
}

/// A query, resolved against a module set.
#[derive(Clone, Debug)]
pub struct Query {
    /// Its statements.
    pub body: Body,
    /// Its named variables in order of appearance, `_` and made-up names left out.
    pub bindings: Vec<(Arc<str>, Local)>,
    /// For each statement in the order of the text: the place and the text.
    pub expressions: Vec<(Location, Arc<str>)>,
    /// How many locals it uses.
    pub locals: u32,
}
