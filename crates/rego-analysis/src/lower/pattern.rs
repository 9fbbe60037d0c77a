//! What stands left of `:=`, after `some`, and between the parentheses of a function's head.

use foldhash::HashSet;
use rego_source::Diagnostic;
use rego_source::Location;
use rego_syntax::ast;

use super::{Lower, entries};
use crate::finding::{COMPILE, Stage};
use crate::keywords;
use crate::scan;
use crate::scope::{LocalName, Occurrence};
use crate::tree::{ExprKind, Term, TermKind};

impl Lower<'_> {
    /// `target := value`, the value lowered already.
    pub(super) fn assign(&mut self, expr: &ast::Expr, target: &ast::Term, value: Term) -> ExprKind {
        if expr.negated {
            let message = "cannot assign vars inside negated expression";
            let error = Diagnostic::error(COMPILE, self.at(expr.span), message);
            self.refuse(error);
        }
        let location = self.at(expr.span);
        if let Some(name) = keywords::root_name(target).filter(|_| self.unit.strict) {
            let message =
                format!("variables must not shadow {name} (use a different variable name)");
            self.findings.error(Stage::KeywordOverrides, COMPILE, location, message);
        }
        let target = self.assign_target(target, location);
        ExprKind::Unify(target, value)
    }

    fn assign_target(&mut self, target: &ast::Term, statement: Location) -> Term {
        let location = self.at(target.span);
        let kind = match &target.kind {
            ast::TermKind::Var(name) if &**name == "_" => {
                TermKind::Local(self.frame.fresh(LocalName::Wildcard))
            }
            ast::TermKind::Var(name) => {
                let local = self.declare(name, Occurrence::Assigned, location, statement);
                TermKind::Local(local.unwrap_or_else(|| self.frame.fresh(LocalName::Generated)))
            }
            ast::TermKind::Array(items) => {
                let items = items.iter().map(|item| self.assign_target(item, statement));
                return super::term::array(items.collect(), location);
            }
            ast::TermKind::Object(entries) => {
                let entries = entries::distinct(entries).into_iter().map(|(key, value)| {
                    let key = self.term(key);
                    (key, self.assign_target(value, statement))
                });
                return super::term::object(entries.collect(), location);
            }
            other => {
                let message = format!("cannot assign to {}", kind_name(other));
                self.refuse(Diagnostic::error(COMPILE, location, message));
                return self.term(target);
            }
        };
        Term { kind, location }
    }

    /// A pattern after `some`: its variables are new.
    pub(super) fn some_pattern(&mut self, pattern: &ast::Term, statement: Location) -> Term {
        let mut names = HashSet::default();
        scan::targets(pattern, &mut names);
        for name in in_order(pattern, &names) {
            self.declare(&name, Occurrence::Declared, statement, statement);
        }
        self.term(pattern)
    }

    /// Lowers the parameters of a function into the innermost scope.
    pub(crate) fn parameters(&mut self, args: &[ast::Term]) -> Vec<Term> {
        for arg in args {
            let mut names = HashSet::default();
            scan::targets(arg, &mut names);
            for name in in_order(arg, &names) {
                if !self.frame.is_declared(&name) {
                    let location = self.at(arg.span);
                    self.declare(&name, Occurrence::Argument, location, location);
                }
            }
        }
        let terms = args.iter().map(|arg| self.parameter(arg)).collect();
        if let Some(scope) = self.frame.top_mut() {
            scope.entries.values_mut().for_each(|entry| entry.uses = 0);
        }
        terms
    }

    fn parameter(&mut self, arg: &ast::Term) -> Term {
        if contains_call(arg) {
            let message = "rule arguments cannot contain calls";
            self.findings.error(Stage::ResolveRefs, COMPILE, self.at(arg.span), message);
        }
        if let ast::TermKind::Template { .. } = &arg.kind {
            // Compared in the body, see `definition.rs`.
            let kind = TermKind::Local(self.frame.fresh(LocalName::Generated));
            return Term { kind, location: self.at(arg.span) };
        }
        self.term(arg)
    }
}

/// Returns the names among `names` in the order in which a pattern has them, each once.
fn in_order(pattern: &ast::Term, names: &HashSet<ast::Text>) -> Vec<ast::Text> {
    fn walk(term: &ast::Term, names: &HashSet<ast::Text>, out: &mut Vec<ast::Text>) {
        match &term.kind {
            ast::TermKind::Var(name) if names.contains(name) && !out.contains(name) => {
                out.push(name.clone());
            }
            ast::TermKind::Array(items) => items.iter().for_each(|item| walk(item, names, out)),
            ast::TermKind::Object(entries) => {
                entries.iter().for_each(|(_, value)| walk(value, names, out));
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(pattern, names, &mut out);
    out
}

fn contains_call(term: &ast::Term) -> bool {
    match &term.kind {
        ast::TermKind::Call { .. }
        | ast::TermKind::Binary { .. }
        | ast::TermKind::Minus(_)
        | ast::TermKind::In { .. } => true,
        ast::TermKind::Array(items) | ast::TermKind::Set(items) => items.iter().any(contains_call),
        ast::TermKind::Object(entries) => {
            entries.iter().any(|(key, value)| contains_call(key) || contains_call(value))
        }
        _ => false,
    }
}

/// Returns what OPA calls this kind of term.
fn kind_name(kind: &ast::TermKind) -> &'static str {
    match kind {
        ast::TermKind::Null => "null",
        ast::TermKind::Bool(_) => "boolean",
        ast::TermKind::Number(_) => "number",
        ast::TermKind::String { .. } => "string",
        ast::TermKind::Var(_) => "var",
        ast::TermKind::Ref { .. } => "ref",
        ast::TermKind::Template { .. } => "templatestring",
        ast::TermKind::Call { .. }
        | ast::TermKind::Binary { .. }
        | ast::TermKind::Minus(_)
        | ast::TermKind::In { .. } => "call",
        ast::TermKind::Array(_) => "array",
        ast::TermKind::Object(_) => "object",
        ast::TermKind::Set(_) => "set",
        ast::TermKind::ArrayCompr { .. } => "arraycomprehension",
        ast::TermKind::SetCompr { .. } => "setcomprehension",
        ast::TermKind::ObjectCompr { .. } => "objectcomprehension",
    }
}
