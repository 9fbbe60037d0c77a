//! Functions that are run often are rewritten for base data and what follows from it.
//!
//! A function is due after some runs over the same data, and when it ends: what it uses has ended
//! before, and is rewritten first.
//!
//! Must not know: how a function is rewritten.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rego_program::{BuiltinId, FunctionId, Known, Less, Program, Reg, Shape, Special, specialise};
use rego_value::Value;

use crate::builtin::{BuiltinError, Context};
use crate::call::Return;
use crate::failure::Run;
use crate::fixed::Fixed;
use crate::machine::{Budget, Machine, Setting};
use crate::slot::Slot;

/// Most functions that one run rewrites, so that no decision waits long.
pub(crate) const PER_RUN: u32 = 4;

/// How much a call may use that is made beforehand; one that needs more is left to the run.
const PROBE: Budget = Budget { steps_max: 1000, bytes_max: 16 << 10, depth_max: 32 };

/// What is known of a function over some base data.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    runs: AtomicU32,
    special: OnceLock<Special>,
}

const _: () = assert!(size_of::<Cell>() == 32);

impl Cell {
    /// Returns what is left of the function, where that is known.
    #[inline]
    pub(crate) fn get(&self) -> Option<&Special> {
        self.special.get()
    }

    /// Returns what is left of the function, which is this where it is not known yet.
    pub(crate) fn get_or_init(&self, init: impl FnOnce() -> Special) -> &Special {
        self.special.get_or_init(init)
    }

    fn less(&self) -> Option<&Less> {
        match self.get()? {
            Special::Less(less) => Some(less),
            Special::Constant(_) | Special::Same => None,
        }
    }

    /// Notes a run; returns whether the function is to be rewritten. Threads may miss runs of others.
    #[inline]
    fn is_due(&self, runs_min: u32) -> bool {
        if self.special.get().is_some() {
            return false;
        }
        let runs = self.runs.load(Ordering::Relaxed);
        self.runs.store(runs.saturating_add(1), Ordering::Relaxed);
        runs >= runs_min
    }
}

impl<'a> Machine<'a> {
    /// A function ends that was called where nothing is replaced: rewrites it, where that is due.
    #[inline]
    pub(crate) fn note_run(&mut self, fixed: Fixed<'a>, id: FunctionId) {
        let Some(cell) = fixed.cell(id) else { return };
        if cell.is_due(self.program.options.runs_before_rewriting) && self.rewrites_left > 0 {
            self.rewrites_left -= 1;
            self.rewrite(fixed, cell, id);
        }
    }

    #[cold]
    fn rewrite(&self, fixed: Fixed<'a>, cell: &Cell, id: FunctionId) {
        let Some(function) = self.program.functions.get(id.0 as usize) else { return };
        let probe = Probe { program: self.program, setting: self.setting.to_probe(), fixed };
        cell.get_or_init(|| specialise(function, &probe));
    }

    /// Runs a function for operands.
    fn run_for(&mut self, id: FunctionId, operands: &[Value]) -> Run<Option<Value>> {
        self.enter(id, Return::NOWHERE)?;
        for (at, operand) in (0..).zip(operands) {
            self.set(Reg(at), Slot::Own(operand.clone()));
        }
        self.go_on()
    }
}

impl Setting<'_> {
    /// Returns the same for a call that is made beforehand: input is not known, nobody watches, and
    /// any error ends it.
    fn to_probe(self) -> Self {
        Setting {
            input: None,
            budget: PROBE,
            strict_builtin_errors: true,
            recorder: None,
            errors: None,
            usage: None,
            ..self
        }
    }
}

/// Answers what follows from base data alone.
struct Probe<'a> {
    program: &'a Program,
    setting: Setting<'a>,
    fixed: Fixed<'a>,
}

impl Known for Probe<'_> {
    fn data(&self) -> &Value {
        self.setting.data
    }

    fn rule(&self, id: FunctionId) -> Option<Option<Value>> {
        match self.fixed.cell(id)?.get()? {
            Special::Constant(value) => Some(value.clone()),
            Special::Less(_) | Special::Same => None,
        }
    }

    fn only(&self, id: FunctionId) -> Option<Value> {
        self.fixed.cell(id)?.less()?.only.clone()
    }

    fn alias(&self, id: FunctionId) -> Option<FunctionId> {
        self.fixed.cell(id)?.less()?.alias
    }

    fn call(&self, id: FunctionId, operands: &[Value]) -> Option<Option<Value>> {
        let function = self.program.functions.get(id.0 as usize)?;
        let takes = Shape::Function { arity: operands.len() as u32 };
        if function.shape != takes || !self.fixed.rules.is_fixed(id) {
            return None;
        }
        let mut machine = Machine::new(self.program, &self.setting);
        machine.rewrites_left = 0;
        let outcome = machine.run_for(id, operands).ok()?;
        if machine.is_unsettled { None } else { self.with_room(outcome) }
    }

    fn builtin(&self, id: BuiltinId, operands: &[Value]) -> Option<Option<Value>> {
        let builtin = self.setting.builtins.get(id.0 as usize)?;
        if builtin.decl.nondeterministic || builtin.decl.result.is_none() {
            return None;
        }
        let mut context = Context::new(self.setting.host, PROBE.steps_max, PROBE.bytes_max)
            .with_allow_net(self.setting.allow_net)
            .of_v0(self.setting.v0);
        let operands: Vec<&Value> = operands.iter().collect();
        let outcome = match (builtin.run)(&mut context, &operands) {
            Ok(value) => Some(value),
            Err(BuiltinError::Undefined) => None,
            Err(_) => return None,
        };
        if context.take_has_looked_out() { None } else { self.with_room(outcome) }
    }
}

impl Probe<'_> {
    /// Returns an outcome where there is room to keep it.
    fn with_room(&self, outcome: Option<Value>) -> Option<Option<Value>> {
        let fits = outcome.as_ref().is_none_or(|value| self.fixed.values.take_room(value));
        fits.then_some(outcome)
    }
}
