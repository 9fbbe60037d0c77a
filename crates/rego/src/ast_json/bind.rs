//! What must be evaluated gets a variable and a statement of its own. Source: OPA's stages
//! `RewriteComprehensionTerms`, `RewriteRefsInHead`, `RewriteWithModifiers`, `RewriteEquals` and
//! `RewriteDynamicTerms`.
//!
//! Must not know: names outside of a rule.

use super::expand::{each_closure, each_rule, term_closures};
use super::generate::Names;
use super::node::{Body, Expr, Module, Term, Terms, With};
use super::vars::Arity;

/// Binds what comprehensions and heads give.
pub(super) fn results(module: &mut Module, names: &mut Names) {
    each_rule(module, &mut |rule| {
        let head = &mut rule.head;
        head.terms_mut().for_each(|term| comprehension_results(term, names));
        rule.body.iter_mut().for_each(|expr| expr_results(expr, names));
        let terms = head.key.iter_mut().chain(&mut head.value).chain(&mut head.args);
        terms.for_each(|term| bind(term, names, &mut rule.body));
    });
}

fn bind(term: &mut Term, names: &mut Names, body: &mut Body) {
    if term.requires_eval() {
        let (var, expr) = names.bind(std::mem::replace(term, Term::Null));
        *term = var;
        body.push(expr);
    }
}

fn expr_results(expr: &mut Expr, names: &mut Names) {
    match &mut expr.terms {
        Terms::Term(term) => comprehension_results(term, names),
        Terms::Call(terms) | Terms::Some(terms) => {
            terms.iter_mut().for_each(|term| comprehension_results(term, names));
        }
        Terms::Every(every) => {
            comprehension_results(&mut every.domain, names);
            every.body.iter_mut().for_each(|expr| expr_results(expr, names));
        }
    }
    expr.with.iter_mut().for_each(|with| comprehension_results(&mut with.value, names));
}

fn comprehension_results(term: &mut Term, names: &mut Names) {
    if let Term::Comprehension(inner) = term {
        inner.body.iter_mut().for_each(|expr| expr_results(expr, names));
        for term in inner.key.iter_mut().chain([&mut inner.value]) {
            comprehension_results(term, names);
            bind(term, names, &mut inner.body);
        }
    }
    term.parts_mut().into_iter().for_each(|term| comprehension_results(term, names));
}

/// Binds the values of `with`, but for functions that stand in for functions.
pub(super) fn with_values(module: &mut Module, arity: Arity<'_>, names: &mut Names) {
    let mut rewrite = |body: &mut Body| {
        let whole = std::mem::take(body);
        for mut expr in whole {
            for with in &mut expr.with {
                with_value(with, arity, names, body);
            }
            body.push(expr);
        }
    };
    each_rule(module, &mut |rule| {
        rule.head.terms_mut().for_each(|term| term_closures(term, &mut rewrite));
        rule.body.iter_mut().for_each(|expr| each_closure(expr, &mut rewrite));
        rewrite(&mut rule.body);
    });
}

fn with_value(with: &mut With, arity: Arity<'_>, names: &mut Names, body: &mut Body) {
    let is_function = |term: &Term| match term {
        Term::Var(name) => arity(name).is_some(),
        term => term.dotted().is_some_and(|name| arity(&name).is_some()),
    };
    // A function that nobody knows may come from elsewhere, and may be replaced all the same.
    let is_unknown = match &with.target {
        Term::Var(name) => !matches!(&**name, "data" | "input"),
        Term::Ref(terms) => {
            let of_input = matches!(terms.first(), Some(Term::Var(root)) if &**root == "input");
            !of_input && matches!(with.value, Term::Ref(_))
        }
        _ => false,
    };
    if is_unknown || is_function(&with.target) {
        for term in [&mut with.target, &mut with.value] {
            if let Term::Var(name) = term
                && arity(name).is_some()
            {
                *term = Term::Ref(vec![Term::Var(name.clone())]);
            }
        }
        with.is_function = is_function(&with.value);
        if with.is_function {
            return;
        }
    }
    bind(&mut with.value, names, body);
}

/// `a == b` says `a = b`. Returns whether there is one.
pub(super) fn equals(module: &mut Module) -> bool {
    let mut found = false;
    let mut rewrite = |body: &mut Body| {
        for expr in body.iter_mut().filter(|expr| expr.sides("equal").is_some()) {
            if let Terms::Call(terms) = &mut expr.terms
                && let Some(operator) = terms.first_mut()
            {
                *operator = Term::operator("eq");
                found = true;
            }
        }
    };
    each_rule(module, &mut |rule| {
        rule.head.terms_mut().for_each(|term| term_closures(term, &mut rewrite));
        rule.body.iter_mut().for_each(|expr| each_closure(expr, &mut rewrite));
        rewrite(&mut rule.body);
    });
    found
}

/// Binds references and comprehensions where operands and steps are wanted.
pub(super) fn operands(module: &mut Module, names: &mut Names) {
    each_rule(module, &mut |rule| dynamic_body(&mut rule.body, names));
}

fn dynamic_body(body: &mut Body, names: &mut Names) {
    let whole = std::mem::take(body);
    for mut expr in whole {
        let is_equality = expr.sides("eq").is_some();
        let mut dynamic = Dynamic { with: &expr.with, names, out: body };
        match &mut expr.terms {
            Terms::Term(term) => dynamic.side(term),
            Terms::Call(terms) if is_equality => {
                terms.iter_mut().skip(1).for_each(|term| dynamic.side(term));
            }
            Terms::Call(terms) | Terms::Some(terms) => {
                terms.iter_mut().skip(1).for_each(|term| dynamic.operand(term));
            }
            Terms::Every(every) => {
                dynamic.operand(&mut every.domain);
                dynamic_body(&mut every.body, names);
            }
        }
        body.push(expr);
    }
}

/// The statement under way: what it replaces, and where statements before it go.
struct Dynamic<'d> {
    with: &'d [With],
    names: &'d mut Names,
    out: &'d mut Body,
}

impl Dynamic<'_> {
    /// A side of an equality: it may be a reference or a comprehension itself.
    fn side(&mut self, term: &mut Term) {
        match term {
            Term::Ref(terms) => terms.iter_mut().skip(1).for_each(|term| self.operand(term)),
            Term::Comprehension(inner) => dynamic_body(&mut inner.body, self.names),
            term => self.operand(term),
        }
    }

    fn operand(&mut self, term: &mut Term) {
        match term {
            Term::Ref(_) | Term::Comprehension(_) => {
                self.side(term);
                let (var, bound) = self.names.bind(std::mem::replace(term, Term::Null));
                *term = var;
                let with = self.names.copy(self.with);
                self.out.push(Expr { with, ..bound });
            }
            Term::Array(_) | Term::Object(_) | Term::Set(_) => {
                term.parts_mut().into_iter().for_each(|term| self.operand(term));
            }
            _ => {}
        }
    }
}
