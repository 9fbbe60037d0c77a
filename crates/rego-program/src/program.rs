//! Functions, the tree of documents they make, and the tables their instructions point into.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rego_analysis::tree::{NodeId, RuleId};
use rego_source::{Location, Sources};
use rego_value::Value;

use crate::index::RuleIndex;
use crate::op::{IterId, Label, ListId, Op, Reg, Src};

/// A function of a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunctionId(pub u32);

/// A builtin of [`Program::builtins`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BuiltinId(pub u32);

/// The function of a rule at one key.
pub type Keyed = HashMap<(RuleId, Value), FunctionId>;

/// A compiled module set.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The functions; that of rule `n` is function `n`.
    pub functions: Vec<Arc<Function>>,
    /// The documents: entry `n` describes node `n`; the first is `data`.
    pub nodes: Arc<Vec<NodeInfo>>,
    /// Functions that make only what a rule with several keys has at one of them.
    pub keyed: Keyed,
    /// The names of the builtins it calls.
    pub builtins: Vec<&'static str>,
    /// The texts that locations point into.
    pub sources: Sources,
    /// How it was lowered.
    pub options: LowerOptions,
}

/// How a program is lowered. Whatever is chosen, results are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowerOptions {
    /// Whether it tells a tracer what it does.
    pub trace: bool,
    /// Whether definitions that cannot hold are left out by an index.
    pub index: bool,
    /// Whether loops right before a comparison are hashed.
    pub joins: bool,
    /// Whether a rule whose value is known stops at its first solution.
    pub early_exit: bool,
    /// After how many runs over the same base data a function is rewritten for that.
    pub runs_before_rewriting: u32,
}

/// About as many runs as the work is worth.
const RUNS_BEFORE_REWRITING: u32 = 64;

impl Default for LowerOptions {
    fn default() -> Self {
        Self {
            trace: false,
            index: true,
            joins: true,
            early_exit: true,
            runs_before_rewriting: RUNS_BEFORE_REWRITING,
        }
    }
}

/// A document of the rule tree.
#[derive(Clone, Debug, Default)]
pub struct NodeInfo {
    /// The document it is part of, and its key there; nothing for `data`. (Paths are put together
    /// when asked for: kept at every node, those of a deep package would grow by its square.)
    pub parent: Option<(NodeId, Value)>,
    /// Its children, sorted by key.
    pub children: Vec<(Value, NodeId)>,
    /// The rule that makes it, where it has no parameters.
    pub rule: Option<FunctionId>,
    /// Whether it is the path of a rule, with parameters or without.
    pub is_rule: bool,
}

impl Program {
    /// Returns the path of a document below `data`.
    pub fn path_of(&self, node: NodeId) -> Vec<&Value> {
        let parent = |node: NodeId| self.nodes.get(node.0 as usize)?.parent.as_ref();
        let up = std::iter::successors(parent(node), |(above, _)| parent(*above));
        let mut path: Vec<&Value> = up.map(|(_, key)| key).collect();
        path.reverse();
        path
    }
}

impl NodeInfo {
    /// Returns the child at a key.
    pub fn child(&self, key: &Value) -> Option<NodeId> {
        let at = self.children.binary_search_by(|(k, _)| k.cmp(key)).ok()?;
        self.children.get(at).map(|(_, node)| *node)
    }
}

/// What running a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A rule without parameters: its value is kept for the rest of the query.
    Rule,
    /// A function with parameters, which it finds in its first registers.
    Function {
        /// How many.
        arity: u32,
    },
    /// A query: an array of rows.
    Query,
}

/// A rule, a function or a query as instructions.
#[derive(Debug)]
pub struct Function {
    /// What it gives.
    pub shape: Shape,
    /// Whether every definition gives the same kind of conflict message as a function's.
    pub path: Vec<Value>,
    /// How many registers it uses.
    pub registers: u32,
    /// How many iterators.
    pub iters: u32,
    /// How many builders.
    pub builders: u32,
    /// How many contexts.
    pub ctxs: u32,
    /// The instructions.
    pub code: Vec<Op>,
    /// Where each instruction comes from.
    pub places: Vec<Location>,
    /// Constants.
    pub constants: Vec<Value>,
    /// Operands of lists.
    pub operands: Vec<Src>,
    /// Constant paths.
    pub paths: Vec<Path>,
    /// Replacements.
    pub withs: Vec<Vec<(WithTarget, WithValue)>>,
    /// Rule indexes, each with the label of every definition.
    pub indexes: Vec<(Arc<RuleIndex>, Vec<Label>)>,
    /// What it tells a tracer.
    pub marks: Vec<Mark>,
}

/// Something to tell a tracer.
#[derive(Clone, Debug)]
pub struct Mark {
    /// What happens.
    pub event: MarkEvent,
    /// To what.
    pub node: MarkNode,
    /// Where that stands.
    pub location: Location,
    /// The register with the number of the query under way.
    pub query: Reg,
    /// The register with the number of the query around that.
    pub parent: Reg,
    /// The variables bound: where the name of each stands, and its value.
    pub locals: Vec<(Location, Src)>,
}

/// What a mark tells of. Source: OPA's trace events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkEvent {
    /// A query begins. Without a register for the query around, that is the caller's.
    Enter {
        /// The number of the query around.
        parent: Option<Reg>,
    },
    /// A statement begins.
    Eval,
    /// A statement or a query is gone back to.
    Redo,
    /// A query has a solution.
    Exit,
    /// A statement has no solution.
    Fail,
    /// `trace` was called with this.
    Note(Src),
    /// The rule index left some definitions of so many: those of an iterator, or all.
    Index {
        /// Goes over those left.
        iter: Option<IterId>,
        /// How many there are.
        total: u32,
        /// Whether the first that holds ends the rule.
        early: bool,
    },
    /// Nothing to tell: what is called next belongs to this query and statement.
    At,
}

/// What kind of node a mark tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkNode {
    /// A definition of a rule.
    Rule,
    /// A statement.
    Expr,
    /// The body of a query, a comprehension, `not` or `every`.
    Body,
}

impl Function {
    /// Returns the function that does nothing.
    pub const fn empty(shape: Shape) -> Self {
        Self {
            shape,
            path: Vec::new(),
            registers: 0,
            iters: 0,
            builders: 0,
            ctxs: 0,
            code: Vec::new(),
            places: Vec::new(),
            constants: Vec::new(),
            operands: Vec::new(),
            paths: Vec::new(),
            withs: Vec::new(),
            indexes: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// Whether it uses anything but registers.
    #[inline]
    pub fn has_state(&self) -> bool {
        self.iters | self.builders | self.ctxs != 0
    }

    /// Returns the operands of a list.
    #[inline]
    pub fn list(&self, list: ListId) -> &[Src] {
        let start = list.start as usize;
        self.operands.get(start..start + list.len as usize).unwrap_or_default()
    }
}

/// A constant path.
#[derive(Debug)]
pub struct Path {
    /// Its steps.
    pub steps: Vec<PathStep>,
}

/// A step of a constant path, with the slot at which its key was found last: a guess that is
/// checked on use, so a stale one costs time, never truth.
#[derive(Debug)]
pub struct PathStep {
    /// The key.
    pub key: Value,
    hint: AtomicU32,
}

impl PathStep {
    /// Returns the step to `key`.
    pub fn new(key: Value) -> Self {
        Self { key, hint: AtomicU32::new(0) }
    }

    /// Returns what this step leads to.
    #[inline]
    pub fn get<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        let Some(object) = value.as_object() else {
            return value.get(&self.key);
        };
        let hint = self.hint.load(Ordering::Relaxed);
        let (slot, found) = object.get_hinted(&self.key, hint as usize)?;
        if slot as u32 != hint {
            self.hint.store(slot as u32, Ordering::Relaxed);
        }
        Some(found)
    }
}

/// What `with` replaces.
#[derive(Clone, Debug)]
pub enum WithTarget {
    /// The value at a path of the input document.
    Input(Vec<Value>),
    /// The document at a path below `data`.
    Data(Vec<Value>),
    /// Calls of a builtin.
    Builtin(BuiltinId),
    /// Calls of a function.
    Function(FunctionId),
}

/// What `with` puts there.
#[derive(Clone, Copy, Debug)]
pub enum WithValue {
    /// A value.
    Value(Src),
    /// Another function.
    Mock(Mock),
}

/// A function that stands in for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mock {
    /// One of Rego's own.
    Builtin(BuiltinId),
    /// One of the policy's.
    Function(FunctionId),
}

/// A query compiled against a program.
#[derive(Clone, Debug)]
pub struct QueryProgram {
    /// The program with the query's functions added.
    pub program: Program,
    /// Returns the array of rows, each an array as [`RowLayout`] says.
    pub rows: FunctionId,
    /// Returns the value of the first statement of the first solution.
    pub first: FunctionId,
    /// What a row holds.
    pub layout: RowLayout,
}

/// What a row of a query holds: the values of its statements, then those of its variables.
#[derive(Clone, Debug, Default)]
pub struct RowLayout {
    /// Place and text of each statement.
    pub expressions: Vec<(Location, Arc<str>)>,
    /// Name of each variable.
    pub bindings: Vec<Arc<str>>,
}
