//! What Rego v1 refuses of a module that reads as v0, before anything is resolved.
//!
//! Who writes a module anew as v1 asks this first. The passes make the same checks among others.
//! Must not know: other modules.
//!
//! Source: OPA `v1/ast/check.go`, the checks of Rego v1 that `opa fmt` makes.

use std::collections::BTreeMap;

use rego_source::{Diagnostic, Location, SourceId, Span};
use rego_syntax::ast::{
    Body, Else, Expr, ExprKind, Import, Module, TemplatePart, Term, TermKind, Text,
};

use crate::builtin::Decl;
use crate::finding::{COMPILE, TYPE};
use crate::imports::shadows;
use crate::keywords::{is_root, root_name};
use crate::unit::import_name;

/// Returns what v1 refuses: imports that hide one another, rules, parameters and variables called
/// `input` or `data` (`rego_compile_error`), and calls of deprecated builtins (`rego_type_error`).
/// `builtins` finds a builtin by its name.
pub fn v1_findings(
    source: SourceId,
    module: &Module,
    builtins: fn(&str) -> Option<&'static Decl>,
) -> Vec<Diagnostic> {
    let mut checks = Checks { source, builtins, shadowed: Vec::new(), deprecated: Vec::new() };
    let mut found = checks.imports(&module.imports);
    checks.heads(module);
    checks.bodies(module);
    found.append(&mut checks.shadowed);
    found.append(&mut checks.deprecated);
    found
}

struct Checks {
    source: SourceId,
    builtins: fn(&str) -> Option<&'static Decl>,
    shadowed: Vec<Diagnostic>,
    deprecated: Vec<Diagnostic>,
}

impl Checks {
    fn at(&self, span: Span) -> Location {
        Location { source: self.source, span }
    }

    fn imports(&self, imports: &[Import]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut known: BTreeMap<Text, &Import> = BTreeMap::new();
        for import in imports {
            let Some(name) = import_name(import) else { continue };
            match known.get(&name) {
                Some(first) => {
                    let places = (self.at(import.span), self.at(first.span));
                    found.push(shadows(places, first, &name));
                }
                None => {
                    known.insert(name, import);
                }
            }
        }
        found
    }

    fn heads(&mut self, module: &Module) {
        for rule in &module.rules {
            if let Some(name) = first_name(&rule.head.reference).filter(|name| is_root(name)) {
                let message = format!("rules must not shadow {name} (use a different rule name)");
                self.shadowed.push(Diagnostic::error(COMPILE, self.at(rule.span), message));
            }
            for arg in rule.head.args.iter().flatten() {
                if let Some(name) = root_name(arg) {
                    let message =
                        format!("args must not shadow {name} (use a different argument name)");
                    self.shadowed.push(Diagnostic::error(COMPILE, self.at(arg.span), message));
                }
            }
        }
    }

    fn bodies(&mut self, module: &Module) {
        for rule in &module.rules {
            let head = &rule.head;
            self.term(&head.reference);
            head.args.iter().flatten().chain(&head.key).for_each(|term| self.term(term));
            if let Some((value, _)) = &head.value {
                self.term(value);
            }
            if let Some(body) = &rule.body {
                self.body(body);
            }
            let mut els = rule.els.as_deref();
            while let Some(branch) = els {
                self.branch(branch);
                els = branch.els.as_deref();
            }
        }
    }

    fn branch(&mut self, branch: &Else) {
        if let Some((value, _)) = &branch.value {
            self.term(value);
        }
        if let Some(body) = &branch.body {
            self.body(body);
        }
    }

    fn body(&mut self, body: &Body) {
        body.exprs.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Term(term) => {
                if let TermKind::Call { function, args } = &term.kind
                    && matches!(&function.kind, TermKind::Var(name) if &**name == "assign")
                    && let Some(target) = args.first()
                {
                    self.target(target, expr.span);
                }
                self.term(term);
            }
            ExprKind::Assign(target, value) => {
                self.target(target, expr.span);
                self.term(target);
                self.term(value);
            }
            ExprKind::Unify(left, right) => {
                self.term(left);
                self.term(right);
            }
            ExprKind::SomeDecl(_) => {}
            ExprKind::SomeIn { key, value, domain } => {
                key.iter().chain([value, domain]).for_each(|term| self.term(term));
            }
            ExprKind::Every { domain, body, .. } => {
                self.term(domain);
                self.body(body);
            }
        }
        for with in &expr.with {
            self.term(&with.value);
        }
    }

    /// Checks what stands left of `:=`.
    fn target(&mut self, target: &Term, statement: Span) {
        if let Some(name) = root_name(target) {
            let message =
                format!("variables must not shadow {name} (use a different variable name)");
            self.shadowed.push(Diagnostic::error(COMPILE, self.at(statement), message));
        }
    }

    fn term(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Null
            | TermKind::Bool(_)
            | TermKind::Number(_)
            | TermKind::String { .. }
            | TermKind::Var(_) => {}
            TermKind::Template { parts, .. } => {
                for part in parts {
                    if let TemplatePart::Expr(expr) = part {
                        self.expr(expr);
                    }
                }
            }
            TermKind::Ref { head, path } => {
                self.term(head);
                path.iter().for_each(|step| self.term(&step.term));
            }
            TermKind::Call { function, args } => {
                self.function(function, term.span);
                args.iter().for_each(|arg| self.term(arg));
            }
            TermKind::Binary { left, right, .. } => {
                self.term(left);
                self.term(right);
            }
            TermKind::Minus(inner) => self.term(inner),
            TermKind::In { key, value, domain } => {
                key.as_deref().into_iter().chain([&**value, domain]).for_each(|t| self.term(t));
            }
            TermKind::Array(items) | TermKind::Set(items) => {
                items.iter().for_each(|item| self.term(item));
            }
            TermKind::Object(pairs) => {
                for (key, value) in pairs {
                    self.term(key);
                    self.term(value);
                }
            }
            TermKind::ArrayCompr { value, body } | TermKind::SetCompr { value, body } => {
                self.term(value);
                self.body(body);
            }
            TermKind::ObjectCompr { key, value, body } => {
                self.term(key);
                self.term(value);
                self.body(body);
            }
        }
    }

    fn function(&mut self, function: &Term, call: Span) {
        let Some(name) = dotted(function) else {
            return self.term(function);
        };
        if (self.builtins)(&name).is_some_and(|decl| decl.deprecated) {
            let message = format!("deprecated built-in function calls in expression: {name}");
            self.deprecated.push(Diagnostic::error(TYPE, self.at(call), message));
        }
    }
}

fn first_name(reference: &Term) -> Option<&str> {
    match &reference.kind {
        TermKind::Var(name) => Some(name),
        TermKind::Ref { head, .. } => first_name(head),
        _ => None,
    }
}

/// Returns the name of a function, if it is one of names and dots.
fn dotted(function: &Term) -> Option<String> {
    match &function.kind {
        TermKind::Var(name) => Some(name.to_string()),
        TermKind::Ref { head, path } => {
            let mut name = dotted(head)?;
            for step in path {
                let TermKind::String { value, .. } = &step.term.kind else {
                    return None;
                };
                name.push('.');
                name.push_str(value);
            }
            Some(name)
        }
        _ => None,
    }
}
