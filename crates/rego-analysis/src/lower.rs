//! Bodies: names become locals and full paths, statements become those of the resolved tree.
//!
//! What OPA does in `resolve_refs`, `rewrite_local_vars`, `rewrite_print_calls` and
//! `rewrite_with_values`. The order of statements stays as written. Must not know: safety.

mod call;
mod entries;
mod pattern;
mod term;
mod with;

pub(crate) use call::path_text;
pub use call::reference_text;

use rego_source::{Diagnostic, Location, Span};
use rego_syntax::ast;
use rego_value::Value;

use crate::annotation::{Annotation, AnnotationSet, Link, Own};
use crate::catalog::Catalog;
use crate::finding::{COMPILE, Findings, Stage};
use crate::options::Options;
use crate::scan::Names;
use crate::scope::{Entry, Frame, LocalName, Occurrence};
use crate::tree::{Body, Expr, ExprKind, Local, Term, TermKind};
use crate::unit::Unit;

/// Lowers what belongs to one definition or query.
pub(crate) struct Lower<'a> {
    pub(crate) unit: &'a Unit,
    pub(crate) catalog: &'a Catalog<'a>,
    pub(crate) options: &'a Options<'a>,
    pub(crate) findings: &'a mut Findings,
    pub(crate) frame: Frame,
    /// Whether a declaration of this definition was refused: what is unused is not told then.
    pub(crate) refused: bool,
    /// Whether a call of `print` was met.
    pub(crate) prints: bool,
    /// Where annotations of the rule are found; a query has none.
    pub(crate) metadata: Option<Metadata<'a>>,
}

/// What `rego.metadata.rule()` and `rego.metadata.chain()` are about.
#[derive(Clone, Copy)]
pub(crate) struct Metadata<'a> {
    pub(crate) set: &'a AnnotationSet<'a>,
    pub(crate) module: (usize, &'a ast::Module),
    /// Which rule of the module.
    pub(crate) rule: usize,
    /// Whether its own annotations count.
    pub(crate) own: Own,
}

impl Metadata<'_> {
    /// Returns what a builtin of this name gives; nothing for another builtin.
    fn value_of(&self, builtin: &str) -> Option<Value> {
        match builtin {
            "rego.metadata.chain" => {
                let chain = self.set.chain(self.module, self.rule, self.own);
                Some(Value::array(chain.iter().map(Link::to_value).collect()))
            }
            "rego.metadata.rule" => {
                let mut own = self.set.of_rule(self.module.0, self.rule);
                let nearest = own.next().filter(|_| self.own == Own::Counts);
                Some(nearest.map_or_else(|| Value::object(Vec::new()), Annotation::to_value))
            }
            _ => None,
        }
    }
}

impl Lower<'_> {
    /// Returns the place of a span.
    pub(crate) fn at(&self, span: Span) -> Location {
        self.unit.at(span)
    }

    /// Lowers the statements of a body into the innermost scope.
    pub(crate) fn body(&mut self, body: &ast::Body) -> Body {
        let mut exprs = Vec::with_capacity(body.exprs.len());
        for (index, expr) in body.exprs.iter().enumerate() {
            exprs.extend(self.expr(expr, index as u32));
        }
        Body { exprs }
    }

    /// Lowers a statement; one that only declares leaves nothing.
    fn expr(&mut self, expr: &ast::Expr, index: u32) -> Option<Expr> {
        let location = self.at(expr.span);
        let (kind, with) = match &expr.kind {
            ast::ExprKind::Assign(target, value) => {
                // The right side still sees the names from outside.
                let value = self.term(value);
                let with = self.withs(&expr.with);
                (self.assign(expr, target, value), with)
            }
            ast::ExprKind::Every { key, value, domain, body } => {
                let kind = self.every(location, [key.as_ref(), Some(value)], domain, body);
                (kind, self.withs(&expr.with))
            }
            other => (self.plain(other, location)?, self.withs(&expr.with)),
        };
        let kind = if expr.negated {
            let inner = Expr { kind, with: Vec::new(), location, index: 0 };
            ExprKind::Not(Body { exprs: vec![inner] })
        } else {
            kind
        };
        Some(Expr { kind, with, location, index })
    }

    fn plain(&mut self, kind: &ast::ExprKind, location: Location) -> Option<ExprKind> {
        match kind {
            ast::ExprKind::Term(term) => self.statement(term, location),
            ast::ExprKind::Unify(left, right) => {
                let left = self.term(left);
                Some(ExprKind::Unify(left, self.term(right)))
            }
            ast::ExprKind::SomeDecl(names) => {
                for name in names {
                    self.declare(&name.text, Occurrence::Declared, location, location);
                }
                None
            }
            ast::ExprKind::SomeIn { key, value, domain } => {
                let domain = self.term(domain);
                let key = key.as_ref().map(|key| self.some_pattern(key, location));
                let value = self.some_pattern(value, location);
                Some(ExprKind::SomeIn { key, value, domain })
            }
            ast::ExprKind::Assign(..) | ast::ExprKind::Every { .. } => None,
        }
    }

    /// A statement that is a term: calls may have one operand more, and `print` is rewritten.
    fn statement(&mut self, term: &ast::Term, location: Location) -> Option<ExprKind> {
        match &term.kind {
            ast::TermKind::Call { function, args } => {
                self.call_statement(term, function, args, location)
            }
            ast::TermKind::Binary { op: ast::BinaryOp::Unify, left, right, .. } => {
                let left = self.term(left);
                Some(ExprKind::Unify(left, self.term(right)))
            }
            _ => Some(ExprKind::Term(self.term(term))),
        }
    }

    fn every(
        &mut self,
        location: Location,
        [key, value]: [Option<&ast::Term>; 2],
        domain: &ast::Term,
        body: &ast::Body,
    ) -> ExprKind {
        let domain = self.term(domain);
        self.frame.open(Names::of_body(body));
        let first = body.exprs.first().map_or(location, |expr| self.at(expr.span));
        let key = key.and_then(|key| self.every_var(key, location, first));
        let value = value.and_then(|value| self.every_var(value, location, first));
        let value = value.unwrap_or_else(|| self.frame.fresh(LocalName::Wildcard));
        let body = self.body(body);
        self.close_body();
        ExprKind::Every { key, value, domain, body }
    }

    fn every_var(&mut self, var: &ast::Term, at: Location, unused: Location) -> Option<Local> {
        let ast::TermKind::Var(name) = &var.kind else { return None };
        if &**name == "_" {
            return None;
        }
        self.declare(name, Occurrence::Declared, at, unused)
    }

    /// Declares a name, or reports what is in the way at `at`; if nothing ever uses it, that is
    /// told at `unused`.
    pub(crate) fn declare(
        &mut self,
        name: &ast::Text,
        occurrence: Occurrence,
        at: Location,
        unused: Location,
    ) -> Option<Local> {
        match self.frame.declare(name, occurrence, unused) {
            Ok(local) => Some(local),
            Err(entry) => {
                self.refuse_redeclaration(name, &entry, at);
                None
            }
        }
    }

    fn refuse_redeclaration(&mut self, name: &str, entry: &Entry, at: Location) {
        let message = match entry.occurrence {
            Occurrence::Seen => format!("var {name} referenced above"),
            Occurrence::Assigned => format!("var {name} assigned above"),
            Occurrence::Declared => format!("var {name} declared above"),
            Occurrence::Argument => format!("arg {name} redeclared"),
        };
        let first = format!("`{name}` first appears here");
        let error = Diagnostic::error(COMPILE, at, message).with_note(entry.location, first);
        self.refuse(error);
    }

    /// Reports an error about locals.
    pub(crate) fn refuse(&mut self, error: Diagnostic) {
        self.refused = true;
        self.findings.add(Stage::LocalVars, error);
    }

    /// Closes the innermost scope and tells what it declares without use.
    pub(crate) fn close_body(&mut self) {
        self.report_unused();
        self.frame.close();
    }

    /// Tells what the innermost scope declares without use.
    pub(crate) fn report_unused(&mut self) {
        if self.refused {
            return;
        }
        let Some(scope) = self.frame.top() else { return };
        let mut unused: Vec<_> = scope
            .sorted_entries()
            .into_iter()
            .filter(|(_, entry)| entry.uses == 0)
            .filter_map(|(name, entry)| match entry.occurrence {
                Occurrence::Declared => {
                    Some((entry.location, format!("declared var {name} unused")))
                }
                Occurrence::Assigned if self.options.strict => {
                    Some((entry.location, format!("assigned var {name} unused")))
                }
                _ => None,
            })
            .collect();
        unused.sort_by_key(|(location, _)| *location);
        for (location, message) in unused {
            let error =
                Diagnostic::error(COMPILE, location, message).with_hint("use it, or take it away");
            self.findings.add(Stage::LocalVars, error);
        }
    }

    /// Returns a fresh made-up local as a term.
    pub(crate) fn generated(&mut self, location: Location) -> Term {
        let local = self.frame.fresh(LocalName::Generated);
        Term { kind: TermKind::Local(local), location }
    }
}
