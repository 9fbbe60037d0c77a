//! Calls: who is called, whether it exists, and whether the number of operands fits.

use rego_source::{Diagnostic, Location};
use rego_syntax::ast;
use rego_value::Value;

use super::Lower;
use super::term::{array, constant};
use crate::finding::{COMPILE, Stage, TYPE};
use crate::options::Print;
use crate::scope::Lookup;
use crate::suggest;
use crate::tree::{Callee, ExprKind, RefHead, RuleKind, Term, TermKind};
use crate::types_text;

/// A function as a call names it.
pub(super) struct Target {
    /// How messages call it.
    pub(super) name: String,
    pub(super) kind: TargetKind,
}

/// What a call reaches.
pub(super) enum TargetKind {
    Function(Callee, usize),
    /// A rule without parameters, by its path.
    Value(Vec<Value>),
    Unknown,
    /// A local stands in the way; told already.
    Shadowed,
}

impl Target {
    fn arity(&self) -> Option<usize> {
        match &self.kind {
            TargetKind::Function(_, arity) => Some(*arity),
            TargetKind::Value(_) => Some(0),
            TargetKind::Unknown | TargetKind::Shadowed => None,
        }
    }
}

impl Lower<'_> {
    /// Finds what an operator stands for: its builtin, unless a rule or import has that name.
    fn operator_target(&mut self, name: &str) -> Target {
        let global = match self.frame.lookup(name) {
            Lookup::Outside => self.unit.global(name),
            Lookup::Local(_) | Lookup::Ahead => None,
        };
        match global.filter(|global| !global.input) {
            Some(global) => {
                let name = path_text("data", &global.path);
                Target { name, kind: self.rule_target(global.path) }
            }
            None => self.builtin_target(name.to_owned()),
        }
    }

    /// Finds what a call's function names.
    pub(super) fn target(&mut self, function: &ast::Term, location: Location) -> Target {
        let Some((first, rest)) = dotted(function) else {
            return Target { name: String::from("?"), kind: TargetKind::Unknown };
        };
        let name = written(first, &rest);
        if self.frame.is_declared(first) {
            let message = format!("called function {name} shadowed");
            self.refuse(Diagnostic::error(COMPILE, location, message));
            return Target { name, kind: TargetKind::Shadowed };
        }
        let global = match self.frame.lookup(first) {
            Lookup::Outside => self.unit.global(first),
            Lookup::Local(_) | Lookup::Ahead => None,
        };
        match global {
            Some(mut global) => {
                global.path.extend(rest.iter().map(|part| Value::from(*part)));
                let root = if global.input { "input" } else { "data" };
                let name = path_text(root, &global.path);
                let kind = match global.input {
                    true => TargetKind::Unknown,
                    false => self.rule_target(global.path),
                };
                Target { name, kind }
            }
            None => self.builtin_target(name),
        }
    }

    fn rule_target(&self, path: Vec<Value>) -> TargetKind {
        let Some(id) = self.catalog.rule_at(&path) else { return TargetKind::Unknown };
        match self.catalog.kind(id) {
            Some(RuleKind::Function { arity }) => TargetKind::Function(Callee::Rule(id), arity),
            Some(_) => TargetKind::Value(path),
            None => TargetKind::Unknown,
        }
    }

    pub(super) fn builtin_target(&self, name: String) -> Target {
        let kind = match self.options.builtin(&name) {
            Some(decl) => TargetKind::Function(Callee::Builtin(decl), decl.args.len()),
            None => TargetKind::Unknown,
        };
        Target { name, kind }
    }

    /// A call in statement position. `print` is rewritten; one operand too many takes the result.
    pub(super) fn call_statement(
        &mut self,
        term: &ast::Term,
        function: &ast::Term,
        args: &[ast::Term],
        location: Location,
    ) -> Option<ExprKind> {
        let target = self.target(function, location);
        let mut args: Vec<Term> = args.iter().map(|arg| self.term(arg)).collect();
        if target.name == "print" && matches!(target.kind, TargetKind::Function(..)) {
            return self.print(args, location);
        }
        if target.name == "eq" && args.len() == 2 {
            let right = args.pop()?;
            return Some(ExprKind::Unify(args.pop()?, right));
        }
        if target.arity().is_some_and(|arity| args.len() == arity + 1) {
            let result = args.pop()?;
            let call = self.finish_call(target, args, self.at(term.span));
            return Some(ExprKind::Unify(result, call));
        }
        Some(ExprKind::Term(self.finish_call(target, args, self.at(term.span))))
    }

    /// A call inside of a term, operators included.
    pub(super) fn call_term(&mut self, term: &ast::Term, location: Location) -> Term {
        let (target, args) = match &term.kind {
            ast::TermKind::Call { function, args } => {
                let target = self.target(function, location);
                let args: Vec<Term> = args.iter().map(|arg| self.term(arg)).collect();
                self.refuse_void(&target, location);
                (target, args)
            }
            ast::TermKind::Binary { op, left, right, .. } => {
                let args = vec![self.term(left), self.term(right)];
                if *op == ast::BinaryOp::Unify {
                    return self.builtin_call("equal", args, location);
                }
                (self.operator_target(op.builtin()), args)
            }
            ast::TermKind::Minus(inner) => {
                let zero = constant(Value::from(0), location);
                let args = vec![zero, self.term(inner)];
                (self.operator_target("minus"), args)
            }
            ast::TermKind::In { key, value, domain } => {
                let parts = key.iter().chain([value, domain]);
                let args: Vec<Term> = parts.map(|part| self.term(part)).collect();
                let name = if key.is_some() { "internal.member_3" } else { "internal.member_2" };
                (self.builtin_target(name.to_owned()), args)
            }
            _ => return constant(Value::NULL, location),
        };
        self.finish_call(target, args, location)
    }

    /// Returns a call of a builtin that is known by name.
    pub(super) fn builtin_call(&mut self, name: &str, args: Vec<Term>, location: Location) -> Term {
        let target = self.builtin_target(name.to_owned());
        self.finish_call(target, args, location)
    }

    /// Checks the number of operands and builds the call.
    fn finish_call(&mut self, target: Target, args: Vec<Term>, location: Location) -> Term {
        let variadic = matches!(
            target.kind,
            TargetKind::Function(Callee::Builtin(decl), _) if decl.variadic
        );
        if let Some(arity) = target.arity()
            && arity != args.len()
            && !variadic
        {
            let error = self.arity_error(&target, arity, &args, location);
            self.findings.add(Stage::UndefinedFunctions, error);
        }
        let kind = match target.kind {
            TargetKind::Function(callee, _) => {
                self.check_allowed(callee, location);
                match (callee, &self.metadata) {
                    (Callee::Builtin(decl), Some(metadata)) => metadata.value_of(decl.name),
                    _ => None,
                }
                .map_or(TermKind::Call { callee, args }, TermKind::Constant)
            }
            TargetKind::Value(path) => {
                let path = path.into_iter().map(|key| constant(key, location)).collect();
                TermKind::Ref { head: RefHead::Data, path }
            }
            TargetKind::Shadowed => TermKind::Constant(Value::NULL),
            TargetKind::Unknown => {
                let error = self.undefined_function(&target.name, location);
                self.findings.add(Stage::UndefinedFunctions, error);
                TermKind::Constant(Value::NULL)
            }
        };
        Term { kind, location }
    }

    fn undefined_function(&self, name: &str, location: Location) -> Diagnostic {
        let error = Diagnostic::error(TYPE, location, format!("undefined function {name}"));
        let allowed = self.options.allowed_builtins;
        let known = |name: &&str| allowed.is_none_or(|allowed| allowed.contains(*name));
        let builtins = self.options.builtin_names.iter().copied().filter(known);
        let short = name.rsplit_once('.').map_or(name, |(_, last)| last);
        let near = suggest::nearest(name, builtins)
            .or_else(|| suggest::nearest(short, self.unit.exports.iter().map(|name| &**name)));
        match near {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error,
        }
    }

    fn arity_error(
        &self,
        target: &Target,
        arity: usize,
        args: &[Term],
        location: Location,
    ) -> Diagnostic {
        let name = &target.name;
        let count = args.len();
        if let TargetKind::Function(Callee::Builtin(decl), _) = target.kind {
            return Diagnostic::error(TYPE, location, format!("{name}: arity mismatch"))
                .with_detail(format!("have: {}", types_text::have(args)))
                .with_detail(format!("want: {}", types_text::want(decl)));
        }
        let plural = if count == 1 { "" } else { "s" };
        let message = format!("function {name} has arity {arity}, got {count} argument{plural}");
        Diagnostic::error(TYPE, location, message)
    }

    fn refuse_void(&mut self, target: &Target, location: Location) {
        if let TargetKind::Function(Callee::Builtin(decl), _) = target.kind
            && decl.result.is_none()
        {
            let message = format!("{} used as value", target.name);
            self.findings.error(Stage::VoidCalls, TYPE, location, message);
        }
    }

    fn check_allowed(&mut self, callee: Callee, location: Location) {
        let Callee::Builtin(decl) = callee else { return };
        let name = decl.name;
        if self.options.unsafe_builtins.contains(&name) {
            let message = format!("unsafe built-in function calls in expression: {name}");
            self.findings.error(Stage::UnsafeBuiltins, TYPE, location, message);
        }
        if decl.deprecated && self.unit.strict {
            let message = format!("deprecated built-in function calls in expression: {name}");
            self.findings.error(Stage::DeprecatedBuiltins, TYPE, location, message);
        }
    }

    fn print(&mut self, args: Vec<Term>, location: Location) -> Option<ExprKind> {
        if self.options.print == Print::Erase {
            return None;
        }
        self.prints = true;
        let captures: Vec<Term> = args
            .into_iter()
            .map(|arg| {
                let at = arg.location;
                self.capture(arg, at)
            })
            .collect();
        let operand = array(captures, location);
        Some(ExprKind::Term(self.builtin_call("internal.print", vec![operand], location)))
    }
}

/// Returns the names of a dotted name, or nothing where it is something else.
pub(super) fn dotted(term: &ast::Term) -> Option<(&ast::Text, Vec<&str>)> {
    match &term.kind {
        ast::TermKind::Var(name) => Some((name, Vec::new())),
        ast::TermKind::Ref { head, path } => {
            let ast::TermKind::Var(first) = &head.kind else { return None };
            let rest = path.iter().map(|step| match &step.term.kind {
                ast::TermKind::String { value, .. } => Some(&**value),
                _ => None,
            });
            Some((first, rest.collect::<Option<_>>()?))
        }
        _ => None,
    }
}

fn written(first: &str, rest: &[&str]) -> String {
    std::iter::once(&first).chain(rest).copied().collect::<Vec<_>>().join(".")
}

/// Returns a reference as Rego writes it: `data.a["b c"]`; its root is the first part.
pub fn reference_text(path: &[Value]) -> String {
    match path.split_first() {
        Some((root, rest)) => path_text(root.as_str().unwrap_or_default(), rest),
        None => String::new(),
    }
}

/// Returns a path as Rego writes it.
pub(crate) fn path_text(root: &str, path: &[Value]) -> String {
    let mut text = String::from(root);
    for key in path {
        match key.as_str() {
            Some(name) if is_name(name) => {
                text.push('.');
                text.push_str(name);
            }
            _ => text.push_str(&format!("[{key:?}]")),
        }
    }
    text
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    starts && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
