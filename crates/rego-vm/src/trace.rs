//! Tells a tracer what a traced program does.
//!
//! Must not know: who listens, and how it is shown.

use rego_program::{Mark, MarkEvent, MarkId, MarkNode, Reg, Src};
use rego_source::Location;
use rego_value::Value;

use crate::failure::Run;
use crate::iter::Iter;
use crate::machine::Machine;
use crate::slot::Slot;

/// What happened. Source: the operations of OPA's trace events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventOp {
    /// A query begins: the body of a rule, a comprehension, `not` or `every`.
    Enter,
    /// A statement begins.
    Eval,
    /// A statement or a query is gone back to, for another solution.
    Redo,
    /// A query has a solution.
    Exit,
    /// A statement has no solution.
    Fail,
    /// `trace` was called.
    Note,
    /// The rule index left some of a rule's definitions.
    Index,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// What.
    pub op: EventOp,
    /// The number of the query it happened in; from 0 in the order in which they begin.
    pub query: u64,
    /// The number of the query that one is part of.
    pub parent: u64,
    /// To what kind of node.
    pub node: MarkNode,
    /// Where that stands.
    pub location: Location,
    /// The path of the rule it happened in, below `data`; empty in a query.
    pub rule: Vec<Value>,
    /// The message of a note, or what the index found.
    pub message: String,
    /// The variables bound: where the name of each stands, and its value. Empty where the tracer
    /// does not want them.
    pub locals: Vec<(Location, Value)>,
}

/// Listens to a run.
pub trait Tracer: Sync {
    /// Whether it wants the values of variables, which take time and memory.
    fn wants_locals(&self) -> bool;
    /// Takes an event. Returns whether it wants more of them.
    fn event(&self, event: Event) -> bool;
}

/// What tracing keeps between marks.
#[derive(Default)]
pub(crate) struct Tracing {
    next: u64,
    /// The query and the statement that a call belongs to.
    caller: (u64, u64, Location),
    /// The same of the functions that wait.
    waiting: Vec<(u64, u64, Location)>,
}

impl Machine<'_> {
    /// A function begins.
    #[inline]
    pub(crate) fn trace_enter(&mut self) {
        if self.setting.tracer.is_some() {
            self.tracing.waiting.push(self.tracing.caller);
        }
    }

    /// A function ends: what is called next, is called by its caller.
    #[inline]
    pub(crate) fn trace_leave(&mut self) {
        if self.setting.tracer.is_some()
            && let Some(caller) = self.tracing.waiting.pop()
        {
            self.tracing.caller = caller;
        }
    }

    #[cold]
    pub(crate) fn mark(&mut self, id: MarkId) -> Run<()> {
        let Some(tracer) = self.setting.tracer else { return Ok(()) };
        self.charge(1)?;
        let function = self.frame.function;
        let Some(mark) = function.marks.get(id.0 as usize) else {
            return self.internal("no such mark");
        };
        let (query, parent, location) = match mark.event {
            MarkEvent::Enter { parent } => {
                let outer = match parent {
                    Some(reg) => self.number(reg),
                    None => self.tracing.caller.0,
                };
                let fresh = self.tracing.next;
                self.tracing.next += 1;
                self.set(mark.query, Slot::Own(Value::from(fresh as i64)));
                self.set(mark.parent, Slot::Own(Value::from(outer as i64)));
                (fresh, outer, mark.location)
            }
            MarkEvent::At => {
                let query = self.number(mark.query);
                self.tracing.caller = (query, self.number(mark.parent), mark.location);
                return Ok(());
            }
            MarkEvent::Index { .. } => self.tracing.caller,
            _ => (self.number(mark.query), self.number(mark.parent), mark.location),
        };
        let (op, message) = self.told(mark);
        let locals = if tracer.wants_locals() { self.locals(mark) } else { Vec::new() };
        let rule = function.path.clone();
        let event = Event { op, query, parent, node: mark.node, location, rule, message, locals };
        if !tracer.event(event) {
            self.setting.tracer = None;
        }
        Ok(())
    }

    fn told(&self, mark: &Mark) -> (EventOp, String) {
        match mark.event {
            MarkEvent::Enter { .. } | MarkEvent::At => (EventOp::Enter, String::new()),
            MarkEvent::Eval => (EventOp::Eval, String::new()),
            MarkEvent::Redo => (EventOp::Redo, String::new()),
            MarkEvent::Exit => (EventOp::Exit, String::new()),
            MarkEvent::Fail => (EventOp::Fail, String::new()),
            MarkEvent::Note(src) => (EventOp::Note, self.text(src)),
            MarkEvent::Index { iter, total, early } => {
                let left = iter.and_then(|iter| self.iters.get(self.frame.iters + iter.0 as usize));
                let count = left.map_or(total as usize, Iter::candidates_left);
                let noun = if count == 1 { "rule" } else { "rules" };
                (
                    EventOp::Index,
                    format!("(matched {count} {noun}{})", if early { ", early exit" } else { "" }),
                )
            }
        }
    }

    fn text(&self, src: Src) -> String {
        let value = self.window().value(src);
        value.and_then(Value::as_str).unwrap_or_default().to_string()
    }

    fn number(&self, reg: Reg) -> u64 {
        let value = self.slot(reg).value();
        value.and_then(Value::as_i64).and_then(|n| u64::try_from(n).ok()).unwrap_or_default()
    }

    fn locals(&self, mark: &Mark) -> Vec<(Location, Value)> {
        let window = self.window();
        let value = |(place, src): &(Location, Src)| Some((*place, window.value(*src)?.clone()));
        mark.locals.iter().filter_map(value).collect()
    }
}
