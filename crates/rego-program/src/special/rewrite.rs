//! The function that is left: what is decided is gone, what is known stands as a constant.

use std::collections::HashMap;

use rego_source::Location;
use rego_value::Value;

use super::flow::{Flow, Outcome};
use super::live;
use super::state::{Held, is_same};
use crate::op::{BuilderId, Label, ListId, Op, PathId, Src};
use crate::program::{Function, Path, PathStep, Shape};

/// Most times that what is for nothing is looked for.
const ROUNDS: usize = 8;

/// Returns what is left of a function; nothing where it cannot be put together.
pub(super) fn rewrite(function: &Function, flow: &Flow<'_>) -> Option<Function> {
    let mut left = Left::new(function);
    for at in 0..function.code.len() {
        left.begin(at);
        let Some((op, outcome)) = flow.at(at) else { continue };
        let place = function.places.get(at).copied().unwrap_or_default();
        let op = match outcome {
            Outcome::Skip => continue,
            Outcome::Go(to) => Op::Jump(to),
            Outcome::Set(dst, Held::Nothing) => Op::Clear { dst },
            Outcome::Set(dst, Held::Value(value)) => Op::Move { dst, src: left.constant(&value) },
            Outcome::Set(_, Held::Any) | Outcome::Open => left.kept(function, flow, (at, op))?,
        };
        left.push(op, place);
    }
    left.begin(function.code.len());
    left.finish()
}

/// A function being put together. Labels are positions in the old code until it is finished.
struct Left {
    function: Function,
    /// Where each instruction of the old code, or what follows it, is now.
    positions: Vec<u32>,
    paths: HashMap<u32, u32>,
}

impl Left {
    fn new(old: &Function) -> Self {
        let function = Function {
            path: old.path.clone(),
            registers: old.registers,
            iters: old.iters,
            builders: old.builders,
            indexes: old.indexes.clone(),
            ..Function::empty(old.shape)
        };
        Self { function, positions: Vec::new(), paths: HashMap::new() }
    }

    fn begin(&mut self, at: usize) {
        debug_assert_eq!(at, self.positions.len());
        self.positions.push(self.function.code.len() as u32);
    }

    fn push(&mut self, op: Op, place: Location) {
        self.function.code.push(op);
        self.function.places.push(place);
    }

    /// Returns an instruction that stays, with constants for what is known.
    fn kept(&mut self, old: &Function, flow: &Flow<'_>, (at, mut op): (usize, Op)) -> Option<Op> {
        if let Some(list) = op.list_mut() {
            let sources = old.list(*list).iter().map(|src| self.source(old, flow, (at, *src)));
            let sources: Vec<Src> = sources.collect::<Option<_>>()?;
            let start = self.function.operands.len() as u32;
            *list = ListId { start, len: sources.len() as u32 };
            self.function.operands.extend(sources);
        }
        if let Op::Rule { function, .. } = &mut op {
            *function = flow.asked(*function);
        }
        if let Some(path) = op.path_mut() {
            *path = self.path(old, *path)?;
        }
        for src in op.sources_mut().into_iter().flatten() {
            *src = self.source(old, flow, (at, *src))?;
        }
        Some(op)
    }

    fn source(&mut self, old: &Function, flow: &Flow<'_>, (at, src): (usize, Src)) -> Option<Src> {
        match (flow.source(at, src), src.decode()) {
            (Some(value), _) => Some(self.constant(value)),
            (None, Err(_)) => Some(src),
            (None, Ok(constant)) => {
                old.constants.get(constant as usize).map(|value| self.constant(value))
            }
        }
    }

    fn constant(&mut self, value: &Value) -> Src {
        let constants = &mut self.function.constants;
        let at = constants.iter().position(|there| is_same(there, value)).unwrap_or_else(|| {
            constants.push(value.clone());
            constants.len() - 1
        });
        Src::constant(at as u32)
    }

    fn path(&mut self, old: &Function, path: PathId) -> Option<PathId> {
        if let Some(at) = self.paths.get(&path.0) {
            return Some(PathId(*at));
        }
        let steps = &old.paths.get(path.0 as usize)?.steps;
        let steps = steps.iter().map(|step| PathStep::new(step.key.clone())).collect();
        self.function.paths.push(Path { steps });
        let at = self.function.paths.len() as u32 - 1;
        self.paths.insert(path.0, at);
        Some(PathId(at))
    }

    fn finish(mut self) -> Option<Function> {
        self.relabel(&self.positions.clone())?;
        // What goes may have been all that another was for.
        for _ in 0..ROUNDS {
            let Some(positions) = shorter(&mut self.function) else { break };
            self.relabel(&positions)?;
        }
        let function = &mut self.function;
        let operands = function.code.iter().flat_map(|op| op.read(function).chain(op.written()));
        let most = operands.map(|reg| reg.0 + 1).max().unwrap_or(0);
        let parameters = match function.shape {
            Shape::Function { arity } => arity,
            Shape::Rule | Shape::Query => 0,
        };
        function.registers = most.max(parameters);
        if !function.code.iter().any(Op::uses_state) {
            (function.iters, function.builders) = (0, 0);
        }
        function.code.shrink_to_fit();
        function.places.shrink_to_fit();
        function.constants.shrink_to_fit();
        function.operands.shrink_to_fit();
        function.paths.shrink_to_fit();
        Some(self.function)
    }

    /// Has labels say where an instruction is now.
    fn relabel(&mut self, positions: &[u32]) -> Option<()> {
        let Function { code, indexes, .. } = &mut self.function;
        let labels = code.iter_mut().filter_map(Op::label_mut);
        for label in labels.chain(indexes.iter_mut().flat_map(|(_, labels)| labels)) {
            label.0 = *positions.get(label.0 as usize)?;
        }
        Some(())
    }
}

/// Leaves out what is for nothing: moves that nobody reads, and jumps to what follows. Jumps to jumps
/// go where those go. Returns where the instructions are now, if one went.
fn shorter(function: &mut Function) -> Option<Vec<u32>> {
    for at in 0..function.code.len() {
        let Some(label) = function.code.get(at).and_then(Op::label) else { continue };
        let last = thread(function, label);
        if let Some(label) = function.code.get_mut(at).and_then(Op::label_mut) {
            *label = last;
        }
    }
    let mut indexes = std::mem::take(&mut function.indexes);
    for label in indexes.iter_mut().flat_map(|(_, labels)| labels) {
        *label = thread(function, *label);
    }
    function.indexes = indexes;
    let mut idle = live::idle(function);
    for (at, (op, idle)) in function.code.iter().zip(&mut idle).enumerate() {
        *idle |= match op {
            Op::Jump(to) => to.0 as usize == at + 1,
            Op::BuildStart { builder } => !uses_builder(function, *builder),
            _ => false,
        };
    }
    let reached = reached(function);
    let goes: Vec<bool> =
        idle.iter().zip(&reached).map(|(idle, reached)| *idle || !reached).collect();
    if !goes.contains(&true) {
        return None;
    }
    let mut positions = Vec::with_capacity(goes.len() + 1);
    let mut next = 0;
    for goes in &goes {
        positions.push(next);
        next += u32::from(!goes);
    }
    positions.push(next);
    let mut stays = goes.iter().map(|goes| !goes);
    function.code.retain(|_| stays.next().unwrap_or(true));
    let mut stays = goes.iter().map(|goes| !goes);
    function.places.retain(|_| stays.next().unwrap_or(true));
    Some(positions)
}

/// Whether anything is done with a builder but to start it.
fn uses_builder(function: &Function, builder: BuilderId) -> bool {
    let uses = |op: &Op| !matches!(op, Op::BuildStart { .. }) && op.builder() == Some(builder);
    function.code.iter().any(uses)
}

/// Where a jump to `label` ends, over jumps that follow one another.
fn thread(function: &Function, label: Label) -> Label {
    let mut at = label;
    for _ in 0..function.code.len() {
        match function.code.get(at.0 as usize) {
            Some(Op::Jump(to)) => at = *to,
            _ => break,
        }
    }
    at
}

/// Which instructions can be reached.
fn reached(function: &Function) -> Vec<bool> {
    let mut reached = vec![false; function.code.len()];
    let mut open = vec![0u32];
    while let Some(at) = open.pop() {
        let (Some(place), Some(op)) =
            (reached.get_mut(at as usize), function.code.get(at as usize))
        else {
            continue;
        };
        if std::mem::replace(place, true) {
            continue;
        }
        open.extend(op.label().map(|label| label.0));
        if let Op::IndexNext { index, .. } = op {
            let labels = function.indexes.get(*index as usize).map(|(_, labels)| labels);
            open.extend(labels.into_iter().flatten().map(|label| label.0));
        }
        if op.goes_on() {
            open.push(at + 1);
        }
    }
    reached
}
