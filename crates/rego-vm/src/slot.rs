//! Registers: a value that is borrowed from base data, input or constants costs no reference count.

use rego_analysis::tree::NodeId;
use rego_program::{Function, Src};
use rego_value::Value;

/// What a register holds.
#[derive(Clone, Default)]
pub(crate) enum Slot<'a> {
    /// Nothing.
    #[default]
    Empty,
    /// A value that outlives the evaluation.
    Ref(&'a Value),
    /// A value made during it.
    Own(Value),
    /// A document of the rule tree, not evaluated yet.
    Node(NodeId),
}

const _: () = assert!(size_of::<Slot<'_>>() == 16);

impl<'a> Slot<'a> {
    /// Returns the value, where it is one.
    #[inline]
    pub(crate) fn value(&self) -> Option<&Value> {
        match self {
            Slot::Ref(value) => Some(value),
            Slot::Own(value) => Some(value),
            Slot::Empty | Slot::Node(_) => None,
        }
    }

    /// Returns the value as one of its own.
    pub(crate) fn to_value(&self) -> Option<Value> {
        self.value().cloned()
    }

    /// Returns what `get` finds in the value, borrowed as long as the value is.
    #[inline]
    pub(crate) fn child(
        &self,
        get: impl for<'v> FnOnce(&'v Value) -> Option<&'v Value>,
    ) -> Option<Slot<'a>> {
        match self {
            Slot::Ref(value) => get(value).map(Slot::Ref),
            Slot::Own(value) => get(value).map(|child| Slot::Own(child.clone())),
            Slot::Empty | Slot::Node(_) => None,
        }
    }
}

/// The registers of the running function, over all registers.
#[derive(Clone, Copy)]
pub(crate) struct Window<'s, 'a> {
    pub(crate) slots: &'s [Slot<'a>],
    pub(crate) function: &'a Function,
}

impl<'s, 'a> Window<'s, 'a> {
    /// Returns the value of a source.
    #[inline]
    pub(crate) fn value(self, src: Src) -> Option<&'s Value> {
        match src.decode() {
            Ok(constant) => self.function.constants.get(constant as usize),
            Err(reg) => self.slots.get(reg.0 as usize)?.value(),
        }
    }

    /// Returns a copy of what a source holds.
    #[inline]
    pub(crate) fn slot(self, src: Src) -> Slot<'a> {
        match src.decode() {
            Ok(constant) => match self.function.constants.get(constant as usize) {
                Some(value) => Slot::Ref(value),
                None => Slot::Empty,
            },
            Err(reg) => self.slots.get(reg.0 as usize).cloned().unwrap_or_default(),
        }
    }
}
