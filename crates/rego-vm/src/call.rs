//! Calls: frames, values remembered, builtins, and what stands in for them.

use std::iter::{repeat_n, repeat_with};

use rego_program::{
    BuiltinId, Function, FunctionId, Label, ListId, Mock, Reg, Shape, Special, Src,
};
use rego_value::Value;

use crate::build::Builder;
use crate::builtin::{BuiltinError, Halt};
use crate::document::{DocFrame, Progress};
use crate::failure::{Failure, FailureKind, Run};
use crate::fixed::Fixed;
use crate::iter::Iter;
use crate::machine::{Flow, Machine, some};
use crate::scope::{MockTarget, MockValue, Scope};
use crate::slot::{Slot, Window};
use crate::special::Cell;

/// Operands up to this many are passed without an allocation.
const ARGS_INLINE: usize = 6;

/// A function that runs or waits.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) function: &'a Function,
    pub(crate) id: FunctionId,
    pub(crate) pc: usize,
    /// Its first register, iterator, builder and context.
    pub(crate) base: usize,
    pub(crate) iters: usize,
    pub(crate) builders: usize,
    pub(crate) ctxs: usize,
    /// The scope that the statement under way runs in.
    pub(crate) scope: usize,
    /// The scope it was called in.
    pub(crate) entry_scope: usize,
    /// How many scopes there were.
    pub(crate) scopes: usize,
    pub(crate) back: Return,
}

impl<'a> Frame<'a> {
    pub(crate) fn idle(function: &'a Function) -> Self {
        Self {
            function,
            id: FunctionId(u32::MAX),
            pc: 0,
            base: 0,
            iters: 0,
            builders: 0,
            ctxs: 0,
            scope: 0,
            entry_scope: 0,
            scopes: 1,
            back: Return::NOWHERE,
        }
    }
}

/// Where the caller wants the value, and where it goes on without one.
#[derive(Clone, Copy)]
pub(crate) struct Return {
    pub(crate) dst: Reg,
    pub(crate) fail: Label,
}

impl Return {
    pub(crate) const NOWHERE: Return = Return { dst: Reg(0), fail: Label(u32::MAX) };
}

/// Who waits for a value.
pub(crate) enum Waiting<'a> {
    /// A function.
    Code(Frame<'a>),
    /// A document being put together.
    Document(Box<DocFrame>),
}

/// What is known of a function.
enum Look<'a> {
    /// Its outcome.
    Known(Option<&'a Value>),
    /// What it does.
    Code(&'a Function),
}

impl<'a> Machine<'a> {
    /// Makes a frame for a function and runs on in it. Who waits is on the list already.
    pub(crate) fn enter(&mut self, id: FunctionId, back: Return) -> Run<()> {
        let function: &'a Function = match self.look(id) {
            Some(Look::Code(function)) => function,
            Some(Look::Known(_)) | None => match self.program.functions.get(id.0 as usize) {
                Some(function) => function,
                None => return self.internal("no such function"),
            },
        };
        self.enter_at((id, function), back)
    }

    fn enter_at(&mut self, (id, function): (FunctionId, &'a Function), back: Return) -> Run<()> {
        self.charge(1)?;
        if self.waiting.len() > self.setting.budget.depth_max as usize {
            return self.fail(FailureKind::Halt(Halt::Depth), Halt::Depth.to_string());
        }
        self.trace_enter();
        self.frame = Frame {
            function,
            id,
            pc: 0,
            base: self.top,
            iters: self.iters.len(),
            builders: self.builders.len(),
            ctxs: self.ctxs.len(),
            scope: self.frame.scope,
            entry_scope: self.frame.scope,
            scopes: self.scopes.len(),
            back,
        };
        self.top += function.registers as usize;
        if self.top > self.slots.len() {
            self.slots.resize_with(self.top, Slot::default);
        }
        if function.has_state() {
            self.iters.extend(repeat_with(Iter::default).take(function.iters as usize));
            self.builders.extend(repeat_with(Builder::default).take(function.builders as usize));
            self.ctxs.extend(repeat_n(0, function.ctxs as usize));
        }
        Ok(())
    }

    /// Returns a function, or what is known of it where base data is as it was given.
    #[inline]
    fn look(&self, id: FunctionId) -> Option<Look<'a>> {
        if self.frame.scope == 0
            && let Some(fixed) = self.setting.fixed
        {
            match fixed.cell(id).and_then(Cell::get) {
                Some(Special::Constant(value)) => return Some(Look::Known(value.as_ref())),
                Some(Special::Less(less)) => return Some(Look::Code(&less.function)),
                Some(Special::Same) | None => {}
            }
        }
        self.program.functions.get(id.0 as usize).map(|function| Look::Code(function))
    }

    /// Ends the running function.
    pub(crate) fn leave(&mut self, value: Option<Slot<'a>>) -> Run<Flow> {
        let frame = self.frame;
        self.trace_leave();
        self.clear_above(frame.base);
        if frame.function.has_state() {
            self.iters.truncate(frame.iters);
            self.builders.truncate(frame.builders);
            self.ctxs.truncate(frame.ctxs);
        }
        if self.scopes.len() > frame.scopes {
            self.scopes.truncate(frame.scopes);
        }
        if frame.function.shape == Shape::Rule && self.setting.memo {
            self.remember(&frame, value.as_ref());
        }
        if frame.entry_scope == 0
            && let Some(fixed) = self.setting.fixed
        {
            self.note_run(fixed, frame.id);
        }
        self.deliver(value, frame.back, frame.entry_scope)
    }

    /// Empties the registers from `base` on: they stay, for functions to come.
    #[inline]
    fn clear_above(&mut self, base: usize) {
        for slot in self.slots.get_mut(base..self.top).unwrap_or_default() {
            *slot = Slot::Empty;
        }
        self.top = base;
    }

    /// Hands a value to whoever waits for it; a document that it makes whole is handed on.
    pub(crate) fn deliver(
        &mut self,
        mut value: Option<Slot<'a>>,
        mut back: Return,
        mut scope: usize,
    ) -> Run<Flow> {
        loop {
            let mut doc = match self.waiting.pop() {
                None => {
                    self.outcome = value.unwrap_or_default();
                    return Ok(Flow::Done);
                }
                Some(Waiting::Code(frame)) => {
                    self.frame = frame;
                    self.set_or(back.dst, value, back.fail);
                    return Ok(Flow::On);
                }
                Some(Waiting::Document(doc)) => doc,
            };
            self.frame.scope = scope;
            doc.take(value.and_then(|slot| slot.to_value()));
            match self.advance(doc)? {
                Progress::Entered => return Ok(Flow::On),
                Progress::Whole(slot, to, at) => (value, back, scope) = (Some(slot), to, at),
            }
        }
    }

    /// Evaluates a rule without parameters, or recalls its value.
    pub(crate) fn rule(&mut self, id: FunctionId, back: Return) -> Run<Flow> {
        if !self.scope().replaced.is_empty() {
            let path = self.program.functions.get(id.0 as usize).map(|f| f.path.as_slice());
            let path: &'a [Value] = path.unwrap_or_default();
            if self.scope().is_replaced(path.iter()) {
                let found = self.base_at(path.iter());
                self.set_or(back.dst, found, back.fail);
                return Ok(Flow::On);
            }
        }
        let function = match self.look(id) {
            Some(Look::Code(function)) => function,
            Some(Look::Known(value)) => {
                self.set_or(back.dst, value.map(Slot::Ref), back.fail);
                return Ok(Flow::On);
            }
            None => return self.internal("no such function"),
        };
        if let Some(value) = self.scope().remembered(id) {
            let value = value.clone();
            self.set_or(back.dst, some(value), back.fail);
            return Ok(Flow::On);
        }
        self.waiting.push(Waiting::Code(self.frame));
        self.enter_at((id, function), back)?;
        Ok(Flow::On)
    }

    /// Returns the value that a rule has in the scope under way, where it is known: of this run, or of
    /// one before over the same data.
    #[inline]
    pub(crate) fn recall(&self, id: FunctionId) -> Option<Slot<'a>> {
        if let Some(Look::Known(value)) = self.look(id) {
            return Some(value.map_or(Slot::Empty, Slot::Ref));
        }
        self.scope().remembered(id).cloned()
    }

    /// Has the value of a rule known for the rest of the run, or for runs to come.
    fn remember(&mut self, frame: &Frame<'a>, value: Option<&Slot<'a>>) {
        let is_whole = !matches!(value, Some(Slot::Node(_)));
        if frame.entry_scope == 0
            && let Some(fixed) = self.setting.fixed
            && is_whole
            && !self.is_unsettled
            && fixed.keep(frame.id, value.and_then(Slot::value))
        {
            return;
        }
        let scope = self.scopes.get_mut(frame.entry_scope);
        scope.remember(frame.id, value.cloned().unwrap_or_default());
    }

    /// Notes that what a builtin did in the running function is not a matter of its operands alone.
    fn unsettle(&mut self) {
        let is_fixed = |fixed: Fixed<'_>| fixed.rules.is_fixed(self.frame.id);
        self.is_unsettled |= self.setting.fixed.is_some_and(is_fixed);
    }

    /// Calls a function, or what stands in for it.
    pub(crate) fn call(&mut self, id: FunctionId, args: ListId, back: Return) -> Run<Flow> {
        let scope = self.scope();
        if !scope.mocks.is_empty()
            && let Some(mock) = scope.mock(MockTarget::Function(id)).cloned()
        {
            return self.call_mock(&mock, args, back);
        }
        self.call_function((id, args), back, None)
    }

    fn call_mock(&mut self, mock: &MockValue<'a>, args: ListId, back: Return) -> Run<Flow> {
        match mock {
            MockValue::Value(slot) => {
                self.set_or(back.dst, some(slot.clone()), back.fail);
                Ok(Flow::On)
            }
            MockValue::Call(Mock::Function(id)) => {
                let plain = self.scope().without_mocks();
                self.call_function((*id, args), back, Some(plain))
            }
            MockValue::Call(Mock::Builtin(id)) => self.run_builtin(*id, args, back),
        }
    }

    /// Calls a function; one that stands in for another in a scope of its own, where functions are
    /// as they are.
    fn call_function(
        &mut self,
        (id, args): (FunctionId, ListId),
        back: Return,
        plain: Option<Scope<'a>>,
    ) -> Run<Flow> {
        let shape = self.program.functions.get(id.0 as usize).map(|f| f.shape);
        if shape == Some(Shape::Rule) {
            return self.rule(id, back);
        }
        let (caller, operands) = (self.frame, self.list(args));
        self.waiting.push(Waiting::Code(caller));
        let scopes = self.scopes.len();
        if let Some(plain) = plain {
            self.frame.scope = self.scopes.push(plain);
        }
        self.enter(id, back)?;
        self.frame.scopes = scopes;
        for (at, src) in operands.iter().enumerate() {
            let slots = self.slots.get(caller.base..).unwrap_or_default();
            let slot = Window { slots, function: caller.function }.slot(*src);
            self.set(Reg(at as u32), slot);
        }
        Ok(Flow::On)
    }

    /// Calls a builtin, or what stands in for it.
    pub(crate) fn call_builtin(&mut self, id: BuiltinId, args: ListId, back: Return) -> Run<Flow> {
        let scope = self.scope();
        if !scope.mocks.is_empty()
            && let Some(mock) = scope.mock(MockTarget::Builtin(id)).cloned()
        {
            return self.call_mock(&mock, args, back);
        }
        self.run_builtin(id, args, back)
    }

    fn run_builtin(&mut self, id: BuiltinId, args: ListId, back: Return) -> Run<Flow> {
        self.charge(1)?;
        let Some(builtin) = self.setting.builtins.get(id.0 as usize).copied() else {
            return self.internal("no such builtin");
        };
        if builtin.decl.result.is_none() || builtin.decl.nondeterministic {
            self.context.set_place(&self.program.sources, self.place());
        }
        let operands = self.list(args);
        let window = Window {
            slots: self.slots.get(self.frame.base..).unwrap_or_default(),
            function: self.frame.function,
        };
        let mut inline = [&Value::NULL; ARGS_INLINE];
        let result = if let Some(values) = inline.get_mut(..operands.len()) {
            for (place, src) in values.iter_mut().zip(operands) {
                if let Some(value) = window.value(*src) {
                    *place = value;
                }
            }
            let result = (builtin.run)(&mut self.context, values);
            self.setting.note(&builtin, values, &result);
            result
        } else {
            let values: Vec<&Value> = operands.iter().filter_map(|s| window.value(*s)).collect();
            let result = (builtin.run)(&mut self.context, &values);
            self.setting.note(&builtin, &values, &result);
            result
        };
        if self.context.take_has_looked_out() {
            self.unsettle();
        }
        let value = self.outcome(builtin.decl.name, result)?;
        self.set_or(back.dst, value, back.fail);
        Ok(Flow::On)
    }

    /// What the result of a builtin means: an error is no value, unless it is fatal.
    pub(crate) fn outcome(
        &mut self,
        name: &str,
        result: Result<Value, BuiltinError>,
    ) -> Run<Option<Slot<'a>>> {
        let error = match result {
            Ok(value) => return Ok(Some(Slot::Own(value))),
            Err(BuiltinError::Undefined) => return Ok(None),
            Err(BuiltinError::Halt(halt)) => {
                return self.fail(FailureKind::Halt(halt), halt.to_string());
            }
            Err(error) => error,
        };
        // Kept, the value would hide the error from runs to come.
        self.unsettle();
        // In most runs nobody asks what it was, so that it is not put in words.
        if !self.setting.strict_builtin_errors && self.setting.errors.is_none() {
            return Ok(None);
        }
        let (kind, message) = match error.worded() {
            BuiltinError::Failed(message) => (FailureKind::Builtin, format!("{name}: {message}")),
            BuiltinError::Type(message) => (FailureKind::Type, format!("{name}: {message}")),
            BuiltinError::Operand(_) | BuiltinError::Undefined | BuiltinError::Halt(_) => {
                return Ok(None);
            }
        };
        if self.setting.strict_builtin_errors {
            return self.fail(kind, message);
        }
        if let Some(errors) = self.setting.errors {
            errors.note(Failure { kind, message, location: self.place() });
        }
        Ok(None)
    }

    pub(crate) fn list(&self, list: ListId) -> &'a [Src] {
        let function: &'a Function = self.frame.function;
        function.list(list)
    }
}
