//! The instructions.
//!
//! A function is a flat list of them over registers. An instruction that may find nothing names
//! the label to go on from: the innermost open loop's next turn, or the end of the body. So
//! backtracking is a jump that is known beforehand, and a decision allocates no choice points.

use rego_analysis::tree::NodeId;
use rego_value::{Value, View};

use crate::program::{BuiltinId, FunctionId};

/// A register of the running function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reg(pub u32);

/// A register, or (top bit) a constant of the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Src(pub u32);

const CONSTANT_BIT: u32 = 1 << 31;

impl Src {
    /// Returns the source that reads a register.
    pub const fn reg(reg: Reg) -> Self {
        Src(reg.0)
    }

    /// Returns the source that reads a constant.
    pub const fn constant(index: u32) -> Self {
        Src(index | CONSTANT_BIT)
    }

    /// Returns the index of the constant, or else the register.
    #[inline]
    pub const fn decode(self) -> Result<u32, Reg> {
        if self.0 & CONSTANT_BIT != 0 { Ok(self.0 & !CONSTANT_BIT) } else { Err(Reg(self.0)) }
    }
}

/// While lowering, the number of a label; in a finished function, the position it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(pub u32);

/// An iterator of the running function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IterId(pub u32);

/// A collection under construction in the running function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuilderId(pub u32);

/// A register that holds a `with` context. (Contexts live beside the values.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CtxId(pub u32);

/// A list of operands: a range of [`crate::Function::operands`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListId {
    /// First.
    pub start: u32,
    /// How many.
    pub len: u32,
}

/// A path of [`crate::Function::paths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathId(pub u32);

/// A mark of [`crate::Function::marks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkId(pub u32);

/// A set of replacements of [`crate::Function::withs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithId(pub u32);

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl Compare {
    /// Whether it holds for two values.
    #[inline]
    pub fn holds(self, a: &Value, b: &Value) -> bool {
        match self {
            Compare::Equal => a == b,
            Compare::NotEqual => a != b,
            Compare::Less => a < b,
            Compare::LessEqual => a <= b,
            Compare::Greater => a > b,
            Compare::GreaterEqual => a >= b,
        }
    }
}

/// Whether `item` is an element of an array or set, or a value of an object.
pub fn is_member(item: &Value, of: &Value) -> bool {
    match of.view() {
        View::Array(items) => items.contains(item),
        View::Set(set) => set.contains(item),
        View::Object(object) => object.values().contains(item),
        _ => false,
    }
}

/// An operator of arithmetic (`-` is set difference as well).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arith {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Mul,
}

/// An instruction. `fail` is where to go on where there is no value.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the roles of fields are the same in all: `dst`, `src`, `fail`, …")]
pub enum Op {
    /// Goes to a label.
    Jump(Label),
    /// `dst` = `src`.
    Move { dst: Reg, src: Src },
    /// `dst` = nothing.
    Clear { dst: Reg },
    /// Goes to `to` where `reg` holds something.
    JumpIfSet { reg: Reg, to: Label },
    /// Fails where `src` is `false`.
    Truthy { src: Src, fail: Label },
    /// `dst` = the input document.
    Input { dst: Reg, fail: Label },
    /// `dst` = the value at a constant path of the input document.
    InputPath { dst: Reg, path: PathId, fail: Label },
    /// `dst` = the value at a constant path of the base document.
    DataPath { dst: Reg, path: PathId, fail: Label },
    /// `dst` = the value at a constant path of `src`.
    GetPath { dst: Reg, src: Src, path: PathId, fail: Label },
    /// `dst` = `src[key]`; `src` may be a node.
    Get { dst: Reg, src: Src, key: Src, fail: Label },
    /// `dst` = a node of the rule tree, not evaluated yet.
    Node { dst: Reg, node: NodeId },
    /// `dst` = the whole document at the node in `src`, or `src` itself where it is a value.
    Force { dst: Reg, src: Src, fail: Label },
    /// `dst` = the whole document at a node.
    Document { dst: Reg, node: NodeId, fail: Label },
    /// `dst` = the value of a rule without parameters.
    Rule { dst: Reg, function: FunctionId, fail: Label },
    /// `dst` = the value of a function.
    Call { dst: Reg, function: FunctionId, args: ListId, fail: Label },
    /// `dst` = the value of a builtin.
    Builtin { dst: Reg, builtin: BuiltinId, args: ListId, fail: Label },
    /// Starts to iterate `src` (a collection or a node).
    IterStart { iter: IterId, src: Src, fail: Label },
    /// Starts to iterate `src`, where only elements whose value at `path` equals `key` matter.
    JoinStart { iter: IterId, src: Src, path: PathId, key: Src, fail: Label },
    /// `key` and `value` = the next pair.
    IterNext { iter: IterId, key: Reg, value: Reg, exit: Label },
    /// Fails unless the comparison holds.
    Test { op: Compare, a: Src, b: Src, fail: Label },
    /// `dst` = whether the comparison holds.
    Compare { op: Compare, dst: Reg, a: Src, b: Src },
    /// `dst` = the result of an operator.
    Arith { op: Arith, dst: Reg, a: Src, b: Src, fail: Label },
    /// Fails unless `item` is an element of `of`.
    Member { item: Src, of: Src, fail: Label },
    /// Fails unless `src` is an array of this length.
    ArrayLen { src: Src, len: u32, fail: Label },
    /// Fails unless `src` is an object of this many entries.
    ObjectLen { src: Src, len: u32, fail: Label },
    /// `dst` = the element at a position; fails where there is none.
    Element { dst: Reg, src: Src, at: u32, fail: Label },
    /// `dst` = the array of the operands.
    Array { dst: Reg, items: ListId },
    /// `dst` = the object of the operands: key, value, key, value, …
    Object { dst: Reg, items: ListId },
    /// `dst` = the set of the operands.
    Set { dst: Reg, items: ListId },
    /// Starts an empty collection.
    BuildStart { builder: BuilderId },
    /// Adds an element.
    BuildPush { builder: BuilderId, value: Src },
    /// Puts a value at a key; another value there already is a conflict.
    BuildPut { builder: BuilderId, key: Src, value: Src },
    /// Puts a value at a path of keys, or adds it to the set there.
    BuildPutPath { builder: BuilderId, keys: ListId, value: Src, contains: bool },
    /// `dst` = the array built.
    BuildArray { builder: BuilderId, dst: Reg },
    /// `dst` = the set built.
    BuildSet { builder: BuilderId, dst: Reg },
    /// `dst` = the object built.
    BuildObject { builder: BuilderId, dst: Reg },
    /// `acc` = `src` where it holds nothing yet; another value there is a conflict.
    Yield { acc: Reg, src: Src },
    /// Ends the function with a value.
    Return { src: Src },
    /// Ends the function with what the register holds, or without a value.
    ReturnReg { reg: Reg },
    /// Picks the definitions that may hold, by the rule index of this number.
    IndexStart { iter: IterId, index: u32 },
    /// Goes to the next of them.
    IndexNext { iter: IterId, index: u32, exit: Label },
    /// Makes a context with replacements and runs on in it.
    WithEnter { ctx: CtxId, with: WithId },
    /// Runs on in a context made before.
    WithResume { ctx: CtxId },
    /// Runs on in the outer context (nothing: the one the function was called in). `drop` is a
    /// context that no solution needs any more.
    WithLeave { outer: Option<CtxId>, drop: Option<CtxId> },
    /// Tells a tracer; only in programs lowered for that.
    Mark(MarkId),
}
