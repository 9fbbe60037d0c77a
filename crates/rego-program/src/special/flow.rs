//! Which instructions of a function can be reached, and what is known at each of them.

use std::cell::{Cell, OnceCell};

use rego_value::Value;

use super::Known;
use super::state::{Held, State, is_same};
use crate::op::{Compare, Label, ListId, Op, PathId, Reg, Src, is_member};
use crate::program::{Function, FunctionId, PathStep};

/// What an instruction comes to, where enough is known.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Not enough is known.
    Open,
    /// A register holds this afterwards; the next instruction follows.
    Set(Reg, Held),
    /// Nothing happens; the next instruction follows.
    Skip,
    /// Nothing happens; that instruction follows.
    Go(Label),
}

/// What is known of a function.
pub(super) struct Flow<'f> {
    function: &'f Function,
    known: &'f dyn Known,
    /// What is known before each instruction; nothing where it cannot be reached.
    states: Vec<Option<State>>,
    /// What the call at each instruction gives, once it was asked for. What is known there never becomes
    /// another value, and an answer must stay what it was: all that follows was found by it.
    calls: Vec<OnceCell<Answer>>,
    calls_left: Cell<u32>,
}

/// What is known of a call: nothing, or its outcome.
type Answer = Option<Option<Value>>;

/// Most calls of a function that are made beforehand.
const CALLS_MAX: u32 = 64;

/// Most times, for each instruction, that one is looked at again.
const TURNS_MAX: usize = 8;

impl<'f> Flow<'f> {
    /// Follows a function from its start until nothing more is learnt; nothing where that takes long.
    pub(super) fn of(function: &'f Function, known: &'f dyn Known) -> Option<Self> {
        let size = function.code.len();
        let mut flow = Self {
            function,
            known,
            states: vec![None; size],
            calls: std::iter::repeat_with(OnceCell::new).take(size).collect(),
            calls_left: Cell::new(CALLS_MAX),
        };
        let mut open = Vec::new();
        flow.reach(&mut open, 0, &State::at_start(function));
        let mut turns_left = size * TURNS_MAX;
        while let Some(at) = open.pop() {
            turns_left = turns_left.checked_sub(1)?;
            flow.follow(&mut open, at);
        }
        Some(flow)
    }

    /// Returns the instruction at a position, and what it comes to; nothing where it is not reached.
    pub(super) fn at(&self, at: usize) -> Option<(Op, Outcome)> {
        let state = self.states.get(at)?.as_ref()?;
        let op = *self.function.code.get(at)?;
        Some((op, self.outcome_of(at, op, state)))
    }

    /// Returns what a source is known to hold at an instruction.
    pub(super) fn source(&self, at: usize, src: Src) -> Option<&Value> {
        self.states.get(at)?.as_ref()?.source(src, self.function)
    }

    /// Returns the rule that has the outcome of a rule.
    pub(super) fn asked(&self, rule: FunctionId) -> FunctionId {
        self.known.alias(rule).unwrap_or(rule)
    }

    /// Whether anything is decided that was open.
    pub(super) fn decides(&self) -> bool {
        (0..self.function.code.len()).any(|at| match self.at(at) {
            None => true,
            Some((Op::Jump(_) | Op::Clear { .. } | Op::Move { .. }, _)) => false,
            Some((Op::Rule { function, .. }, Outcome::Open)) => self.asked(function) != function,
            Some((_, outcome)) => !matches!(outcome, Outcome::Open),
        })
    }

    /// Returns the one value that the function may have, where there is one, and whether it may have
    /// none.
    pub(super) fn values(&self) -> Option<(Option<Value>, bool)> {
        let (mut found, mut may_fail) = (None, false);
        for at in 0..self.function.code.len() {
            let Some(state) = self.states.get(at)?.as_ref() else { continue };
            let value = match *self.function.code.get(at)? {
                Op::ReturnReg { reg } => match state.held(reg) {
                    Held::Value(value) => value,
                    Held::Nothing => {
                        may_fail = true;
                        continue;
                    }
                    Held::Any => return None,
                },
                Op::Return { src } => state.source(src, self.function)?,
                _ => continue,
            };
            if found.as_ref().is_some_and(|found| !is_same(found, value)) {
                return None;
            }
            found = Some(value.clone());
        }
        Some((found, may_fail))
    }

    /// Whether nothing can happen in the function but that it ends.
    pub(super) fn is_harmless(&self) -> bool {
        let ends = |op| matches!(op, Op::Return { .. } | Op::ReturnReg { .. });
        (0..self.function.code.len()).all(|at| match self.at(at) {
            Some((op, Outcome::Open)) => is_harmless(op) || ends(op),
            _ => true,
        })
    }

    /// Notes that an instruction can be reached in this state.
    fn reach(&mut self, open: &mut Vec<usize>, at: usize, state: &State) {
        let Some(place) = self.states.get_mut(at) else { return };
        let is_news = match place {
            Some(there) => there.meet(state),
            None => {
                *place = Some(state.clone());
                true
            }
        };
        if is_news {
            open.push(at);
        }
    }

    fn follow(&mut self, open: &mut Vec<usize>, at: usize) {
        let Some(mut state) = self.states.get(at).cloned().flatten() else { return };
        let Some(op) = self.function.code.get(at).copied() else { return };
        match self.outcome_of(at, op, &state) {
            Outcome::Go(to) => return self.reach(open, to.0 as usize, &state),
            Outcome::Skip => {}
            Outcome::Set(reg, held) => {
                if let Op::BuildArray { builder, .. }
                | Op::BuildSet { builder, .. }
                | Op::BuildObject { builder, .. } = op
                {
                    state.set_fresh(builder, true);
                }
                state.set(reg, held);
            }
            Outcome::Open => {
                if matches!(op, Op::Return { .. } | Op::ReturnReg { .. }) {
                    return;
                }
                if let Some(label) = op.label() {
                    self.reach(open, label.0 as usize, &state);
                }
                if let Op::IndexNext { index, .. } = op {
                    let function = self.function;
                    let labels = function.indexes.get(index as usize).map(|(_, labels)| labels);
                    for label in labels.into_iter().flatten() {
                        self.reach(open, label.0 as usize, &state);
                    }
                    return;
                }
                note_writes(&mut state, op);
                if let Op::Rule { dst, function, .. } = op
                    && let Some(only) = self.known.only(function)
                {
                    state.set(dst, Held::Value(only));
                }
            }
        }
        self.reach(open, at + 1, &state);
    }

    fn outcome_of(&self, at: usize, op: Op, state: &State) -> Outcome {
        match op {
            Op::Jump(to) => Outcome::Go(to),
            Op::Clear { dst } => write(state, dst, Held::Nothing),
            Op::Move { dst, src } => write(state, dst, self.held(src, state)),
            Op::JumpIfSet { reg, to } => match state.held(reg) {
                Held::Nothing => Outcome::Skip,
                Held::Value(_) => Outcome::Go(to),
                Held::Any => Outcome::Open,
            },
            Op::IterStart { iter, src, fail } => {
                match state.source(src, self.function).map(Value::elements_len) {
                    Some(None) => Outcome::Go(fail),
                    Some(Some(0)) => match self.function.code.get(at + 1) {
                        Some(Op::IterNext { iter: next, exit, .. }) if *next == iter => {
                            Outcome::Go(*exit)
                        }
                        _ => Outcome::Open,
                    },
                    _ => Outcome::Open,
                }
            }
            Op::Compare { op, dst, a, b } => match self.compare(op, a, b, state) {
                Some(holds) => Outcome::Set(dst, Held::Value(Value::from(holds))),
                None => Outcome::Open,
            },
            Op::BuildStart { builder } if state.is_fresh(builder) => Outcome::Skip,
            Op::BuildArray { builder, dst } if state.is_fresh(builder) => {
                Outcome::Set(dst, Held::Value(Value::array(Vec::new())))
            }
            Op::BuildSet { builder, dst } if state.is_fresh(builder) => {
                Outcome::Set(dst, Held::Value(Value::set(Vec::new())))
            }
            Op::BuildObject { builder, dst } if state.is_fresh(builder) => {
                Outcome::Set(dst, Held::Value(Value::object(Vec::new())))
            }
            Op::Yield { acc, src } => match (state.held(acc), state.source(src, self.function)) {
                (Held::Nothing, Some(value)) => Outcome::Set(acc, Held::Value(value.clone())),
                (Held::Value(there), Some(value)) if is_same(there, value) => Outcome::Skip,
                _ => Outcome::Open,
            },
            _ => self
                .found(at, op, state)
                .or_else(|| self.tested(op, state))
                .unwrap_or(Outcome::Open),
        }
    }

    /// What an instruction comes to that looks for a value; nothing where it is none, or not enough is
    /// known.
    fn found(&self, at: usize, op: Op, state: &State) -> Option<Outcome> {
        let value = |src: Src| state.source(src, self.function);
        let (dst, fail, found) = match op {
            Op::DataPath { dst, path, fail } => (dst, fail, self.data_path(path)?),
            Op::GetPath { dst, src, path, fail } => {
                (dst, fail, follow(value(src)?, self.steps(path)?).cloned())
            }
            Op::Get { dst, src, key, fail } => (dst, fail, value(src)?.get(value(key)?).cloned()),
            Op::Force { dst, src, fail } => (dst, fail, Some(value(src)?.clone())),
            Op::Rule { dst, function, fail } => (dst, fail, self.known.rule(function)?),
            Op::Call { dst, function, args, fail } => {
                let call = |args: &[Value]| self.known.call(function, args);
                (dst, fail, self.called(at, &self.operands(args, state)?, call)?)
            }
            Op::Builtin { dst, builtin, args, fail } => {
                let call = |args: &[Value]| self.known.builtin(builtin, args);
                (dst, fail, self.called(at, &self.operands(args, state)?, call)?)
            }
            Op::Element { dst, src, at: position, fail } => {
                let items = value(src)?.as_array();
                (dst, fail, items.and_then(|items| items.get(position as usize)).cloned())
            }
            _ => return None,
        };
        Some(found.map_or(Outcome::Go(fail), |value| Outcome::Set(dst, Held::Value(value))))
    }

    /// What an instruction comes to that tests something; nothing where it is none, or not enough is
    /// known.
    fn tested(&self, op: Op, state: &State) -> Option<Outcome> {
        let value = |src: Src| state.source(src, self.function);
        let (holds, fail) = match op {
            Op::Truthy { src, fail } => (!value(src)?.is_false(), fail),
            Op::Test { op, a, b, fail } => (self.compare(op, a, b, state)?, fail),
            Op::Member { item, of, fail } => {
                let of = value(of)?;
                let is_empty = of.elements_len().is_none_or(|length| length == 0);
                (!is_empty && is_member(value(item)?, of), fail)
            }
            Op::ArrayLen { src, len, fail } => {
                let items = value(src)?.as_array();
                (items.is_some_and(|items| items.len() == len as usize), fail)
            }
            Op::ObjectLen { src, len, fail } => {
                let object = value(src)?.as_object();
                (object.is_some_and(|object| object.len() == len as usize), fail)
            }
            _ => return None,
        };
        Some(if holds { Outcome::Skip } else { Outcome::Go(fail) })
    }

    /// What the call at an instruction gives for these operands.
    fn called(
        &self,
        at: usize,
        operands: &[Value],
        call: impl FnOnce(&[Value]) -> Answer,
    ) -> Answer {
        let answer = self.calls.get(at)?.get_or_init(|| {
            let left = self.calls_left.get().checked_sub(1)?;
            self.calls_left.set(left);
            call(operands)
        });
        answer.clone()
    }

    fn held(&self, src: Src, state: &State) -> Held {
        match (src.decode(), state.source(src, self.function)) {
            (_, Some(value)) => Held::Value(value.clone()),
            (Err(reg), None) => state.held(reg).clone(),
            (Ok(_), None) => Held::Any,
        }
    }

    fn steps(&self, path: PathId) -> Option<&'f [PathStep]> {
        self.function.paths.get(path.0 as usize).map(|path| path.steps.as_slice())
    }

    /// What base data has at a path. An integer may stand for its text there: that is left to the run.
    fn data_path(&self, path: PathId) -> Option<Option<Value>> {
        let steps = self.steps(path)?;
        let has_integer = steps.iter().any(|step| step.key.as_i64().is_some());
        (!has_integer).then(|| follow(self.known.data(), steps).cloned())
    }

    fn compare(&self, op: Compare, a: Src, b: Src, state: &State) -> Option<bool> {
        Some(op.holds(state.source(a, self.function)?, state.source(b, self.function)?))
    }

    fn operands(&self, list: ListId, state: &State) -> Option<Vec<Value>> {
        let sources = self.function.list(list);
        sources.iter().map(|src| state.source(*src, self.function).cloned()).collect()
    }
}

/// What a write comes to: nothing, where the register holds that already.
fn write(state: &State, dst: Reg, held: Held) -> Outcome {
    let is_there = match (state.held(dst), &held) {
        (Held::Nothing, Held::Nothing) => true,
        (Held::Value(there), Held::Value(value)) => is_same(there, value),
        _ => false,
    };
    if is_there { Outcome::Skip } else { Outcome::Set(dst, held) }
}

fn follow<'v>(value: &'v Value, steps: &[PathStep]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| step.get(value))
}

/// Forgets what an instruction that is left to the run may change.
fn note_writes(state: &mut State, op: Op) {
    match op {
        Op::BuildStart { builder } => state.set_fresh(builder, true),
        Op::BuildPush { builder, .. }
        | Op::BuildPut { builder, .. }
        | Op::BuildPutPath { builder, .. } => state.set_fresh(builder, false),
        Op::BuildArray { builder, .. }
        | Op::BuildSet { builder, .. }
        | Op::BuildObject { builder, .. } => state.set_fresh(builder, true),
        _ => {}
    }
    op.written().for_each(|reg| state.set(reg, Held::Any));
}

/// Whether nothing can come of an instruction but its value: no error, no rule that is run.
fn is_harmless(op: Op) -> bool {
    matches!(
        op,
        Op::Move { .. }
            | Op::JumpIfSet { .. }
            | Op::Truthy { .. }
            | Op::Input { .. }
            | Op::InputPath { .. }
            | Op::Test { .. }
            | Op::Compare { .. }
            | Op::BuildStart { .. }
            | Op::BuildArray { .. }
            | Op::BuildSet { .. }
            | Op::BuildObject { .. }
    )
}
