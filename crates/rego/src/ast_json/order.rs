//! Statements in an order in which each has what it needs. Source: OPA's stage
//! `CheckSafetyRuleBodies`.
//!
//! Must not know: names outside of a rule.

use super::expand::each_rule;
use super::node::{Body, Expr, Module, Term, Terms};
use super::vars::{self, Arity, Known, Vars};

/// Puts the statements of every body in order. What can never run keeps its place at the end; such
/// a module does not compile.
pub(super) fn module(module: &mut Module, arity: Arity<'_>) {
    each_rule(module, &mut |rule| {
        let mut known = Known::default();
        rule.head.args.iter().for_each(|arg| vars::of_term(arg, &mut known.names));
        body(&mut rule.body, arity, &known);
    });
}

/// Rounds over the statements of a body. One puts all in place that stand in a good order already;
/// what more than these would be needed for keeps its order.
const ROUNDS_MAX: usize = 64;

/// A statement that waits, and what it waits for.
struct Waiting {
    expr: Option<Expr>,
    needs: Vars,
    closed_over: Vars,
}

fn body(body: &mut Body, arity: Arity<'_>, known: &Known<'_>) {
    let is_root = |name: &str| matches!(name, "input" | "data");
    let mentioned = vars::of_body(body);
    let waiting = |expr: Expr| {
        let (mut needs, mut closed_over) = (Vars::new(), Vars::new());
        vars::of_expr(&expr, &mut needs);
        vars::of_closures(&expr, &mut closed_over);
        needs.retain(|name| !is_root(name));
        closed_over.retain(|name| mentioned.contains(name) && !is_root(name));
        Waiting { expr: Some(expr), needs, closed_over }
    };
    let mut all: Vec<Waiting> = body.drain(..).map(waiting).collect();
    let mut safe = Known { outer: Some(known), names: Vars::new() };
    for _ in 0..ROUNDS_MAX {
        let before = body.len();
        for one in &mut all {
            let Some(expr) = &one.expr else { continue };
            if !safe.contains_all(&one.closed_over) {
                continue;
            }
            let outputs = vars::outputs(expr, arity, &safe);
            if one.needs.iter().all(|name| safe.contains(name) || outputs.contains(name)) {
                safe.names.extend(outputs);
                body.extend(one.expr.take());
            }
        }
        if body.len() == before {
            break;
        }
    }
    body.extend(all.into_iter().filter_map(|one| one.expr));
    let mut seen = Known { outer: Some(known), names: Vars::new() };
    for expr in body {
        closures(expr, arity, &seen);
        vars::of_expr(expr, &mut seen.names);
    }
}

/// Orders the bodies inside of a statement, which know what stands before it.
fn closures(expr: &mut Expr, arity: Arity<'_>, known: &Known<'_>) {
    match &mut expr.terms {
        Terms::Term(term) => in_term(term, arity, known),
        Terms::Call(terms) | Terms::Some(terms) => {
            terms.iter_mut().for_each(|term| in_term(term, arity, known));
        }
        Terms::Every(every) => {
            let mut inside = Known { outer: Some(known), names: Vars::new() };
            let locals = every.key.iter().chain([&every.value]);
            locals.for_each(|term| vars::of_term(term, &mut inside.names));
            body(&mut every.body, arity, &inside);
        }
    }
    expr.with.iter_mut().for_each(|with| in_term(&mut with.value, arity, known));
}

fn in_term(term: &mut Term, arity: Arity<'_>, known: &Known<'_>) {
    if let Term::Comprehension(inner) = term {
        body(&mut inner.body, arity, known);
    }
    term.parts_mut().into_iter().for_each(|term| in_term(term, arity, known));
}
