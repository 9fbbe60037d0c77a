//! A function under construction: registers, labels, constants, and what variables are bound to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rego_analysis::tree::Local;
use rego_source::Location;
use rego_value::Value;

use super::trace::Tracing;
use super::{LowerError, Scope};
use crate::index::RuleIndex;
use crate::op::{BuilderId, CtxId, IterId, Label, ListId, MarkId, Op, PathId, Reg, Src, WithId};
use crate::program::{Function, Mark, Path, PathStep, Shape, WithTarget, WithValue};

/// What lowering a piece gives.
pub(super) type Lowered<T> = Result<T, LowerError>;

/// How much of a frame is in use.
#[derive(Clone, Copy, Default)]
pub(super) struct Frame {
    registers: u32,
    iters: u32,
    builders: u32,
    ctxs: u32,
}

impl Frame {
    fn max(self, other: Frame) -> Frame {
        Frame {
            registers: self.registers.max(other.registers),
            iters: self.iters.max(other.iters),
            builders: self.builders.max(other.builders),
            ctxs: self.ctxs.max(other.ctxs),
        }
    }
}

/// A function under construction.
pub(super) struct Emit<'s, 't> {
    pub(super) scope: &'s mut Scope<'t>,
    code: Vec<Op>,
    places: Vec<Location>,
    labels: Vec<u32>,
    constants: Vec<Value>,
    constant_ids: HashMap<Value, u32>,
    operands: Vec<Src>,
    paths: Vec<Path>,
    withs: Vec<Vec<(WithTarget, WithValue)>>,
    indexes: Vec<(Arc<RuleIndex>, Vec<Label>)>,
    marks: Vec<Mark>,
    used: Frame,
    /// The most of each that was in use at a time.
    most: Frame,
    /// What each local is bound to, where it is.
    pub(super) locals: Vec<Option<Src>>,
    /// Where to go on without a value.
    pub(super) fail: Label,
    /// The context that the statement under way runs in; nothing: the caller's.
    pub(super) ctx: Option<CtxId>,
    /// The place that instructions are noted with.
    pub(super) place: Location,
    /// The query under way, where it is traced.
    pub(super) tracing: Option<Tracing>,
    /// The statement under way, where it is traced.
    pub(super) statement: Option<Location>,
    /// Where the name of each variable stands, where it is traced.
    pub(super) names: BTreeMap<Local, Location>,
}

impl<'s, 't> Emit<'s, 't> {
    /// Returns an empty function whose first `params` registers are taken.
    pub(super) fn new(scope: &'s mut Scope<'t>, params: u32, place: Location) -> Self {
        Self {
            scope,
            code: Vec::new(),
            places: Vec::new(),
            labels: Vec::new(),
            constants: Vec::new(),
            constant_ids: HashMap::new(),
            operands: Vec::new(),
            paths: Vec::new(),
            withs: Vec::new(),
            indexes: Vec::new(),
            marks: Vec::new(),
            used: Frame { registers: params, ..Frame::default() },
            most: Frame::default(),
            locals: Vec::new(),
            fail: Label(0),
            ctx: None,
            place,
            tracing: None,
            statement: None,
            names: BTreeMap::new(),
        }
    }

    /// Returns the finished function: labels become positions.
    pub(super) fn finish(self, shape: Shape, path: Vec<Value>) -> Function {
        let most = self.most.max(self.used);
        let Self { mut code, labels, mut indexes, .. } = self;
        let position = |label: &mut Label| {
            label.0 = labels.get(label.0 as usize).copied().unwrap_or(u32::MAX);
        };
        code.iter_mut().filter_map(Op::label_mut).for_each(position);
        indexes.iter_mut().flat_map(|(_, labels)| labels).for_each(position);
        Function {
            shape,
            path,
            registers: most.registers,
            iters: most.iters,
            builders: most.builders,
            ctxs: most.ctxs,
            code,
            places: self.places,
            constants: self.constants,
            operands: self.operands,
            paths: self.paths,
            withs: self.withs,
            indexes,
            marks: self.marks,
        }
    }

    pub(super) fn emit(&mut self, op: Op) {
        if self.tracing.is_some() && runs_rules(op) {
            self.mark_call();
        }
        self.code.push(op);
        self.places.push(self.place);
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(u32::MAX);
        Label(self.labels.len() as u32 - 1)
    }

    /// Puts a label here.
    pub(super) fn bind(&mut self, label: Label) {
        let here = self.code.len() as u32;
        if let Some(place) = self.labels.get_mut(label.0 as usize) {
            *place = here;
        }
    }

    pub(super) fn reg(&mut self) -> Reg {
        self.used.registers += 1;
        Reg(self.used.registers - 1)
    }

    pub(super) fn iter(&mut self) -> IterId {
        self.used.iters += 1;
        IterId(self.used.iters - 1)
    }

    pub(super) fn builder(&mut self) -> BuilderId {
        self.used.builders += 1;
        BuilderId(self.used.builders - 1)
    }

    pub(super) fn new_ctx(&mut self) -> CtxId {
        self.used.ctxs += 1;
        CtxId(self.used.ctxs - 1)
    }

    /// Returns what is in use.
    pub(super) fn used(&self) -> Frame {
        self.used
    }

    /// Gives back all that came into use since: another definition may have it.
    pub(super) fn reuse(&mut self, used: Frame) {
        self.most = self.most.max(self.used);
        self.used = used;
    }

    pub(super) fn constant(&mut self, value: &Value) -> Src {
        // Numbers of equal value but different text (`1`, `1.0`) must stay two constants.
        let exact = !matches!(value.view(), rego_value::View::Number(_)) && is_scalar(value);
        if exact && let Some(id) = self.constant_ids.get(value) {
            return Src::constant(*id);
        }
        let id = self.constants.len() as u32;
        self.constants.push(value.clone());
        if exact {
            self.constant_ids.insert(value.clone(), id);
        }
        Src::constant(id)
    }

    pub(super) fn list(&mut self, items: &[Src]) -> ListId {
        let start = self.operands.len() as u32;
        self.operands.extend_from_slice(items);
        ListId { start, len: items.len() as u32 }
    }

    pub(super) fn path(&mut self, steps: impl IntoIterator<Item = Value>) -> PathId {
        self.paths.push(Path { steps: steps.into_iter().map(PathStep::new).collect() });
        PathId(self.paths.len() as u32 - 1)
    }

    pub(super) fn with(&mut self, replacements: Vec<(WithTarget, WithValue)>) -> WithId {
        self.withs.push(replacements);
        WithId(self.withs.len() as u32 - 1)
    }

    pub(super) fn add_mark(&mut self, mark: Mark) -> MarkId {
        self.marks.push(mark);
        MarkId(self.marks.len() as u32 - 1)
    }

    pub(super) fn index(&mut self, index: RuleIndex, labels: Vec<Label>) -> u32 {
        self.indexes.push((Arc::new(index), labels));
        self.indexes.len() as u32 - 1
    }

    /// Opens a loop over `src`: from here on, no value means its next turn. Returns the registers
    /// of key and value.
    pub(super) fn open_loop(&mut self, src: Src) -> (Reg, Reg) {
        self.open_joined_loop(src, None)
    }

    /// Opens a loop of which only elements matter whose value at a path equals a key.
    pub(super) fn open_joined_loop(&mut self, src: Src, on: Option<(PathId, Src)>) -> (Reg, Reg) {
        let (iter, key, value, next) = (self.iter(), self.reg(), self.reg(), self.label());
        let exit = self.fail;
        self.emit(match on {
            Some((path, key)) => Op::JoinStart { iter, src, path, key, fail: exit },
            None => Op::IterStart { iter, src, fail: exit },
        });
        self.bind(next);
        self.resume();
        self.emit(Op::IterNext { iter, key, value, exit });
        self.fail = next;
        (key, value)
    }

    /// Where a loop inside a `with` turns, what followed the statement may have left its context.
    pub(super) fn resume(&mut self) {
        if let Some(ctx) = self.ctx {
            self.emit(Op::WithResume { ctx });
        }
    }

    /// Returns what a local is bound to.
    pub(super) fn bound(&self, local: Local) -> Option<Src> {
        self.locals.get(local.0 as usize).copied().flatten()
    }

    /// Binds a local.
    pub(super) fn bind_local(&mut self, local: Local, src: Src) {
        let index = local.0 as usize;
        if self.locals.len() <= index {
            self.locals.resize(index + 1, None);
        }
        if let Some(place) = self.locals.get_mut(index) {
            *place = Some(src);
        }
    }

    pub(super) fn broken<T>(&self, message: &str) -> Lowered<T> {
        Err(LowerError { message: message.to_string(), location: self.place })
    }
}

/// Whether an instruction may run a rule or a function.
fn runs_rules(op: Op) -> bool {
    matches!(
        op,
        Op::Rule { .. }
            | Op::Call { .. }
            | Op::Builtin { .. }
            | Op::Document { .. }
            | Op::Get { .. }
            | Op::Force { .. }
            | Op::IterStart { .. }
            | Op::JoinStart { .. }
    )
}

fn is_scalar(value: &Value) -> bool {
    use rego_value::View;
    !matches!(value.view(), View::Array(_) | View::Object(_) | View::Set(_))
}
