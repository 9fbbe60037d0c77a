//! Modules as OPA's JSON: as its parser shows them (`opa parse --format json`), and as its compiler
//! does (`ast` of `GET /v1/policies`), where names are full references, declared variables have
//! made-up names, nested calls are statements, and statements stand in the order they run in.
//!
//! For people and programs that look at policies; evaluation goes its own way, see
//! `rego-analysis`. Source: OPA's `v1/ast/compile.go`, judged by recorded answers.
//!
//! Must not know: instructions, evaluation.
//!
//! Read first: `node.rs`, then `compiled` below.

mod annotations;
mod bind;
mod compare;
mod convert;
mod expand;
mod generate;
mod locals;
mod located;
mod node;
mod order;
mod pretty;
mod resolve;
mod vars;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine;
use rego_analysis::annotation::Annotation;
use rego_source::{Severity, SourceFile, Sources};
use rego_syntax::ast;
use rego_value::Value;

use crate::annotations::{self as blocks, Annotations};
use crate::builtins;
use crate::compiler::{RegoVersion, parse_one};
use crate::errors::Errors;
use convert::Form;
use generate::Names;
use located::Located;
use node::{Module, Term};
use resolve::Globals;

/// Returns OPA's object of a module as its parser leaves it: `package`, `imports`, `rules`,
/// `annotations` and `comments`, those that there are.
///
/// Errors: text that is no module.
pub fn parsed(name: &str, text: &str, version: RegoVersion) -> Result<Value, Errors> {
    let read = Read::new(name, text, version, Annotations::Warn)?;
    Ok(read.parsed())
}

/// What is shown of a module beside its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Comments.
    pub comments: bool,
    /// The place and the text of each node.
    pub locations: bool,
}

/// Returns OPA's object of a module as its parser leaves it, with what is asked for beside it.
/// METADATA blocks must be sound.
///
/// Errors: text that is no module, blocks that are not sound.
pub fn parsed_with(
    name: &str,
    text: &str,
    version: RegoVersion,
    shown: Shown,
) -> Result<Value, Errors> {
    let read = Read::new(name, text, version, Annotations::Check)?;
    if !shown.locations {
        let comments = if shown.comments { read.comments() } else { Vec::new() };
        return Ok(read.parsed_with(comments));
    }
    let mut located = Located::new(&read.file);
    let mut module = convert::module(&read.tree, Form::Parsed, &mut Names::default());
    annotations::attach((&read.tree, &read.annotations), &mut module);
    let spans = read.annotations.iter().map(|annotation| annotation.span);
    let annotations = module.annotations.iter().zip(spans).map(|(annotation, span)| {
        let fields = annotation.as_object().into_iter().flat_map(|object| object.iter());
        let place = (Value::from("location"), located.place(span));
        Value::object(fields.map(|(k, v)| (k.clone(), v.clone())).chain([place]).collect())
    });
    let annotations: Vec<Value> = annotations.collect();
    let of_rules = module.rules.iter_mut().map(|rule| std::mem::take(&mut rule.annotations));
    let of_rules = of_rules.collect();
    let comments = if shown.comments { read.comments() } else { Vec::new() };
    Ok(located.module(&read.tree, (annotations, of_rules), comments))
}

/// Returns a module as an indented list of its nodes, with a line for each comment where
/// `shown.comments` is set. METADATA blocks must be sound.
///
/// Errors: text that is no module, blocks that are not sound.
pub fn pretty(
    name: &str,
    text: &str,
    version: RegoVersion,
    shown: Shown,
) -> Result<String, Errors> {
    let read = Read::new(name, text, version, Annotations::Check)?;
    let module = convert::module(&read.tree, Form::Parsed, &mut Names::default());
    let comments = if shown.comments { read.tree.comments.len() } else { 0 };
    Ok(pretty::module(&module, read.annotations.len(), comments))
}

/// An annotation with what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotationRef {
    /// The module.
    pub file: String,
    /// Where the rule or the package stands, in it.
    pub row: u32,
    /// The same.
    pub col: u32,
    /// The path of the package or rule, `data` first.
    pub path: Vec<Value>,
    /// The package below `data`, where it is about one.
    pub package: Option<Vec<Value>>,
    /// The reference of the rule, where it is about one.
    pub rule: Option<Vec<Value>>,
    /// OPA's object of the annotation.
    pub annotation: Value,
}

/// Returns the annotations of a module, sorted by path and place.
///
/// Errors: text that is no module, blocks that are not sound.
pub fn annotation_refs(
    name: &str,
    text: &str,
    version: RegoVersion,
) -> Result<Vec<AnnotationRef>, Errors> {
    let read = Read::new(name, text, version, Annotations::Check)?;
    let package: Vec<Value> =
        read.tree.package.path.iter().map(|name| Value::from(&*name.text)).collect();
    let rooted = |path: &[Value]| [vec![Value::from("data")], path.to_vec()].concat();
    let found = read.annotations.iter().map(|annotation| {
        let (span, path, rule) = match annotation.target {
            ast::AnnotationTarget::Rule(at) => {
                let path = Annotation::path_of_rule(&read.tree, at);
                let own = path.get(package.len()..).unwrap_or_default().to_vec();
                let span = read.tree.rules.get(at).map(|rule| rule.span);
                (span.unwrap_or(annotation.span), path, Some(own))
            }
            _ => (read.tree.package.span, package.clone(), None),
        };
        let at = read.file.position(span.start);
        AnnotationRef {
            file: name.to_owned(),
            row: at.row,
            col: at.col,
            path: rooted(&path),
            package: rule.is_none().then(|| package.clone()),
            rule,
            annotation: annotations::object(annotation),
        }
    });
    let mut found: Vec<AnnotationRef> = found.collect();
    found.sort_by(|a, b| (&a.path, a.row).cmp(&(&b.path, b.row)));
    Ok(found)
}

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
        let arity = |name: &str| self.arity(name);
        let mut names = Names::apart_from(read.file.text());
        let mut module = convert::module(&read.tree, Form::Compiled, &mut names);
        let globals = self.globals(&module);
        resolve::module(&mut module, &globals);
        module.imports.clear();
        expand::head_references(&mut module, &mut names);
        locals::module(&mut module, &mut names);
        expand::prints(&mut module, &mut names);
        expand::calls(&mut module, &mut names);
        bind::results(&mut module, &mut names);
        bind::with_values(&mut module, &arity, &mut names);
        order::module(&mut module, &arity);
        bind::equals(&mut module);
        bind::operands(&mut module, &mut names);
        if names.is_exhausted() {
            return Some(read.parsed());
        }
        annotations::attach((&read.tree, &read.annotations), &mut module);
        Some(write::module(&module, read.comments()))
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

/// A module and its text.
#[derive(Clone, Debug)]
struct Read {
    tree: ast::Module,
    annotations: Vec<Annotation>,
    file: Arc<SourceFile>,
}

impl Read {
    fn new(
        name: &str,
        text: &str,
        version: RegoVersion,
        level: Annotations,
    ) -> Result<Self, Errors> {
        let mut sources = Sources::default();
        let file = Arc::new(SourceFile::new(name, text));
        let source = sources.add(Arc::clone(&file));
        let (tree, diagnostics) = parse_one(source, text, version);
        let (annotations, mut diagnostics) =
            blocks::read((&tree, source), &file, level, diagnostics);
        diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
        if diagnostics.is_empty() {
            Ok(Self { tree, annotations, file })
        } else {
            Err(Errors { diagnostics, sources })
        }
    }

    fn parsed(&self) -> Value {
        self.parsed_with(self.comments())
    }

    fn parsed_with(&self, comments: Vec<Value>) -> Value {
        let mut module = convert::module(&self.tree, Form::Parsed, &mut Names::default());
        annotations::attach((&self.tree, &self.annotations), &mut module);
        write::module(&module, comments)
    }

    /// OPA writes the text of a comment in Base64.
    fn comments(&self) -> Vec<Value> {
        let comment = |comment: &ast::Comment| {
            let at = self.file.position(comment.span.start);
            let text = base64::engine::general_purpose::STANDARD.encode(comment.text.as_bytes());
            let location = Value::object_from_strs([
                ("file", Value::from(self.file.name())),
                ("row", Value::from(i64::from(at.row))),
                ("col", Value::from(i64::from(at.col))),
            ]);
            Value::object_from_strs([("Text", Value::from(text)), ("Location", location)])
        };
        self.tree.comments.iter().map(comment).collect()
    }
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
