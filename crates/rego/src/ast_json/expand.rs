//! Nested calls become statements of their own, before the one they are in. Source: OPA's stages
//! `RewriteRuleHeadRefs`, `RewritePrintCalls` and `RewriteExprTerms`.
//!
//! Must not know: names outside of a rule.

use super::generate::Names;
use super::node::{Body, Expr, Module, Rule, Term, Terms};

/// Puts a variable in the place of each computed step of a head's reference.
pub(super) fn head_references(module: &mut Module, names: &mut Names) {
    each_rule(module, &mut |rule| {
        for step in rule.head.reference.iter_mut().skip(1) {
            if matches!(step, Term::Null | Term::Bool(_) | Term::Number(_) | Term::String(_))
                || matches!(step, Term::Var(_))
            {
                continue;
            }
            let (var, expr) = names.bind(std::mem::replace(step, Term::Null));
            *step = var;
            rule.body.push(expr);
        }
    });
}

/// Calls `visit` for each rule and each branch.
pub(super) fn each_rule(module: &mut Module, visit: &mut dyn FnMut(&mut Rule)) {
    for rule in &mut module.rules {
        let mut next = Some(rule);
        while let Some(rule) = next {
            visit(rule);
            next = rule.els.as_deref_mut();
        }
    }
}

/// Calls `visit` for the body of each closure in a statement, the innermost first.
pub(super) fn each_closure(expr: &mut Expr, visit: &mut dyn FnMut(&mut Body)) {
    match &mut expr.terms {
        Terms::Term(term) => term_closures(term, visit),
        Terms::Call(terms) | Terms::Some(terms) => {
            terms.iter_mut().for_each(|term| term_closures(term, visit));
        }
        Terms::Every(every) => {
            term_closures(&mut every.domain, visit);
            every.body.iter_mut().for_each(|expr| each_closure(expr, visit));
            visit(&mut every.body);
        }
    }
    expr.with.iter_mut().for_each(|with| term_closures(&mut with.value, visit));
}

/// Calls `visit` for the body of each closure in a term, the innermost first.
pub(super) fn term_closures(term: &mut Term, visit: &mut dyn FnMut(&mut Body)) {
    if let Term::Comprehension(inner) = term {
        let terms = inner.key.iter_mut().chain([&mut inner.value]);
        terms.for_each(|term| term_closures(term, visit));
        inner.body.iter_mut().for_each(|expr| each_closure(expr, visit));
        visit(&mut inner.body);
    }
    term.parts_mut().into_iter().for_each(|term| term_closures(term, visit));
}

/// Takes calls of `print` away; a body of nothing else is true. Returns whether there was one.
pub(super) fn erase_prints(module: &mut Module) -> bool {
    let mut found = false;
    let mut erase = |body: &mut Body| {
        let before = body.len();
        body.retain(|expr| !is_print(expr));
        found |= body.len() < before;
        if body.is_empty() {
            body.push(Expr::new(Terms::Term(Term::Bool(true))));
        }
    };
    each_rule(module, &mut |rule| {
        rule.head.terms_mut().for_each(|term| term_closures(term, &mut erase));
        rule.body.iter_mut().for_each(|expr| each_closure(expr, &mut erase));
        erase(&mut rule.body);
    });
    found
}

fn is_print(expr: &Expr) -> bool {
    let Terms::Call(terms) = &expr.terms else { return false };
    terms.first().is_some_and(|operator| operator.is_operator("print"))
}

/// `print(a, b)` prints what sets of at most one value hold, so that an undefined operand does not
/// end it.
pub(super) fn prints(module: &mut Module, names: &mut Names) {
    let mut rewrite = |body: &mut Body| {
        for expr in body.iter_mut().filter(|expr| is_print(expr)) {
            let Terms::Call(terms) = &mut expr.terms else { continue };
            let operands = terms.drain(..).skip(1).map(|term| names.capture(term)).collect();
            *terms = vec![Term::operator("internal.print"), Term::Array(operands)];
        }
    };
    each_rule(module, &mut |rule| {
        rule.body.iter_mut().for_each(|expr| each_closure(expr, &mut rewrite));
        rewrite(&mut rule.body);
    });
}

/// Takes the calls out of terms.
pub(super) fn calls(module: &mut Module, names: &mut Names) {
    each_rule(module, &mut |rule| {
        let mut support = Vec::new();
        let head = &mut rule.head;
        let terms = head.args.iter_mut().chain(&mut head.key).chain(&mut head.value);
        terms.for_each(|term| expand_term(term, names, &mut support));
        rule.body.append(&mut support);
        expand_body(&mut rule.body, names);
    });
}

fn expand_body(body: &mut Body, names: &mut Names) {
    let whole = std::mem::take(body);
    for expr in whole {
        expand_expr(expr, names, body);
    }
}

fn expand_expr(mut expr: Expr, names: &mut Names, out: &mut Body) {
    for with in &mut expr.with {
        expand_term(&mut with.value, names, out);
    }
    let mut support = Vec::new();
    match &mut expr.terms {
        Terms::Term(term) => expand_term(term, names, &mut support),
        Terms::Call(terms) | Terms::Some(terms) => {
            terms.iter_mut().skip(1).for_each(|term| expand_term(term, names, &mut support));
        }
        Terms::Every(every) => {
            let (var, mut bound) = names.bind(std::mem::replace(&mut every.domain, Term::Null));
            every.domain = var;
            bound.with = names.copy(&expr.with);
            expand_expr(bound, names, &mut support);
            expand_body(&mut every.body, names);
        }
    }
    if !expr.with.is_empty() {
        support.iter_mut().for_each(|made| made.with = names.copy(&expr.with));
    }
    out.append(&mut support);
    out.push(expr);
}

fn expand_term(term: &mut Term, names: &mut Names, support: &mut Body) {
    match term {
        Term::Call(terms) => {
            terms.iter_mut().skip(1).for_each(|term| expand_term(term, names, support));
            let output = Term::Var(names.local());
            let mut call = std::mem::take(terms);
            call.push(output.clone());
            support.push(Expr { generated: true, ..Expr::new(Terms::Call(call)) });
            *term = output;
        }
        Term::Ref(terms) => {
            terms.iter_mut().for_each(|term| expand_term(term, names, support));
            // A reference begins with a variable: `[1, 2][i]` does from now on, too.
            if let Some(head) = terms.first_mut()
                && !matches!(head, Term::Var(_))
            {
                let (var, bound) = names.bind(std::mem::replace(head, Term::Null));
                *head = var;
                support.push(bound);
            }
        }
        Term::Comprehension(inner) => {
            let mut inside = Vec::new();
            let terms = inner.key.iter_mut().chain([&mut inner.value]);
            terms.for_each(|term| expand_term(term, names, &mut inside));
            inner.body.append(&mut inside);
            expand_body(&mut inner.body, names);
        }
        _ => term.parts_mut().into_iter().for_each(|term| expand_term(term, names, support)),
    }
}
