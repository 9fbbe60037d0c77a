//! What is known of registers and builders at an instruction.

use rego_value::{Value, View};

use crate::op::{BuilderId, Reg, Src};
use crate::program::{Function, Shape};

/// What is known of a register.
#[derive(Clone, Debug)]
pub(super) enum Held {
    /// It holds nothing.
    Nothing,
    /// It holds this.
    Value(Value),
    /// It may hold anything, or nothing.
    Any,
}

/// What is known before an instruction runs.
#[derive(Clone, Debug)]
pub(super) struct State {
    registers: Vec<Held>,
    /// Whether each builder has surely been given nothing.
    fresh: Vec<bool>,
}

impl State {
    /// Returns what is known where a function begins.
    pub(super) fn at_start(function: &Function) -> Self {
        let parameters = match function.shape {
            Shape::Function { arity } => arity as usize,
            Shape::Rule | Shape::Query => 0,
        };
        let mut registers = vec![Held::Nothing; function.registers as usize];
        registers.iter_mut().take(parameters).for_each(|held| *held = Held::Any);
        Self { registers, fresh: vec![true; function.builders as usize] }
    }

    pub(super) fn held(&self, reg: Reg) -> &Held {
        self.registers.get(reg.0 as usize).unwrap_or(&Held::Any)
    }

    pub(super) fn set(&mut self, reg: Reg, held: Held) {
        if let Some(place) = self.registers.get_mut(reg.0 as usize) {
            *place = held;
        }
    }

    pub(super) fn is_fresh(&self, builder: BuilderId) -> bool {
        self.fresh.get(builder.0 as usize).is_some_and(|fresh| *fresh)
    }

    pub(super) fn set_fresh(&mut self, builder: BuilderId, fresh: bool) {
        if let Some(place) = self.fresh.get_mut(builder.0 as usize) {
            *place = fresh;
        }
    }

    /// Returns what a source is known to hold.
    pub(super) fn source<'s>(&'s self, src: Src, function: &'s Function) -> Option<&'s Value> {
        match src.decode() {
            Ok(constant) => function.constants.get(constant as usize),
            Err(reg) => match self.held(reg) {
                Held::Value(value) => Some(value),
                Held::Nothing | Held::Any => None,
            },
        }
    }

    /// Forgets what does not hold as well where `other` does; returns whether that was something.
    pub(super) fn meet(&mut self, other: &State) -> bool {
        let mut changed = false;
        for (held, other) in self.registers.iter_mut().zip(&other.registers) {
            let agrees = match (&*held, other) {
                (Held::Any, _) | (Held::Nothing, Held::Nothing) => true,
                (Held::Value(a), Held::Value(b)) => is_same(a, b),
                _ => false,
            };
            if !agrees {
                *held = Held::Any;
                changed = true;
            }
        }
        for (fresh, other) in self.fresh.iter_mut().zip(&other.fresh) {
            changed |= *fresh && !*other;
            *fresh &= *other;
        }
        changed
    }
}

/// Whether two values are one in every respect; equal numbers may have different texts. Collections are
/// not looked through.
pub(super) fn is_same(a: &Value, b: &Value) -> bool {
    match (a.view(), b.view()) {
        (View::Null, View::Null) => true,
        (View::Bool(a), View::Bool(b)) => a == b,
        (View::Int(a), View::Int(b)) => a == b,
        (View::String(a), View::String(b)) => a == b,
        (View::Array(a), View::Array(b)) => std::ptr::eq(a, b),
        (View::Set(a), View::Set(b)) => std::ptr::eq(a.as_slice(), b.as_slice()),
        (View::Object(a), View::Object(b)) => {
            std::ptr::eq(a.keys(), b.keys()) && std::ptr::eq(a.values(), b.values())
        }
        _ => false,
    }
}
