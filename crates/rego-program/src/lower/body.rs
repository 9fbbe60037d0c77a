//! Bodies and statements.

use rego_analysis::tree::{Body, Callee, Expr, ExprKind, Local, Term, TermKind};

use super::emit::{Emit, Lowered};
use super::term::{Operator, operator};
use super::trace::body_place;
use crate::op::{Op, Src};
use crate::program::MarkNode;

/// The parts of an `every`.
struct Every<'a> {
    key: Option<Local>,
    value: Local,
    domain: &'a Term,
    body: &'a Body,
}

impl Emit<'_, '_> {
    pub(super) fn body(&mut self, body: &Body) -> Lowered<()> {
        for (at, expr) in body.exprs.iter().enumerate() {
            let next = body.exprs.get(at + 1);
            match next.and_then(|next| self.join_on(expr, next)) {
                Some(join) => self.join(expr, &join)?,
                None => self.marked(expr, |emit| emit.expr(expr))?,
            }
        }
        self.mark_empty(body);
        Ok(())
    }

    /// Lowers a statement with its `with`s.
    pub(super) fn expr(&mut self, expr: &Expr) -> Lowered<()> {
        self.within(expr, |emit| emit.statement(&expr.kind))
    }

    /// Lowers a statement as `run` does, inside its `with`s.
    pub(super) fn within<T>(
        &mut self,
        expr: &Expr,
        run: impl FnOnce(&mut Self) -> Lowered<T>,
    ) -> Lowered<T> {
        self.place = expr.location;
        if expr.with.is_empty() {
            return run(self);
        }
        let entered = self.enter_with(&expr.with)?;
        let result = run(self)?;
        self.leave_with(entered);
        Ok(result)
    }

    fn statement(&mut self, kind: &ExprKind) -> Lowered<()> {
        match kind {
            ExprKind::Term(term) => self.condition(term),
            ExprKind::Unify(a, b) => self.unify(a, b),
            ExprKind::SomeIn { key, value, domain } => {
                let src = self.term(domain)?;
                let (k, v) = self.open_loop(src);
                if let Some(key) = key {
                    self.pattern(key, Src::reg(k))?;
                }
                self.pattern(value, Src::reg(v))
            }
            ExprKind::Every { key, value, domain, body } => {
                self.every(&Every { key: *key, value: *value, domain, body })
            }
            ExprKind::Not(body) => self.not(body),
        }
    }

    /// A term that must hold.
    fn condition(&mut self, term: &Term) -> Lowered<()> {
        if let TermKind::Call { callee: Callee::Builtin(decl), args } = &term.kind
            && let [a, b] = args.as_slice()
        {
            if let Some(Operator::Compare(op)) = operator(decl.name) {
                let [a, b] = self.pair(a, b)?;
                self.emit(Op::Test { op, a, b, fail: self.fail });
                return Ok(());
            }
            if decl.name == "internal.member_2" {
                let [item, of] = self.pair(a, b)?;
                self.emit(Op::Member { item, of, fail: self.fail });
                return Ok(());
            }
        }
        let src = self.term(term)?;
        self.emit(Op::Truthy { src, fail: self.fail });
        Ok(())
    }

    /// Lowers two terms, the second first where the first wants what it binds.
    fn pair(&mut self, a: &Term, b: &Term) -> Lowered<[Src; 2]> {
        if self.evaluable(a) {
            return Ok([self.term(a)?, self.term(b)?]);
        }
        let b = self.term(b)?;
        Ok([self.term(a)?, b])
    }

    fn not(&mut self, body: &Body) -> Lowered<()> {
        let (none, outer, locals) = (self.label(), self.fail, self.locals.clone());
        self.fail = none;
        let around = self.enter_query(MarkNode::Body, body_place(body, self.place));
        self.body(body)?;
        self.exit_query_for_good();
        self.leave_query(around);
        self.emit(Op::Jump(outer));
        self.bind(none);
        (self.fail, self.locals) = (outer, locals);
        Ok(())
    }

    fn every(&mut self, every: &Every<'_>) -> Lowered<()> {
        let src = self.term(every.domain)?;
        let (iter, key, value) = (self.iter(), self.reg(), self.reg());
        let (next, all, outer) = (self.label(), self.label(), self.fail);
        let locals = self.locals.clone();
        let outside = self.enter_query(MarkNode::Expr, self.place);
        self.emit(Op::IterStart { iter, src, fail: outer });
        self.bind(next);
        self.emit(Op::IterNext { iter, key, value, exit: all });
        if let Some(local) = every.key {
            self.bind_local(local, Src::reg(key));
        }
        self.bind_local(every.value, Src::reg(value));
        let around = self.enter_query(MarkNode::Body, body_place(every.body, self.place));
        self.body(every.body)?;
        self.exit_query_for_good();
        self.leave_query(around);
        self.emit(Op::Jump(next));
        self.bind(all);
        self.exit_query_for_good();
        self.leave_query(outside);
        (self.fail, self.locals) = (outer, locals);
        Ok(())
    }
}
