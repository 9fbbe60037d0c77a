//! The parts of an instruction by what they are for: what it reads, what it writes, where it goes on.

use crate::op::{BuilderId, Label, ListId, Op, PathId, Reg, Src};
use crate::program::Function;

impl Op {
    /// Returns the label in it, to be rewritten.
    pub(crate) fn label_mut(&mut self) -> Option<&mut Label> {
        match self {
            Op::Jump(label)
            | Op::JumpIfSet { to: label, .. }
            | Op::Truthy { fail: label, .. }
            | Op::Input { fail: label, .. }
            | Op::InputPath { fail: label, .. }
            | Op::DataPath { fail: label, .. }
            | Op::GetPath { fail: label, .. }
            | Op::Get { fail: label, .. }
            | Op::Force { fail: label, .. }
            | Op::Document { fail: label, .. }
            | Op::Rule { fail: label, .. }
            | Op::Call { fail: label, .. }
            | Op::Builtin { fail: label, .. }
            | Op::IterStart { fail: label, .. }
            | Op::JoinStart { fail: label, .. }
            | Op::IterNext { exit: label, .. }
            | Op::Test { fail: label, .. }
            | Op::Arith { fail: label, .. }
            | Op::Member { fail: label, .. }
            | Op::ArrayLen { fail: label, .. }
            | Op::ObjectLen { fail: label, .. }
            | Op::Element { fail: label, .. }
            | Op::IndexNext { exit: label, .. } => Some(label),
            _ => None,
        }
    }

    /// Returns where it may go on, beside the next instruction.
    pub(crate) fn label(&self) -> Option<Label> {
        let mut copy = *self;
        copy.label_mut().copied()
    }

    /// Whether the next instruction may follow.
    pub(crate) fn goes_on(&self) -> bool {
        !matches!(
            self,
            Op::Jump(_) | Op::Return { .. } | Op::ReturnReg { .. } | Op::IndexNext { .. }
        )
    }

    /// Returns the registers that may hold something else when the next instruction follows.
    pub(crate) fn written(&self) -> impl Iterator<Item = Reg> + use<> {
        let (first, second) = match *self {
            Op::Move { dst, .. }
            | Op::Clear { dst }
            | Op::Input { dst, .. }
            | Op::InputPath { dst, .. }
            | Op::DataPath { dst, .. }
            | Op::GetPath { dst, .. }
            | Op::Get { dst, .. }
            | Op::Node { dst, .. }
            | Op::Force { dst, .. }
            | Op::Document { dst, .. }
            | Op::Rule { dst, .. }
            | Op::Call { dst, .. }
            | Op::Builtin { dst, .. }
            | Op::Compare { dst, .. }
            | Op::Arith { dst, .. }
            | Op::Element { dst, .. }
            | Op::Array { dst, .. }
            | Op::Object { dst, .. }
            | Op::Set { dst, .. }
            | Op::BuildArray { dst, .. }
            | Op::BuildSet { dst, .. }
            | Op::BuildObject { dst, .. } => (Some(dst), None),
            Op::IterNext { key, value, .. } => (Some(key), Some(value)),
            Op::Yield { acc, .. } => (Some(acc), None),
            _ => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// Returns the registers it reads.
    pub(crate) fn read(self, function: &Function) -> impl Iterator<Item = Reg> {
        let mut copy = self;
        let listed = copy.list_mut().map(|list| function.list(*list)).unwrap_or_default();
        let own = copy.sources_mut().map(|src| src.map(|src| *src));
        let told = match self {
            Op::JumpIfSet { reg, .. } | Op::ReturnReg { reg } => Some(reg),
            Op::Yield { acc, .. } => Some(acc),
            _ => None,
        };
        let sources = listed.iter().copied().chain(own.into_iter().flatten());
        sources.filter_map(|src| src.decode().err()).chain(told)
    }

    /// Returns the sources in it, to be rewritten; those of its list are apart.
    pub(crate) fn sources_mut(&mut self) -> [Option<&mut Src>; 2] {
        match self {
            Op::Move { src, .. }
            | Op::Truthy { src, .. }
            | Op::GetPath { src, .. }
            | Op::Force { src, .. }
            | Op::IterStart { src, .. }
            | Op::ArrayLen { src, .. }
            | Op::ObjectLen { src, .. }
            | Op::Element { src, .. }
            | Op::Yield { src, .. }
            | Op::Return { src } => [Some(src), None],
            Op::Get { src, key, .. } | Op::JoinStart { src, key, .. } => [Some(src), Some(key)],
            Op::Test { a, b, .. } | Op::Compare { a, b, .. } | Op::Arith { a, b, .. } => {
                [Some(a), Some(b)]
            }
            Op::Member { item, of, .. } => [Some(item), Some(of)],
            Op::BuildPush { value, .. } | Op::BuildPutPath { value, .. } => [Some(value), None],
            Op::BuildPut { key, value, .. } => [Some(key), Some(value)],
            _ => [None, None],
        }
    }

    /// Returns the list of operands in it, to be rewritten.
    pub(crate) fn list_mut(&mut self) -> Option<&mut ListId> {
        match self {
            Op::Call { args: list, .. }
            | Op::Builtin { args: list, .. }
            | Op::Array { items: list, .. }
            | Op::Object { items: list, .. }
            | Op::Set { items: list, .. }
            | Op::BuildPutPath { keys: list, .. } => Some(list),
            _ => None,
        }
    }

    /// Returns the constant path in it, to be rewritten.
    pub(crate) fn path_mut(&mut self) -> Option<&mut PathId> {
        match self {
            Op::InputPath { path, .. }
            | Op::DataPath { path, .. }
            | Op::GetPath { path, .. }
            | Op::JoinStart { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Whether it uses an iterator or a builder.
    pub(crate) fn uses_state(&self) -> bool {
        matches!(
            self,
            Op::IterStart { .. }
                | Op::JoinStart { .. }
                | Op::IterNext { .. }
                | Op::IndexStart { .. }
                | Op::IndexNext { .. }
        ) || self.builder().is_some()
    }

    /// Returns the builder it uses.
    pub(crate) fn builder(&self) -> Option<BuilderId> {
        match *self {
            Op::BuildStart { builder }
            | Op::BuildPush { builder, .. }
            | Op::BuildPut { builder, .. }
            | Op::BuildPutPath { builder, .. }
            | Op::BuildArray { builder, .. }
            | Op::BuildSet { builder, .. }
            | Op::BuildObject { builder, .. } => Some(builder),
            _ => None,
        }
    }
}
