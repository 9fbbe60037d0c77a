//! The annotations of all modules, by what they hold for.
//!
//! Must not know: what the fields mean.

use std::collections::BTreeMap;

use rego_source::{Diagnostic, Sources};
use rego_syntax::ast::{AnnotationTarget, Module, TermKind};
use rego_value::Value;

use super::{Annotation, Scope};
use crate::heads::scalar;

/// The annotations of a set of modules.
#[derive(Debug, Default)]
pub struct AnnotationSet<'m> {
    /// By module and rule, in the order of the text.
    rules: BTreeMap<(usize, usize), Vec<&'m Annotation>>,
    /// Of scope `document` by the path of the rule, of `subpackages` by that of the package.
    paths: BTreeMap<Vec<Value>, &'m Annotation>,
    packages: BTreeMap<Vec<Value>, &'m Annotation>,
}

/// A link of a chain: a path below `data`, and what is said of it.
#[derive(Debug)]
pub struct Link<'m> {
    /// The path of the rule or package.
    pub path: Vec<Value>,
    /// The annotation; only the first link may be without.
    pub annotation: Option<&'m Annotation>,
}

impl<'m> AnnotationSet<'m> {
    /// Collects the annotations of modules, which `modules` gives with their trees in an order that
    /// [`AnnotationSet::of_rule`] counts by.
    ///
    /// Errors, to `findings`: a scope that is annotated twice.
    pub fn new(
        modules: impl Iterator<Item = (&'m Module, &'m [Annotation])>,
        sources: &Sources,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut set = AnnotationSet::default();
        for (at, (module, annotations)) in modules.enumerate() {
            for annotation in annotations {
                if let Some(other) = set.add(at, module, annotation) {
                    findings.push(redeclared(annotation, other, sources));
                }
            }
        }
        set
    }

    /// Adds an annotation, or returns the one that is in its place.
    fn add(
        &mut self,
        at: usize,
        module: &Module,
        annotation: &'m Annotation,
    ) -> Option<&'m Annotation> {
        let rule = match annotation.target {
            AnnotationTarget::Rule(rule) => rule,
            _ => 0,
        };
        let (map, path) = match annotation.scope {
            Scope::Rule => {
                self.rules.entry((at, rule)).or_default().push(annotation);
                return None;
            }
            Scope::Document => (&mut self.paths, rule_path(module, rule)),
            Scope::Package => (&mut self.packages, package_path(module)),
            Scope::Subpackages => (&mut self.paths, package_path(module)),
        };
        match map.get(&path) {
            Some(other) => Some(*other),
            None => {
                map.insert(path, annotation);
                None
            }
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.paths.is_empty() && self.packages.is_empty()
    }

    /// Returns the annotations of scope `rule` of a rule, nearest first.
    pub fn of_rule(&self, module: usize, rule: usize) -> impl Iterator<Item = &'m Annotation> {
        self.rules.get(&(module, rule)).into_iter().flatten().rev().copied()
    }

    /// Returns the annotation of scope `document` of the rules at a path.
    pub fn of_document(&self, path: &[Value]) -> Option<&'m Annotation> {
        self.paths.get(path).copied().filter(|found| found.scope == Scope::Document)
    }

    /// Returns the annotation of scope `package` of a package.
    pub fn of_package(&self, path: &[Value]) -> Option<&'m Annotation> {
        self.packages.get(path).copied()
    }

    /// Returns the annotations of scope `subpackages` that reach a package, nearest first, with the
    /// package each stands in.
    pub fn of_subpackages(&self, path: &[Value]) -> Vec<(Vec<Value>, &'m Annotation)> {
        let above = (0..=path.len()).rev().filter_map(|len| path.get(..len));
        let found = above.filter_map(|path| Some((path.to_vec(), *self.paths.get(path)?)));
        found.filter(|(_, found)| found.scope == Scope::Subpackages).collect()
    }

    /// Returns all that is said of a rule, nearest first: rule, document, package, packages above.
    /// The first link is always the rule. `own` is whether annotations of scope `rule` count, which
    /// they do not for its `else` branches.
    pub fn chain(&self, module: (usize, &Module), rule: usize, own: Own) -> Vec<Link<'m>> {
        let (at, module) = module;
        let (path, package) = (rule_path(module, rule), package_path(module));
        let mut links = Vec::new();
        if own == Own::Counts {
            links.extend(self.of_rule(at, rule).map(|found| Link::new(&path, found)));
        }
        if links.is_empty() {
            links.push(Link { path: path.clone(), annotation: None });
        }
        links.extend(self.of_document(&path).map(|found| Link::new(&path, found)));
        links.extend(self.of_package(&package).map(|found| Link::new(&package, found)));
        let above = self.of_subpackages(&package);
        links.extend(above.into_iter().map(|(path, found)| Link { path, annotation: Some(found) }));
        links
    }
}

/// Whether annotations of scope `rule` count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// They do: the question is about the rule.
    Counts,
    /// They do not: the question is about one of its `else` branches.
    IsLeftOut,
}

impl<'m> Link<'m> {
    fn new(path: &[Value], annotation: &'m Annotation) -> Self {
        Self { path: path.to_vec(), annotation: Some(annotation) }
    }

    /// Returns the link as `rego.metadata.chain()` has it.
    pub fn to_value(&self) -> Value {
        let part = |part: &Value| match part.as_str() {
            Some(_) => part.clone(),
            None => Value::from(part.to_json()),
        };
        let mut out =
            vec![(Value::from("path"), Value::array(self.path.iter().map(part).collect()))];
        let said = self.annotation.map(|said| (Value::from("annotations"), said.to_value()));
        out.extend(said);
        Value::object(out)
    }
}

fn redeclared(annotation: &Annotation, other: &Annotation, sources: &Sources) -> Diagnostic {
    let place = match sources.resolve(other.location) {
        Some(("", at)) => format!("{}:{}", at.row, at.col),
        Some((name, at)) => format!("{name}:{}", at.row),
        None => String::new(),
    };
    let message = format!("{} annotation redeclared: {place}", annotation.scope.name());
    Diagnostic::error(crate::finding::TYPE, annotation.location, message)
        .with_note(other.location, "first declared here")
}

/// Returns the path of a module's package below `data`.
fn package_path(module: &Module) -> Vec<Value> {
    module.package.path.iter().map(|name| Value::from(&*name.text)).collect()
}

impl Annotation {
    /// Returns the path of a rule of a module below `data`, as annotations of scope `document`
    /// tell rules apart: up to the first part that is not a constant.
    pub fn path_of_rule(module: &Module, rule: usize) -> Vec<Value> {
        rule_path(module, rule)
    }
}

/// Returns the path of a rule below `data`, up to the first part that is not a constant.
fn rule_path(module: &Module, rule: usize) -> Vec<Value> {
    let mut path = package_path(module);
    let Some(rule) = module.rules.get(rule) else { return path };
    match &rule.head.reference.kind {
        TermKind::Var(name) => path.push(Value::from(&**name)),
        TermKind::Ref { head, path: steps } => {
            if let TermKind::Var(name) = &head.kind {
                path.push(Value::from(&**name));
            }
            path.extend(steps.iter().map_while(|step| scalar(&step.term)));
        }
        _ => {}
    }
    path
}
