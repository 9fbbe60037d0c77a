//! Where what stands at a place of a module is defined: rules, packages, imports, variables.
//!
//! Must not know: files, evaluation.
//!
//! Source: OPA documentation, "opa oracle find-definition"; behaviour of `v1/ast/oracle`.

use std::sync::Arc;

use rego_source::{Position, SourceFile, Sources, Span};
use rego_syntax::ast::{Body, Expr, ExprKind, Module, Rule, Term, TermKind, Text};
use rego_syntax::visit::{self, Visit};

use crate::compiler::{RegoVersion, parse_one};
use crate::errors::Errors;

/// A set of modules that questions are asked about.
#[derive(Debug, Default)]
pub struct Oracle {
    modules: Vec<(Arc<SourceFile>, Module)>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nothing that could be defined stands there.
    NoMatch,
    /// What stands there is not defined in these modules.
    NoDefinition,
}

impl NoAnswer {
    /// Returns OPA's code for it.
    pub fn code(self) -> &'static str {
        match self {
            NoAnswer::NoMatch => "oracle_no_match_found",
            NoAnswer::NoDefinition => "oracle_no_definition_found",
        }
    }
}

impl Oracle {
    /// Adds a module; one of the same name is forgotten.
    ///
    /// Errors: text that is no module.
    pub fn add(&mut self, name: &str, text: &str, version: RegoVersion) -> Result<(), Errors> {
        let mut sources = Sources::default();
        let file = Arc::new(SourceFile::new(name, text));
        let source = sources.add(Arc::clone(&file));
        let (module, mut found) = parse_one(source, text, version);
        found.retain(|error| error.severity == rego_source::Severity::Error);
        if !found.is_empty() {
            return Err(Errors { diagnostics: found, sources });
        }
        self.modules.retain(|(other, _)| other.name() != name);
        let at = self.modules.partition_point(|(other, _)| other.name() < name);
        self.modules.insert(at, (file, module));
        Ok(())
    }

    /// Returns the file and the place where that is defined which stands at a byte of a module.
    ///
    /// Errors: why there is no answer.
    pub fn find_definition(&self, name: &str, offset: u32) -> Result<(String, Position), NoAnswer> {
        let asked = self.modules.iter().find(|(file, _)| file.name() == name);
        let (file, module) = asked.ok_or(NoAnswer::NoMatch)?;
        let own = |span: Span| (file.name().to_owned(), file.position(span.start));
        if let Some(import) = module.imports.iter().find(|import| holds(import.span, offset)) {
            let path: Vec<Text> = import.path.iter().map(|name| name.text.clone()).collect();
            return self.definition_of(&path).ok_or(NoAnswer::NoDefinition);
        }
        let rule = module.rules.iter().find(|rule| holds(rule.span, offset));
        let rule = rule.ok_or(NoAnswer::NoMatch)?;
        let mut search = Search { offset, hit: None };
        search.rule(rule);
        let path = search.hit.ok_or(NoAnswer::NoMatch)?;
        let (first, rest) = path.split_first().ok_or(NoAnswer::NoMatch)?;
        let mut variable = Occurrences { name: first, offset, first: None, declared: false };
        variable.rule(rule);
        if variable.declared {
            return variable.first.map(own).ok_or(NoAnswer::NoDefinition);
        }
        let full = global(module, first).map(|root| [root, rest.to_vec()].concat());
        let full = match (full, &**first) {
            (Some(full), _) => full,
            (None, "data" | "input") => path.clone(),
            (None, _) if self.package_has(module, first) => {
                [package_of(module), path.clone()].concat()
            }
            (None, _) => return variable.first.map(own).ok_or(NoAnswer::NoDefinition),
        };
        self.definition_of(&full).ok_or(NoAnswer::NoDefinition)
    }

    fn package_has(&self, module: &Module, name: &Text) -> bool {
        let package = package_of(module);
        let beside = self.modules.iter().filter(|(_, other)| package_of(other) == package);
        let mut rules = beside.flat_map(|(_, other)| &other.rules);
        rules.any(|rule| head_of(rule).first() == Some(name))
    }

    /// Returns the rule of the longest part of a path, else the package.
    fn definition_of(&self, path: &[Text]) -> Option<(String, Position)> {
        for len in (1..=path.len()).rev() {
            let path = path.get(..len)?;
            for (file, module) in &self.modules {
                let package = package_of(module);
                let at = |span: Span| Some((file.name().to_owned(), file.position(span.start)));
                let Some(own) = path.strip_prefix(package.as_slice()) else { continue };
                if own.is_empty() {
                    return at(module.package.span);
                }
                if let Some(rule) = module.rules.iter().find(|rule| head_of(rule) == own) {
                    return at(rule.span);
                }
            }
        }
        None
    }
}

/// Whether a byte is inside, or right behind.
fn holds(span: Span, offset: u32) -> bool {
    span.start <= offset && offset <= span.end
}

/// Returns the path of a module's package, `data` first.
fn package_of(module: &Module) -> Vec<Text> {
    let names = module.package.path.iter().map(|name| name.text.clone());
    std::iter::once(Text::from("data")).chain(names).collect()
}

/// Returns what an import stands for.
fn global(module: &Module, name: &str) -> Option<Vec<Text>> {
    let named = |import: &&rego_syntax::ast::Import| {
        let own = import.alias.as_ref().or_else(|| import.path.last());
        import.path.len() > 1 && own.is_some_and(|own| &*own.text == name)
    };
    let import = module.imports.iter().rev().find(named)?;
    Some(import.path.iter().map(|name| name.text.clone()).collect())
}

/// Returns the names that a head begins with.
fn head_of(rule: &Rule) -> Vec<Text> {
    prefix(&rule.head.reference)
}

/// Returns the names that a reference begins with: `a`, `b` of `a.b[x].c`.
fn prefix(term: &Term) -> Vec<Text> {
    match &term.kind {
        TermKind::Var(name) => vec![name.clone()],
        TermKind::Ref { head, path } => {
            let TermKind::Var(name) = &head.kind else { return Vec::new() };
            let steps = path.iter().map_while(|step| match &step.term.kind {
                TermKind::String { value, .. } => Some(value.clone()),
                _ => None,
            });
            std::iter::once(name.clone()).chain(steps).collect()
        }
        _ => Vec::new(),
    }
}

/// Looks for the innermost reference or variable at a place.
struct Search {
    offset: u32,
    hit: Option<Vec<Text>>,
}

impl Visit for Search {
    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::SomeDecl(names) = &expr.kind
            && let Some(name) = names.iter().find(|name| holds(name.span, self.offset))
        {
            self.hit = Some(vec![name.text.clone()]);
        }
        visit::expr_parts(self, expr);
    }

    fn term(&mut self, term: &Term) {
        if !holds(term.span, self.offset) {
            return;
        }
        match &term.kind {
            TermKind::Var(name) => self.hit = Some(vec![name.clone()]),
            TermKind::Ref { head, path } => {
                self.hit = Some(prefix(term)).filter(|path| !path.is_empty());
                // On the head the whole reference is meant, unless the head is something else.
                if !matches!(head.kind, TermKind::Var(_)) {
                    self.term(head);
                }
                path.iter().for_each(|step| self.term(&step.term));
            }
            _ => visit::term_parts(self, term),
        }
    }
}

/// Looks for the first place where a variable stands that is the same as one at a place, and
/// whether it is declared: as a parameter, by `:=`, by `some` or `every`.
struct Occurrences<'n> {
    name: &'n Text,
    offset: u32,
    first: Option<Span>,
    declared: bool,
}

impl Occurrences<'_> {
    fn meet(&mut self, span: Span) {
        if self.first.is_none_or(|first| span.start < first.start) {
            self.first = Some(span);
        }
    }

    /// Takes a pattern that declares variables.
    fn declares(&mut self, pattern: &Term) {
        match &pattern.kind {
            TermKind::Var(name) if name == self.name => self.declared = true,
            TermKind::Array(items) => items.iter().for_each(|item| self.declares(item)),
            TermKind::Object(entries) => {
                entries.iter().for_each(|(_, value)| self.declares(value));
            }
            _ => {}
        }
    }
}

impl Visit for Occurrences<'_> {
    fn rule(&mut self, rule: &Rule) {
        for arg in rule.head.args.iter().flatten() {
            self.declares(arg);
            self.term(arg);
        }
        visit::rule_parts(self, rule);
    }

    fn body(&mut self, body: &Body) {
        // What another closure declares is another variable.
        if holds(body.span, self.offset) || self.first.is_none() {
            visit::body_parts(self, body);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Assign(target, _) => self.declares(target),
            ExprKind::SomeDecl(names) => {
                for name in names.iter().filter(|name| name.text == *self.name) {
                    self.declared = true;
                    self.meet(name.span);
                }
            }
            ExprKind::SomeIn { key, value, .. } | ExprKind::Every { key, value, .. } => {
                key.iter().chain([value]).for_each(|pattern| self.declares(pattern));
            }
            ExprKind::Term(_) | ExprKind::Unify(..) => {}
        }
        visit::expr_parts(self, expr);
    }

    fn term(&mut self, term: &Term) {
        if matches!(&term.kind, TermKind::Var(name) if name == self.name) {
            self.meet(term.span);
        }
        visit::term_parts(self, term);
    }
}
