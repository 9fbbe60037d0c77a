//! Queries: all rows, or the value of the first statement of the first solution.

use rego_analysis::tree::{Expr, ExprKind, Query, Term, TermKind};

use super::Scope;
use super::emit::{Emit, Lowered};
use super::trace::body_place;
use crate::op::{Op, Src};
use crate::program::{Function, MarkNode, RowLayout, Shape};

/// Returns what a row of the query holds.
pub(super) fn layout(query: &Query) -> RowLayout {
    RowLayout {
        expressions: query.expressions.clone(),
        bindings: query.bindings.iter().map(|(name, _)| name.clone()).collect(),
    }
}

/// Returns the function that makes all rows.
pub(super) fn rows(scope: &mut Scope<'_>, query: &Query) -> Lowered<Function> {
    let mut emit = Emit::new(scope, 0, place(query));
    let builder = emit.builder();
    emit.emit(Op::BuildStart { builder });
    let values = emit.query_body(query)?;
    let bindings = query.bindings.iter().map(|(_, local)| emit.bound(*local));
    let Some(bindings) = bindings.collect::<Option<Vec<_>>>() else {
        return emit.broken("a variable of the query is never bound");
    };
    let items = emit.list(&[values, bindings].concat());
    let dst = emit.reg();
    emit.emit(Op::Array { dst, items });
    emit.emit(Op::BuildPush { builder, value: Src::reg(dst) });
    emit.emit(Op::Jump(emit.fail));
    emit.bind_end();
    emit.emit(Op::BuildArray { builder, dst });
    emit.emit(Op::Return { src: Src::reg(dst) });
    Ok(emit.finish(Shape::Query, Vec::new()))
}

/// Returns the function that gives the first value of the first statement.
pub(super) fn first(scope: &mut Scope<'_>, query: &Query) -> Lowered<Function> {
    let mut emit = Emit::new(scope, 0, place(query));
    let values = emit.query_body(query)?;
    let src = match values.first() {
        Some(src) => *src,
        None => emit.constant_true(),
    };
    emit.emit(Op::Return { src });
    emit.bind_end();
    let reg = emit.reg();
    emit.emit(Op::Clear { dst: reg });
    emit.emit(Op::ReturnReg { reg });
    Ok(emit.finish(Shape::Query, Vec::new()))
}

fn place(query: &Query) -> rego_source::Location {
    query.body.exprs.first().map(|expr| expr.location).unwrap_or_default()
}

/// Whether a reference of a statement has a step that is not known beforehand.
fn tries_keys(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Term(term) => unknown_step(term),
        ExprKind::Unify(a, b) => unknown_step(a) || unknown_step(b),
        ExprKind::SomeIn { .. } => true,
        ExprKind::Every { .. } | ExprKind::Not(_) => false,
    }
}

fn unknown_step(term: &Term) -> bool {
    match &term.kind {
        TermKind::Ref { path, .. } => {
            path.iter().any(|step| !matches!(step.kind, TermKind::Constant(_)))
        }
        TermKind::Call { args: items, .. } | TermKind::Array(items) | TermKind::Set(items) => {
            items.iter().any(unknown_step)
        }
        TermKind::Object(entries) => {
            entries.iter().any(|(k, v)| unknown_step(k) || unknown_step(v))
        }
        TermKind::Constant(_) | TermKind::Local(_) | TermKind::Comprehension { .. } => false,
    }
}

impl Emit<'_, '_> {
    /// Lowers the statements; returns the value of each in the order of the text. A single statement
    /// that is a term and tries nothing has its value, `false` included; of several, or of one that
    /// tries keys, all must hold. Source: OPA `v1/rego/rego.go`, capturing of values.
    fn query_body(&mut self, query: &Query) -> Lowered<Vec<Src>> {
        let end = self.label(); // the first label: see `bind_end`
        self.fail = end;
        self.locals.resize(query.locals as usize, None);
        self.enter_query(MarkNode::Body, body_place(&query.body, self.place));
        let mut values = vec![None; query.expressions.len()];
        let must_hold = query.expressions.len() > 1 || query.body.exprs.iter().any(tries_keys);
        for expr in &query.body.exprs {
            let value = self.marked(expr, |emit| emit.query_expr(expr, must_hold))?;
            if let Some(place) = values.get_mut(expr.index as usize) {
                *place = Some(value);
            }
        }
        self.exit_query();
        let known = self.constant_true();
        Ok(values.into_iter().map(|value| value.unwrap_or(known)).collect())
    }

    fn query_expr(&mut self, expr: &Expr, must_hold: bool) -> Lowered<Src> {
        if let ExprKind::Term(term) = &expr.kind {
            let src = self.within(expr, |emit| emit.term(term))?;
            if must_hold {
                self.emit(Op::Truthy { src, fail: self.fail });
            }
            return Ok(src);
        }
        self.expr(expr)?;
        Ok(self.constant_true())
    }

    /// Puts the label of the end of all solutions here.
    fn bind_end(&mut self) {
        self.bind(crate::op::Label(0));
    }
}
