//! Marks: where a traced program tells of what it does.
//!
//! Each query (the body of a rule, a comprehension, `not`, `every`) has a register for its number.
//! A statement tells when it starts, when it is gone back to, and when it has no solution; none of
//! it changes what is computed.

use rego_analysis::tree::{
    Body, Callee, Definition, Expr, ExprKind, Local, RefHead, Replacement, Term, TermKind,
};
use rego_source::Location;

use super::emit::{Emit, Lowered};
use crate::op::{IterId, Op, Reg, Src};
use crate::program::{Mark, MarkEvent, MarkNode};

/// The query that the statements under way belong to.
#[derive(Clone, Copy)]
pub(super) struct Tracing {
    number: Reg,
    parent: Reg,
    node: MarkNode,
    location: Location,
}

impl Emit<'_, '_> {
    /// Whether this program is to tell of what it does.
    pub(super) fn traced(&self) -> bool {
        self.scope.options.trace
    }

    /// Starts a query; returns the one around it, to be handed to [`Emit::leave_query`].
    pub(super) fn enter_query(&mut self, node: MarkNode, location: Location) -> Option<Tracing> {
        if !self.traced() {
            return None;
        }
        let around = self.tracing;
        let (number, parent) = (self.reg(), self.reg());
        self.tracing = Some(Tracing { number, parent, node, location });
        let outer = around.map(|around| around.number);
        self.mark(MarkEvent::Enter { parent: outer }, node, location);
        around
    }

    /// The query has a solution. Going back past this point tells so.
    pub(super) fn exit_query(&mut self) {
        let Some(tracing) = self.tracing else { return };
        self.mark(MarkEvent::Exit, tracing.node, tracing.location);
        let (redo, on) = (self.label(), self.label());
        self.emit(Op::Jump(on));
        self.bind(redo);
        self.mark(MarkEvent::Redo, tracing.node, tracing.location);
        self.emit(Op::Jump(self.fail));
        self.bind(on);
        self.fail = redo;
    }

    /// Goes on with the query around.
    pub(super) fn leave_query(&mut self, around: Option<Tracing>) {
        self.tracing = around;
    }

    /// The query whose solutions are its alone ends in one: `not` and `every` want no other.
    pub(super) fn exit_query_for_good(&mut self) {
        let Some(tracing) = self.tracing else { return };
        self.mark(MarkEvent::Exit, tracing.node, tracing.location);
        self.mark(MarkEvent::Redo, tracing.node, tracing.location);
    }

    /// A body that says nothing has one solution: OPA's `true`.
    pub(super) fn mark_empty(&mut self, body: &Body) {
        if let Some(tracing) = self.tracing
            && body.exprs.is_empty()
        {
            self.mark(MarkEvent::Eval, MarkNode::Expr, tracing.location);
        }
    }

    /// How many definitions the rule index has left.
    pub(super) fn mark_index(&mut self, iter: Option<IterId>, total: usize, early: bool) {
        if self.traced() {
            let place = self.place;
            let event = MarkEvent::Index { iter, total: total as u32, early };
            self.push_mark(event, MarkNode::Expr, place, Vec::new());
        }
    }

    /// A call of `trace`.
    pub(super) fn mark_note(&mut self, message: Src) {
        if self.traced() {
            let place = self.place;
            self.mark(MarkEvent::Note(message), MarkNode::Expr, place);
        }
    }

    /// What is called next belongs to the query under way.
    pub(super) fn mark_call(&mut self) {
        if let Some(tracing) = self.tracing {
            let location = tracing_place(self.statement, tracing.location);
            self.push_mark(MarkEvent::At, MarkNode::Expr, location, Vec::new());
        }
    }

    /// Lowers a statement by `run`, between its marks.
    pub(super) fn marked<T>(
        &mut self,
        expr: &Expr,
        run: impl FnOnce(&mut Self) -> Lowered<T>,
    ) -> Lowered<T> {
        if self.tracing.is_none() || announces_case(expr) {
            return run(self);
        }
        self.note_names(expr);
        // A negated statement has the place of its negation: its own says more.
        let place = match &expr.kind {
            ExprKind::Term(term) if self.statement == Some(expr.location) => term.location,
            _ => expr.location,
        };
        let around = self.statement.replace(place);
        let (defined, outer) = (self.reg(), self.fail);
        let (failed, redo, on) = (self.label(), self.label(), self.label());
        let before = self.named();
        self.push_mark(MarkEvent::Eval, MarkNode::Expr, place, before.clone());
        self.emit(Op::Clear { dst: defined });
        self.fail = failed;
        let result = run(self)?;
        let (inner, yes) = (self.fail, self.constant_true());
        self.emit(Op::Move { dst: defined, src: yes });
        self.emit(Op::Jump(on));
        self.bind(redo);
        self.mark(MarkEvent::Redo, MarkNode::Expr, place);
        self.emit(Op::Jump(inner));
        self.bind(failed);
        self.emit(Op::JumpIfSet { reg: defined, to: outer });
        self.push_mark(MarkEvent::Fail, MarkNode::Expr, place, before);
        self.emit(Op::Jump(outer));
        self.bind(on);
        self.fail = redo;
        self.statement = around;
        Ok(result)
    }

    fn mark(&mut self, event: MarkEvent, node: MarkNode, location: Location) {
        let locals = self.named();
        self.push_mark(event, node, location, locals);
    }

    fn push_mark(
        &mut self,
        event: MarkEvent,
        node: MarkNode,
        location: Location,
        locals: Vec<(Location, Src)>,
    ) {
        let (query, parent) =
            self.tracing.map_or((Reg(u32::MAX), Reg(u32::MAX)), |t| (t.number, t.parent));
        let id = self.add_mark(Mark { event, node, location, query, parent, locals });
        self.emit(Op::Mark(id));
    }

    /// The variables that are bound here and have a name in the text.
    fn named(&self) -> Vec<(Location, Src)> {
        let named =
            self.names.iter().filter_map(|(local, place)| Some((*place, self.bound(*local)?)));
        named.collect()
    }

    /// Notes where the names of parameters stand.
    pub(super) fn note_params(&mut self, definition: &Definition) {
        if !self.traced() {
            return;
        }
        let mut found = Vec::new();
        definition.args.iter().for_each(|arg| names_in(arg, &mut found));
        self.names.extend(found);
    }

    fn note_names(&mut self, expr: &Expr) {
        let mut found = Vec::new();
        names_of(expr, &mut found);
        for (local, place) in found {
            self.names.entry(local).or_insert(place);
        }
    }
}

/// Whether a statement tells which case of a test begins: nobody wrote it.
fn announces_case(expr: &Expr) -> bool {
    let ExprKind::Term(Term { kind: TermKind::Call { callee, .. }, .. }) = &expr.kind else {
        return false;
    };
    matches!(callee, Callee::Builtin(decl) if decl.name == "internal.test_case")
}

fn tracing_place(statement: Option<Location>, query: Location) -> Location {
    statement.unwrap_or(query)
}

/// The place of a body: from its first statement to its last.
pub(super) fn body_place(body: &Body, around: Location) -> Location {
    let places = body.exprs.iter().map(|expr| expr.location);
    let join = |a: Location, b: Location| Location { source: a.source, span: a.span.to(b.span) };
    places.reduce(join).unwrap_or(around)
}

/// The variables of a statement with the places of their names; those of bodies inside it come
/// with their own statements.
fn names_of(expr: &Expr, found: &mut Vec<(Local, Location)>) {
    match &expr.kind {
        ExprKind::Term(term) => names_in(term, found),
        ExprKind::Unify(a, b) => [a, b].into_iter().for_each(|term| names_in(term, found)),
        ExprKind::SomeIn { key, value, domain } => {
            key.iter().for_each(|term| names_in(term, found));
            names_in(value, found);
            names_in(domain, found);
        }
        ExprKind::Every { domain, .. } => names_in(domain, found),
        ExprKind::Not(_) => {}
    }
    for with in &expr.with {
        if let Replacement::Value(term) = &with.value {
            names_in(term, found);
        }
    }
}

/// The variables of a term with the places of their names.
pub(super) fn names_in(term: &Term, found: &mut Vec<(Local, Location)>) {
    let mut waiting = vec![term];
    while let Some(term) = waiting.pop() {
        match &term.kind {
            TermKind::Local(local) => found.push((*local, term.location)),
            TermKind::Ref { head, path } => {
                match head {
                    // The head's name stands where the reference begins.
                    RefHead::Local(local) => found.push((*local, term.location)),
                    RefHead::Term(head) => waiting.push(head),
                    RefHead::Input | RefHead::Data => {}
                }
                waiting.extend(path);
            }
            TermKind::Call { args: items, .. } | TermKind::Array(items) | TermKind::Set(items) => {
                waiting.extend(items);
            }
            TermKind::Object(entries) => {
                waiting.extend(entries.iter().flat_map(|(key, value)| [key, value]));
            }
            TermKind::Constant(_) | TermKind::Comprehension { .. } => {}
        }
    }
}
