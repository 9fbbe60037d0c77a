//! Statements and terms: gives every local a type in the order of the body, and reports what
//! cannot be.
//!
//! Of the body of `every` only references are checked, as OPA does.
//!
//! Must not know: how the types of rules are kept.
//!
//! Source: OPA `v1/ast/check.go` (`CheckBody`, `checkExpr`).

use std::sync::Arc;

use rego_source::{Diagnostic, Location};

use super::RuleTypes;
use super::declared::{Declared, Signature};
use super::extent::Extents;
use super::locals::Locals;
use super::overrides::Overrides;
use super::pattern::{Fit, Pattern};
use super::relate::Relate;
use super::report;
use super::ty::{Ty, of_scalar};
use crate::safety::takes_result;
use crate::scope::LocalName;
use crate::tree::{
    Body, Callee, ComprehensionKind, Expr, ExprKind, RefHead, Replacement, RuleTree, Term,
    TermKind, With, WithTarget,
};
use crate::walk::{Part, expr_parts, term_parts};

/// Builtins that statements are rewritten to: their operands always fit.
const MADE_UP: &str = "internal.";

/// Checks one definition or query.
pub(super) struct Checker<'a> {
    pub(super) tree: &'a RuleTree,
    pub(super) rules: &'a RuleTypes,
    /// What schemas say of documents.
    pub(super) schemas: &'a Overrides,
    /// Whether it is a rule, not a query: OPA reads a statement `a == b` of a rule as `a = b`.
    pub(super) of_module: bool,
    pub(super) relate: &'a Relate,
    pub(super) declared: &'a mut Declared,
    /// Paths of rules by number, for messages.
    pub(super) rule_path: &'a dyn Fn(crate::tree::RuleId) -> String,
    pub(super) names: &'a [LocalName],
    pub(super) locals: Locals,
    pub(super) found: Vec<Diagnostic>,
}

/// A call, wherever it stands.
struct Call<'t> {
    callee: Callee,
    args: &'t [Term],
    /// The operand behind the last one, which the result is unified with.
    out: Option<&'t Term>,
    /// Whether the result is wanted otherwise.
    nested: bool,
    location: Location,
}

impl Checker<'_> {
    pub(super) fn fit(&mut self) -> Fit<'_> {
        Fit { relate: self.relate, locals: &mut self.locals }
    }

    pub(super) fn extents(&self) -> Extents<'_> {
        Extents { tree: self.tree, rules: self.rules }
    }

    /// Adds an error, unless the budget is used up: then nothing is certain.
    pub(super) fn report(&mut self, error: impl FnOnce() -> Diagnostic) {
        if !self.relate.exhausted() {
            self.found.push(error());
        }
    }

    /// Checks the statements of a body.
    pub(super) fn body(&mut self, body: &Body) {
        body.exprs.iter().for_each(|expr| self.statement(expr));
    }

    fn statement(&mut self, expr: &Expr) {
        expr.with.iter().for_each(|with| self.replacement(with));
        match &expr.kind {
            ExprKind::Term(Term { kind: TermKind::Call { callee, args }, .. })
                if self.of_module && is_equality(*callee) =>
            {
                if let [left, right] = args.as_slice() {
                    let (left, right) = (self.pattern(left), self.pattern(right));
                    self.unify(&left, &right, expr.location);
                }
            }
            ExprKind::Term(Term { kind: TermKind::Call { callee, args }, .. }) => {
                let location = expr.location;
                self.call(&Call { callee: *callee, args, out: None, nested: false, location });
            }
            ExprKind::Term(term) => {
                self.pattern(term);
            }
            ExprKind::Unify(
                left,
                Term { kind: TermKind::Call { callee, args }, location: inner },
            ) if takes_result(*inner, left.location) => {
                let (out, location) = (Some(left), expr.location);
                self.call(&Call { callee: *callee, args, out, nested: false, location });
            }
            ExprKind::Unify(left, right) => {
                let (left, right) = (self.pattern(left), self.pattern(right));
                self.unify(&left, &right, expr.location);
            }
            ExprKind::SomeIn { key, value, domain } => {
                self.some_in(key.as_ref(), value, domain, expr.location);
            }
            ExprKind::Every { domain, body, .. } => {
                self.pattern(domain);
                self.references_of(body);
            }
            ExprKind::Not(body) => self.body(body),
        }
    }

    /// A function may stand in for another one that takes the same operands.
    fn replacement(&mut self, with: &With) {
        match (&with.target, &with.value) {
            (_, Replacement::Value(value)) => {
                self.pattern(value);
            }
            (WithTarget::Function(target), Replacement::Function(by)) => {
                let (Some(want), Some(have)) = (self.types_of(*target), self.types_of(*by)) else {
                    return;
                };
                let mut pairs = want.args.iter().zip(&have.args);
                let fits = want.args.len() == have.args.len()
                    && pairs.all(|(want, have)| self.relate.unifies(want, have));
                if !fits {
                    let name = self.name_of(*target);
                    self.report(|| report::replacement(with.location, &name, &have, &want));
                }
            }
            _ => {}
        }
    }

    /// Checks the references in a body, and nothing else of it.
    fn references_of(&mut self, body: &Body) {
        let mark = self.locals.mark();
        let mut open: Vec<&Term> = Vec::new();
        for expr in &body.exprs {
            expr_parts(expr, &mut |part| {
                if let Part::Term(term) = part {
                    open.push(term);
                }
            });
        }
        open.reverse();
        while let Some(term) = open.pop() {
            match &term.kind {
                TermKind::Ref {
                    head: head @ (RefHead::Data | RefHead::Input | RefHead::Local(_)),
                    path,
                } => {
                    self.reference(head, path, term.location);
                }
                TermKind::Comprehension { .. } => {}
                _ => term_parts(term, &mut |part| {
                    if let Part::Term(term) = part {
                        open.push(term);
                    }
                }),
            }
        }
        self.locals.back_to(mark);
    }

    fn unify(&mut self, left: &Pattern, right: &Pattern, location: Location) {
        let before = [self.fit().type_of(left), self.fit().type_of(right)];
        if !self.fit().both(left, right) {
            let [left, right] = before;
            self.report(|| report::mismatch(location, left.as_ref(), right.as_ref()));
        }
    }

    /// `some k, v in xs` is `v = xs[k]`.
    fn some_in(&mut self, key: Option<&Term>, value: &Term, domain: &Term, location: Location) {
        let scalar = matches!(&domain.kind, TermKind::Constant(it) if of_scalar(it).is_some());
        let value = self.pattern(value);
        if scalar {
            let ty = self.fit().type_of(&value);
            self.report(|| report::mismatch(location, ty.as_ref(), None));
            return;
        }
        let element = self.element(domain, key);
        self.unify(&value, &Pattern::Known(element), location);
    }

    /// Returns a term as a pattern; checks all that is inside of it.
    pub(super) fn pattern(&mut self, term: &Term) -> Pattern {
        match &term.kind {
            TermKind::Constant(value) => Pattern::Constant(value.clone()),
            TermKind::Local(local) => Pattern::Local(*local),
            TermKind::Ref { head, path } => self.reference(head, path, term.location),
            TermKind::Call { callee, args } => {
                let location = term.location;
                let call = Call { callee: *callee, args, out: None, nested: true, location };
                Pattern::Known(self.call(&call))
            }
            TermKind::Array(items) => {
                Pattern::Array(items.iter().map(|item| self.pattern(item)).collect())
            }
            TermKind::Set(items) => {
                Pattern::Set(items.iter().map(|item| self.pattern(item)).collect())
            }
            TermKind::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let key = self.pattern(key);
                    (key, self.pattern(value))
                });
                Pattern::Object(entries.collect())
            }
            TermKind::Comprehension { kind, key, value, body } => {
                Pattern::Known(self.comprehension(*kind, key.as_deref(), value, body))
            }
        }
    }

    /// What a closure finds out about variables from outside stays inside.
    fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        key: Option<&Term>,
        value: &Term,
        body: &Body,
    ) -> Option<Ty> {
        let (mark, errors) = (self.locals.mark(), self.found.len());
        self.body(body);
        let key = key.map(|key| self.head_type(key));
        let value = self.head_type(value);
        self.locals.back_to(mark);
        if self.found.len() > errors {
            return None;
        }
        Some(match kind {
            ComprehensionKind::Array => Ty::array(Vec::new(), Some(value)),
            ComprehensionKind::Set => Ty::set(value),
            ComprehensionKind::Object => {
                Ty::object(Vec::new(), Some((key.unwrap_or(Ty::Any), value)))
            }
        })
    }

    /// Returns the type of a term of a head, `any` where it is not known.
    pub(super) fn head_type(&mut self, term: &Term) -> Ty {
        let pattern = self.pattern(term);
        self.fit().type_of(&pattern).unwrap_or(Ty::Any)
    }

    /// Returns the type of the result of a call; nothing where the call is in error.
    fn call(&mut self, call: &Call<'_>) -> Option<Ty> {
        let mut operands: Vec<Pattern> = call.args.iter().map(|arg| self.pattern(arg)).collect();
        operands.extend(call.out.map(|out| self.pattern(out)));
        let Some(signature) = self.signature(call) else {
            operands.iter().for_each(|operand| self.fit().loosen(operand));
            return Some(Ty::Any);
        };
        let wanted = signature.args.iter().chain([&signature.result]);
        let mut fit = Fit { relate: self.relate, locals: &mut self.locals };
        if operands.iter().zip(wanted).all(|(operand, ty)| fit.one(operand, ty, false)) {
            return Some(signature.result.clone());
        }
        let mut have: Vec<Option<Ty>> = operands.iter().map(|it| fit.type_of(it)).collect();
        have.extend(call.nested.then_some(None));
        let name = self.name_of(call.callee);
        self.report(|| report::operands(call.location, &name, &have, &signature));
        None
    }

    /// Returns the types of a function, where they are known.
    fn signature(&mut self, call: &Call<'_>) -> Option<Arc<Signature>> {
        let signature = self.types_of(call.callee);
        signature.filter(|signature| signature.args.len() == call.args.len())
    }

    fn types_of(&mut self, callee: Callee) -> Option<Arc<Signature>> {
        match callee {
            Callee::Builtin(decl) if decl.variadic || decl.name.starts_with(MADE_UP) => None,
            Callee::Builtin(decl) => Some(self.declared.signature(decl, self.relate)),
            Callee::Rule(rule) => self.rules.signature(rule),
        }
    }

    fn name_of(&self, callee: Callee) -> String {
        match callee {
            Callee::Builtin(decl) => decl.name.to_owned(),
            Callee::Rule(rule) => (self.rule_path)(rule),
        }
    }
}

/// Whether it is the function behind `==`.
fn is_equality(callee: Callee) -> bool {
    matches!(callee, Callee::Builtin(decl) if decl.name == "equal")
}
