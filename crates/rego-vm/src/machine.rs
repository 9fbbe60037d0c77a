//! The machine: runs a function's instructions until it has an outcome.
//!
//! Calls do not nest on the native stack: frames are a list, so depth is a budget like any other.

use std::sync::LazyLock;

use rego_program::{Function, FunctionId, Label, Op, Program, Reg, Src};
use rego_source::Location;
use rego_value::Value;
use smallvec::SmallVec;

use crate::build::Builder;
use crate::builtin::{Builtin, BuiltinError, Context, Halt, Host};
use crate::call::{Frame, Return, Waiting};
use crate::failure::{Failure, FailureKind, Run};
use crate::fixed::Fixed;
use crate::iter::Iter;
use crate::join::{Join, JoinKey};
use crate::record::{BuiltinErrors, Recorder};
use crate::scope::{Scope, Scopes};
use crate::slot::{Slot, Window};
use crate::special::PER_RUN;
use crate::trace::{Tracer, Tracing};
use crate::usage::Usage;

/// How much a run may use.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Most steps: loop turns, calls, and work inside builtins.
    pub steps_max: u64,
    /// Most bytes of results made on the way.
    pub bytes_max: u64,
    /// Deepest nesting of rule and function calls.
    pub depth_max: u32,
}

/// What a run needs besides the program.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The bodies of [`Program::builtins`], in their order.
    pub builtins: &'a [Builtin],
    /// The bodies of `plus`, `minus` and `mul`.
    pub arith: &'a [Builtin; 3],
    /// The base document.
    pub data: &'a Value,
    /// The input document; nothing where it is undefined.
    pub input: Option<&'a Value>,
    /// The world outside.
    pub host: &'a dyn Host,
    /// How much it may use.
    pub budget: Budget,
    /// Whether an error in a builtin ends the run.
    pub strict_builtin_errors: bool,
    /// Takes down the calls of nondeterministic builtins, where wanted.
    pub recorder: Option<&'a Recorder>,
    /// Is told what happens, where the program was lowered for that.
    pub tracer: Option<&'a dyn Tracer>,
    /// Takes down the errors of builtins that did not end the run, where wanted.
    pub errors: Option<&'a BuiltinErrors>,
    /// Whether the query is Rego v0: builtins then answer as OPA did before 1.8.
    pub v0: bool,
    /// Whether the value of a rule is kept for the rest of the run. Without, results are the same.
    pub memo: bool,
    /// The values of rules that depend on base data alone, where they are kept from run to run.
    pub fixed: Option<Fixed<'a>>,
    /// Adds up what runs use, where wanted.
    pub usage: Option<&'a Usage>,
    /// The hosts that builtins may talk to; none: any.
    pub allow_net: Option<&'a [String]>,
}

impl Setting<'_> {
    /// Has a call taken down. Without a recorder, and for all other builtins, two tests.
    #[inline]
    pub(crate) fn note(
        &self,
        builtin: &Builtin,
        operands: &[&Value],
        result: &Result<Value, BuiltinError>,
    ) {
        if let Some(recorder) = self.recorder
            && builtin.decl.nondeterministic
        {
            recorder.note(builtin.decl.name, operands, result);
        }
    }
}

/// Runs a function without parameters; returns its value, or nothing where it has none.
///
/// Errors: conflicts, builtin errors where strict, crossed budgets.
pub fn run(
    program: &Program,
    function: FunctionId,
    setting: &Setting<'_>,
) -> Result<Option<Value>, Failure> {
    let mut machine = Machine::new(program, setting);
    let outcome = machine.run(function).map_err(|failure| *failure);
    if let Some(usage) = setting.usage {
        machine.context.report(usage, setting.budget.steps_max, setting.budget.bytes_max);
    }
    outcome
}

/// Room for registers from the start.
const SLOTS: usize = 32;

/// Most decisions need no more frames than these, and so no allocation for them.
const WAITING: usize = 4;

/// A run under way.
pub(crate) struct Machine<'a> {
    pub(crate) program: &'a Program,
    pub(crate) setting: Setting<'a>,
    pub(crate) context: Context<'a>,
    /// The registers of all functions under way. Those from `top` on are empty.
    pub(crate) slots: Vec<Slot<'a>>,
    pub(crate) top: usize,
    pub(crate) iters: Vec<Iter<'a>>,
    pub(crate) builders: Vec<Builder>,
    pub(crate) ctxs: Vec<usize>,
    pub(crate) scopes: Scopes<'a>,
    pub(crate) waiting: SmallVec<[Waiting<'a>; WAITING]>,
    pub(crate) frame: Frame<'a>,
    pub(crate) outcome: Slot<'a>,
    pub(crate) joins: Vec<(JoinKey, Join<'a>)>,
    pub(crate) tracing: Tracing,
    /// Whether something beside data may have had a part in the value of a fixed rule of this run.
    pub(crate) is_unsettled: bool,
    /// How many functions it may still rewrite.
    pub(crate) rewrites_left: u32,
}

/// Whether the run goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// With the next instruction.
    On,
    /// Not: the machine has its outcome.
    Done,
}

/// The set of nothing.
static EMPTY: LazyLock<Value> = LazyLock::new(|| Value::set(Vec::new()));

static NOTHING: Function = Function::empty(rego_program::Shape::Query);

impl<'a> Machine<'a> {
    pub(crate) fn new(program: &'a Program, setting: &Setting<'a>) -> Self {
        let input = setting.input.map_or(Slot::Empty, Slot::Ref);
        Self {
            program,
            setting: *setting,
            context: Context::new(setting.host, setting.budget.steps_max, setting.budget.bytes_max)
                .with_allow_net(setting.allow_net)
                .of_v0(setting.v0),
            slots: Vec::with_capacity(SLOTS),
            top: 0,
            iters: Vec::new(),
            builders: Vec::new(),
            ctxs: Vec::new(),
            scopes: Scopes::new(Scope::new(input, Slot::Ref(setting.data))),
            waiting: SmallVec::new(),
            frame: Frame::idle(&NOTHING),
            outcome: Slot::Empty,
            joins: Vec::new(),
            tracing: Tracing::default(),
            is_unsettled: false,
            rewrites_left: PER_RUN,
        }
    }

    fn run(&mut self, function: FunctionId) -> Run<Option<Value>> {
        self.enter(function, Return::NOWHERE)?;
        self.go_on()
    }

    /// Runs until there is an outcome.
    pub(crate) fn go_on(&mut self) -> Run<Option<Value>> {
        loop {
            let function: &'a Function = self.frame.function;
            let Some(op) = function.code.get(self.frame.pc) else {
                return self.internal("no instruction there");
            };
            self.frame.pc += 1;
            if self.step(op)? == Flow::Done {
                return Ok(self.outcome.to_value());
            }
        }
    }

    #[inline]
    #[expect(clippy::too_many_lines, reason = "one flat match over all instructions")]
    fn step(&mut self, op: &Op) -> Run<Flow> {
        match *op {
            Op::Jump(to) => self.jump(to),
            Op::Move { dst, src } => {
                let slot = self.window().slot(src);
                self.set(dst, slot);
            }
            Op::Clear { dst } => self.set(dst, Slot::Empty),
            Op::JumpIfSet { reg, to } => {
                if !matches!(self.slot(reg), Slot::Empty) {
                    self.jump(to);
                }
            }
            Op::Truthy { src, fail } => {
                if self.value(src)?.is_false() {
                    self.jump(fail);
                }
            }
            Op::Input { dst, fail } => {
                let slot = self.scope().input.clone();
                self.set_or(dst, some(slot), fail);
            }
            Op::InputPath { dst, path, fail } => {
                let steps = self.path(path)?;
                let found = follow(&self.scope().input, steps);
                self.set_or(dst, found, fail);
            }
            Op::DataPath { dst, path, fail } => {
                let steps = self.path(path)?;
                let found = follow(&self.scope().data, steps).or_else(|| self.base_path(steps));
                self.set_or(dst, found, fail);
            }
            Op::GetPath { dst, src, path, fail } => {
                let steps = self.path(path)?;
                let found = match src.decode() {
                    Err(reg) => follow(self.slot(reg), steps),
                    Ok(_) => follow(&self.window().slot(src), steps),
                };
                self.set_or(dst, found, fail);
            }
            Op::Get { dst, src, key, fail } => return self.get((dst, fail), src, key),
            Op::Node { dst, node } => self.set(dst, Slot::Node(node)),
            Op::Force { dst, src, fail } => return self.force((dst, fail), src),
            Op::Document { dst, node, fail } => return self.document(node, Return { dst, fail }),
            Op::Rule { dst, function, fail } => return self.rule(function, Return { dst, fail }),
            Op::Call { dst, function, args, fail } => {
                return self.call(function, args, Return { dst, fail });
            }
            Op::Builtin { dst, builtin, args, fail } => {
                return self.call_builtin(builtin, args, Return { dst, fail });
            }
            Op::IterStart { iter, src, fail } => return self.iter_start(iter, src, fail),
            Op::JoinStart { iter, src, path, key, fail } => {
                return self.join_start(iter, (src, path, key), fail);
            }
            Op::IterNext { iter, key, value, exit } => {
                self.charge(1)?;
                let next = match self.iters.get_mut(self.frame.iters + iter.0 as usize) {
                    Some(iter) => iter.next(),
                    None => return self.internal("no such iterator"),
                };
                match next {
                    Some((k, v)) => {
                        self.set(key, k);
                        self.set(value, v);
                    }
                    None => self.jump(exit),
                }
            }
            Op::Test { op, a, b, fail } => {
                if !op.holds(self.value(a)?, self.value(b)?) {
                    self.jump(fail);
                }
            }
            Op::Compare { op, dst, a, b } => {
                let holds = op.holds(self.value(a)?, self.value(b)?);
                self.set(dst, Slot::Own(Value::from(holds)));
            }
            Op::Arith { op, dst, a, b, fail } => self.arith(op, (a, b), (dst, fail))?,
            Op::Member { item, of, fail } => {
                if !self.member(item, of)? {
                    self.jump(fail);
                }
            }
            Op::ArrayLen { src, len, fail } => {
                let fits = self.value(src)?.as_array().is_some_and(|a| a.len() == len as usize);
                if !fits {
                    self.jump(fail);
                }
            }
            Op::ObjectLen { src, len, fail } => {
                let fits = self.value(src)?.as_object().is_some_and(|o| o.len() == len as usize);
                if !fits {
                    self.jump(fail);
                }
            }
            Op::Element { dst, src, at, fail } => {
                let slot = self.window().slot(src);
                let found = slot.child(|value| value.as_array()?.get(at as usize));
                self.set_or(dst, found, fail);
            }
            Op::Array { dst, items } => {
                let items = self.operands(items)?;
                self.set(dst, Slot::Own(Value::array(items)));
            }
            Op::Object { dst, items } => self.object(dst, items)?,
            Op::Set { dst, items } => {
                let items = self.operands(items)?;
                self.set(dst, Slot::Own(Value::set(items)));
            }
            Op::BuildStart { builder } => *self.builder(builder)? = Builder::default(),
            Op::BuildPush { builder, value } => {
                self.charge_bytes(16)?;
                let value = self.value(value)?.clone();
                self.builder(builder)?.push(value);
            }
            Op::BuildPut { builder, key, value } => {
                self.charge_bytes(64)?;
                let (key, value) = (self.value(key)?.clone(), self.value(value)?.clone());
                if self.builder(builder)?.put(key, value).is_err() {
                    return self.conflict("object keys must be unique");
                }
            }
            Op::BuildPutPath { builder, keys, value, contains } => {
                self.charge_bytes(64)?;
                let (keys, value) = (self.operands(keys)?, self.value(value)?.clone());
                if self.builder(builder)?.put_path(keys, value, contains).is_err() {
                    return self.conflict("object keys must be unique");
                }
            }
            Op::BuildArray { builder, dst } => {
                let items = self.builder(builder)?.take_list();
                self.set(dst, Slot::Own(Value::array(items)));
            }
            Op::BuildSet { builder, dst } => {
                let items = self.builder(builder)?.take_list();
                // Most rules of a gate's policy make nothing: no memory is asked for that.
                let empty = items.is_empty();
                self.set(dst, if empty { Slot::Ref(&EMPTY) } else { Slot::Own(Value::set(items)) });
            }
            Op::BuildObject { builder, dst } => {
                let object = self.builder(builder)?.take_object();
                self.set(dst, Slot::Own(object));
            }
            Op::Yield { acc, src } => self.yield_value(acc, src)?,
            Op::Return { src } => {
                let slot = self.window().slot(src);
                return self.leave(some(slot));
            }
            Op::ReturnReg { reg } => {
                let slot = self.slot(reg).clone();
                return self.leave(some(slot));
            }
            Op::IndexStart { iter, index } => self.index_start(iter, index)?,
            Op::IndexNext { iter, index, exit } => self.index_next(iter, index, exit)?,
            Op::WithEnter { ctx, with } => self.with_enter(ctx, with)?,
            Op::WithResume { ctx } => self.with_resume(ctx)?,
            Op::WithLeave { outer, drop } => self.with_leave(outer, drop)?,
            Op::Mark(mark) => self.mark(mark)?,
        }
        Ok(Flow::On)
    }

    pub(crate) fn jump(&mut self, to: Label) {
        self.frame.pc = to.0 as usize;
    }

    /// Returns the registers of the running function.
    #[inline]
    pub(crate) fn window(&self) -> Window<'_, 'a> {
        let slots = self.slots.get(self.frame.base..).unwrap_or_default();
        Window { slots, function: self.frame.function }
    }

    #[inline]
    pub(crate) fn value(&self, src: Src) -> Run<&Value> {
        match self.window().value(src) {
            Some(value) => Ok(value),
            None => self.internal("a register without a value is read"),
        }
    }

    #[inline]
    pub(crate) fn slot(&self, reg: Reg) -> &Slot<'a> {
        self.slots.get(self.frame.base + reg.0 as usize).unwrap_or(&Slot::Empty)
    }

    #[inline]
    pub(crate) fn set(&mut self, reg: Reg, slot: Slot<'a>) {
        if let Some(place) = self.slots.get_mut(self.frame.base + reg.0 as usize) {
            *place = slot;
        }
    }

    #[inline]
    pub(crate) fn set_or(&mut self, dst: Reg, found: Option<Slot<'a>>, fail: Label) {
        match found {
            Some(slot) => self.set(dst, slot),
            None => self.jump(fail),
        }
    }

    /// Returns the scope that the statement under way runs in.
    #[inline]
    pub(crate) fn scope(&self) -> &Scope<'a> {
        self.scopes.get(self.frame.scope)
    }

    pub(crate) fn charge(&mut self, steps: u64) -> Run<()> {
        match self.context.charge_steps(steps) {
            Ok(()) => Ok(()),
            Err(error) => self.halt(&error),
        }
    }

    pub(crate) fn charge_bytes(&mut self, bytes: u64) -> Run<()> {
        match self.context.charge_bytes(bytes) {
            Ok(()) => Ok(()),
            Err(error) => self.halt(&error),
        }
    }

    fn halt(&self, error: &BuiltinError) -> Run<()> {
        let halt = if let BuiltinError::Halt(halt) = error { *halt } else { Halt::Steps };
        self.fail(FailureKind::Halt(halt), halt.to_string())
    }

    pub(crate) fn conflict<T>(&self, message: &str) -> Run<T> {
        self.fail(FailureKind::Conflict, message.to_string())
    }

    #[cold]
    pub(crate) fn internal<T>(&self, message: &str) -> Run<T> {
        self.fail(FailureKind::Internal, message.to_string())
    }

    #[cold]
    pub(crate) fn fail<T>(&self, kind: FailureKind, message: String) -> Run<T> {
        Err(Box::new(Failure { kind, message, location: self.place() }))
    }

    /// Returns where the instruction under way comes from.
    pub(crate) fn place(&self) -> Location {
        let at = self.frame.pc.saturating_sub(1);
        self.frame.function.places.get(at).copied().unwrap_or_default()
    }
}

pub(crate) fn some(slot: Slot<'_>) -> Option<Slot<'_>> {
    if matches!(slot, Slot::Empty) { None } else { Some(slot) }
}

#[inline]
fn follow<'a>(from: &Slot<'a>, steps: &'a [rego_program::PathStep]) -> Option<Slot<'a>> {
    match from {
        Slot::Ref(value) => {
            steps.iter().try_fold(*value, |value, step| step.get(value)).map(Slot::Ref)
        }
        Slot::Own(value) => {
            let found = steps.iter().try_fold(value, |value, step| step.get(value));
            found.map(|value| Slot::Own(value.clone()))
        }
        Slot::Empty | Slot::Node(_) => None,
    }
}
