//! Modules that belong together, as OPA's compiler leaves them.
//!
//! Must not know: how anything is written.

use std::collections::{BTreeMap, BTreeSet};

use rego_syntax::ast;
use rego_value::Value;

use super::convert::Form;
use super::generate::Names;
use super::node::{Module, Term};
use super::required::Needs;
use super::resolve::Globals;
use super::{Read, annotations, bind, convert, expand, locals, order, resolve, write};
use crate::annotations::Annotations;
use crate::builtins;
use crate::capabilities::Capabilities;
use crate::compiler::RegoVersion;
use crate::errors::Errors;

/// Modules that belong together: what a name stands for depends on the others.
#[derive(Clone, Debug, Default)]
pub struct AstModules {
    modules: BTreeMap<String, Read>,
    /// The names of rules below each package.
    rules: BTreeMap<Vec<ast::Text>, BTreeSet<ast::Text>>,
    /// How many parameters functions have, by full dotted path.
    arities: BTreeMap<String, usize>,
}

impl AstModules {
    /// Returns no modules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a module; one of the same name is forgotten, but not the names of its rules.
    ///
    /// Errors: text that is no module.
    pub fn add(&mut self, name: &str, text: &str, version: RegoVersion) -> Result<(), Errors> {
        let read = Read::new(name, text, version, Annotations::Warn)?;
        let package: Vec<ast::Text> =
            read.tree.package.path.iter().map(|name| name.text.clone()).collect();
        let place = format!("data.{}", package.join("."));
        let rules = self.rules.entry(package).or_default();
        for rule in &read.tree.rules {
            let path = head_path(&rule.head.reference);
            if let Some(args) = &rule.head.args {
                self.arities.insert(format!("{place}.{}", path.join(".")), args.len());
            }
            rules.extend(path.into_iter().next());
        }
        self.modules.insert(name.to_owned(), read);
        Ok(())
    }

    /// Returns OPA's object of a module as its compiler leaves it, or nothing where there is no
    /// module of this name. One with an absurd number of `with` modifiers comes as parsed.
    ///
    /// Calls of `print` are there, as in OPA's server unless it logs errors only. Not rewritten, in
    /// contrast to OPA: calls of `rego.metadata.chain` and `rego.metadata.rule`.
    pub fn compiled(&self, name: &str) -> Option<Value> {
        let read = self.modules.get(name)?;
        let Rewritten { mut module, is_whole, .. } = self.rewritten(read, Prints::Stay);
        if !is_whole {
            return Some(read.parsed());
        }
        annotations::attach((&read.tree, &read.annotations), &mut module);
        Some(write::module(&module, read.comments()))
    }

    /// Returns what the modules need: the builtins that they call once they are compiled, and the
    /// parts of the language that they use. Calls of `print` are gone, as by OPA's tools.
    ///
    /// Source: OPA's stage `BuildRequiredCapabilities`, judged by the tests of `opa inspect`.
    pub fn required(&self) -> Capabilities {
        let mut needs = Needs::default();
        for read in self.modules.values() {
            let Rewritten { module, gone, .. } = self.rewritten(read, Prints::Go);
            needs.add(&read.tree, &module, gone);
        }
        needs.into_capabilities()
    }

    fn rewritten(&self, read: &Read, prints: Prints) -> Rewritten {
        let arity = |name: &str| self.arity(name);
        let mut names = Names::apart_from(read.file.text());
        let mut module = convert::module(&read.tree, Form::Compiled, &mut names);
        let globals = self.globals(&module);
        resolve::module(&mut module, &globals);
        module.imports.clear();
        expand::head_references(&mut module, &mut names);
        let mut gone = Vec::new();
        gone.extend(locals::module(&mut module, &mut names).then_some("assign"));
        match prints {
            Prints::Stay => expand::prints(&mut module, &mut names),
            Prints::Go => gone.extend(expand::erase_prints(&mut module).then_some("print")),
        }
        expand::calls(&mut module, &mut names);
        bind::results(&mut module, &mut names);
        bind::with_values(&mut module, &arity, &mut names);
        order::module(&mut module, &arity);
        gone.extend(bind::equals(&mut module).then_some("equal"));
        bind::operands(&mut module, &mut names);
        Rewritten { module, gone, is_whole: !names.is_exhausted() }
    }

    /// What names stand for in a module: rules of its package, then its imports.
    fn globals(&self, module: &Module) -> Globals {
        let package: Vec<ast::Text> = module
            .package
            .iter()
            .filter_map(
                |term| if let Term::String(name) = term { Some(name.clone()) } else { None },
            )
            .collect();
        let mut globals = Globals::new();
        for name in self.rules.get(&package).into_iter().flatten() {
            let path = [module.package.clone(), vec![Term::String(name.clone())]].concat();
            globals.insert(name.clone(), path);
        }
        for import in &module.imports {
            let root = match import.path.first() {
                Some(Term::Var(root)) if matches!(&**root, "data" | "input") => root,
                _ => continue,
            };
            let last = match import.path.last() {
                Some(Term::String(name)) => name,
                _ => root,
            };
            let name = import.alias.as_ref().unwrap_or(last);
            globals.insert(name.clone(), import.path.clone());
        }
        globals
    }

    /// Returns how many operands a builtin or a rule takes; the rule by its full path.
    fn arity(&self, name: &str) -> Option<usize> {
        if let Some(builtin) = builtins::find(name) {
            return Some(builtin.decl.args.len());
        }
        self.arities.get(name).copied()
    }
}

/// What becomes of calls of `print`.
#[derive(Clone, Copy)]
enum Prints {
    Stay,
    Go,
}

/// A module as the compiler leaves it.
struct Rewritten {
    module: Module,
    /// The builtins that it called and, once rewritten, does not any more.
    gone: Vec<&'static str>,
    /// Whether all of it is rewritten, which an absurd number of `with` modifiers prevents.
    is_whole: bool,
}

/// Returns the names that a head begins with: `a`, `b` of `a.b[x]`.
fn head_path(reference: &ast::Term) -> Vec<ast::Text> {
    let (head, steps) = match &reference.kind {
        ast::TermKind::Ref { head, path } => (&**head, path.as_slice()),
        _ => (reference, Default::default()),
    };
    let ast::TermKind::Var(name) = &head.kind else { return Vec::new() };
    let step = |step: &ast::Step| match &step.term.kind {
        ast::TermKind::String { value, .. } => Some(value.clone()),
        _ => None,
    };
    std::iter::once(name.clone()).chain(steps.iter().map_while(step)).collect()
}
