//! The compiled form of a policy: plain data that the machine runs, and the lowering to it.
//!
//! Layer 3. Knows: the resolved tree. Must not know: source text, builtin bodies, the machine.
//! Lowering is total on analysed input: an [`LowerError`] is a bug of ours, never of the author.
//!
//! Read first: `op.rs`, then `program.rs`, then `lower/rule.rs` and `lower/term.rs`.
#![forbid(unsafe_code)]

mod index;
mod lower;
mod op;
mod parts;
mod program;
mod special;

pub use index::{IndexHead, RuleIndex};
pub use lower::{LowerError, extend, lower};
pub use op::{
    Arith, BuilderId, Compare, CtxId, IterId, Label, ListId, MarkId, Op, PathId, Reg, Src, WithId,
    is_member,
};
pub use program::{
    BuiltinId, Function, FunctionId, Keyed, LowerOptions, Mark, MarkEvent, MarkNode, Mock,
    NodeInfo, Path, PathStep, Program, QueryProgram, RowLayout, Shape, WithTarget, WithValue,
};
pub use special::{Known, Less, Special, specialise};
