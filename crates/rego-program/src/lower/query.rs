//! Queries: all rows, or the value of the first statement of the first solution.

use rego_analysis::tree::{Expr, ExprKind, Query};

use super::Scope;
use super::emit::{Emit, Lowered};
use crate::op::{Op, Src};
use crate::program::{Function, RowLayout, Shape};

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

impl Emit<'_, '_> {
    /// Lowers the statements; returns the value of each in the order of the text. A statement that
    /// is a term has its value, `false` included, and holds whatever it is.
    fn query_body(&mut self, query: &Query) -> Lowered<Vec<Src>> {
        let end = self.label(); // the first label: see `bind_end`
        self.fail = end;
        self.locals.resize(query.locals as usize, None);
        let mut values = vec![None; query.expressions.len()];
        for expr in &query.body.exprs {
            let value = self.query_expr(expr)?;
            if let Some(place) = values.get_mut(expr.index as usize) {
                *place = Some(value);
            }
        }
        let known = self.constant_true();
        Ok(values.into_iter().map(|value| value.unwrap_or(known)).collect())
    }

    fn query_expr(&mut self, expr: &Expr) -> Lowered<Src> {
        if let ExprKind::Term(term) = &expr.kind {
            return self.within(expr, |emit| emit.term(term));
        }
        self.expr(expr)?;
        Ok(self.constant_true())
    }

    /// Puts the label of the end of all solutions here.
    fn bind_end(&mut self) {
        self.bind(crate::op::Label(0));
    }
}
