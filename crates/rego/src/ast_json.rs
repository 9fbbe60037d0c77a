//! Modules as OPA's JSON: as its parser shows them (`opa parse --format json`), and as its compiler
//! does (`ast` of `GET /v1/policies`), where names are full references, declared variables have
//! made-up names, nested calls are statements, and statements stand in the order they run in.
//!
//! For people and programs that look at policies; evaluation goes its own way, see
//! `rego-analysis`. Source: OPA's `v1/ast/compile.go`, judged by recorded answers.
//!
//! Must not know: instructions, evaluation.
//!
//! Read first: `node.rs`, then `compiled` in `modules.rs`.

mod annotations;
mod bind;
mod compare;
mod convert;
mod expand;
mod generate;
mod locals;
mod located;
mod modules;
mod node;
mod order;
mod pretty;
mod required;
mod resolve;
mod vars;
mod write;

pub use modules::AstModules;

use std::sync::Arc;

use base64::Engine;
use rego_analysis::annotation::Annotation;
use rego_source::{Severity, SourceFile, Sources};
use rego_syntax::ast;
use rego_value::Value;

use crate::annotations::{self as blocks, Annotations};
use crate::compiler::{RegoVersion, parse_one};
use crate::errors::Errors;
use convert::Form;
use generate::Names;
use located::Located;

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
