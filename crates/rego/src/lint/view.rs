//! What a rule may ask: modules, which rules there are and of which kind, what a name stands for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use rego_analysis::ParsedModule;
use rego_source::{Diagnostic, Location, SourceId, Sources, Span};
use rego_syntax::ast::{ExprKind, Module, Rule, Term, TermKind};

use super::reference::plain_path;
use super::walk::{Node, nodes};

/// The modules with an index of their rules.
pub(super) struct View<'a> {
    pub(super) units: Vec<Unit<'a>>,
    /// By [`joined`] paths below `data`.
    groups: BTreeMap<String, Group<'a>>,
    packages: BTreeSet<String>,
    sources: &'a Sources,
}

/// A module.
pub(super) struct Unit<'a> {
    pub(super) source: SourceId,
    pub(super) module: &'a Module,
    pub(super) package: Vec<&'a str>,
    imports: BTreeMap<&'a str, Vec<&'a str>>,
    /// Whether it holds tests: by the name of its file or of its package.
    pub(super) holds_tests: bool,
}

/// The definitions of one name.
#[derive(Default)]
pub(super) struct Group<'a> {
    /// Each with the index of its unit.
    pub(super) rules: Vec<(usize, &'a Rule)>,
}

/// One rule where it stands.
#[derive(Clone, Copy)]
pub(super) struct Site<'v, 'a> {
    pub(super) unit: &'v Unit<'a>,
    pub(super) rule: &'a Rule,
}

impl<'a> Group<'a> {
    /// Whether it is always defined: a set, or an object whose entries are made one by one.
    pub(super) fn is_collection(&self) -> bool {
        self.rules.iter().all(|(_, rule)| {
            rule.head.args.is_none() && (rule.head.key.is_some() || has_open_step(rule))
        })
    }

    /// Whether it is a set.
    pub(super) fn is_set(&self) -> bool {
        self.rules.iter().all(|(_, rule)| rule.head.key.is_some() && !has_open_step(rule))
    }
}

/// Returns a path as one text; that of what is below begins with it.
fn joined(path: &[&str]) -> String {
    path.iter().flat_map(|name| [name, "\0"]).collect()
}

/// Whether a rule's name holds a variable: `p[x] := 1`.
fn has_open_step(rule: &Rule) -> bool {
    plain_path(&rule.head.reference).is_none()
}

/// Returns the constant part of a rule's name.
pub(super) fn rule_name(rule: &Rule) -> Vec<&str> {
    match &rule.head.reference.kind {
        TermKind::Var(name) => vec![name],
        TermKind::Ref { head, path } => {
            let TermKind::Var(name) = &head.kind else { return Vec::new() };
            let steps = path.iter().map_while(|step| super::constant::text(&step.term));
            std::iter::once(&**name).chain(steps).collect()
        }
        _ => Vec::new(),
    }
}

impl<'a> View<'a> {
    /// Returns the view of modules.
    pub(super) fn new(modules: &'a [ParsedModule], sources: &'a Sources) -> Self {
        let units: Vec<_> = modules.iter().map(|parsed| Unit::new(parsed, sources)).collect();
        let mut groups: BTreeMap<_, Group<'a>> = BTreeMap::new();
        for (index, unit) in units.iter().enumerate() {
            for rule in &unit.module.rules {
                let path: Vec<_> = unit.package.iter().copied().chain(rule_name(rule)).collect();
                groups.entry(joined(&path)).or_default().rules.push((index, rule));
            }
        }
        let packages = units.iter().map(|unit| joined(&unit.package)).collect();
        Self { units, groups, packages, sources }
    }

    /// Returns every rule with its place.
    pub(super) fn sites(&self) -> impl Iterator<Item = Site<'_, 'a>> {
        self.units
            .iter()
            .flat_map(|unit| unit.module.rules.iter().map(move |rule| Site { unit, rule }))
    }

    /// Returns the definitions of each name.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Group<'a>> {
        self.groups.values()
    }

    /// Returns the definitions that a path below `data` leads to or through.
    pub(super) fn group_on(&self, path: &[&str]) -> Option<&Group<'a>> {
        (1..=path.len()).rev().find_map(|end| self.group_at(path.get(..end)?))
    }

    /// Returns the definitions of exactly this path below `data`.
    pub(super) fn group_at(&self, path: &[&str]) -> Option<&Group<'a>> {
        self.groups.get(&joined(path))
    }

    /// Whether a rule's path begins with this one.
    fn has_rule_below(&self, path: &[&str]) -> bool {
        let path = joined(path);
        let mut from = self.groups.range::<str, _>((Bound::Included(&*path), Bound::Unbounded));
        from.next().is_some_and(|(known, _)| known.starts_with(&path))
    }

    /// Whether nothing can be at a path below `data` although its package is among the modules.
    pub(super) fn is_missing(&self, path: &[&str]) -> bool {
        let in_package = (1..path.len())
            .any(|end| path.get(..end).is_some_and(|part| self.packages.contains(&joined(part))));
        if !in_package || self.group_on(path).is_some() || self.has_rule_below(path) {
            return false;
        }
        let path = joined(path);
        let mut from = self.packages.range::<str, _>((Bound::Included(&*path), Bound::Unbounded));
        !from.next().is_some_and(|package| package.starts_with(&path))
    }

    /// Returns the unit of this index.
    pub(super) fn unit(&self, index: usize) -> Option<&Unit<'a>> {
        self.units.get(index)
    }

    /// Returns a name as a reader would write it.
    pub(super) fn text(&self, site: Site<'_, '_>, term: &Term) -> &'a str {
        self.sources.get(site.unit.source).map_or("", |file| file.slice(term.span))
    }

    /// Returns the path below `data` that a term stands for in a rule; only its constant beginning,
    /// where it has other steps, and whether that is all of it.
    pub(super) fn resolve<'t>(
        &self,
        site: Site<'_, 'a>,
        locals: &BTreeSet<&str>,
        term: &'t Term,
    ) -> Option<(Vec<&'t str>, bool)>
    where
        'a: 't,
    {
        let (name, steps): (&'t str, _) = match &term.kind {
            TermKind::Var(name) => (name, [].as_slice()),
            TermKind::Ref { head, path } => match &head.kind {
                TermKind::Var(name) => (name, path.as_slice()),
                _ => return None,
            },
            _ => return None,
        };
        if locals.contains(name) {
            return None;
        }
        let mut path: Vec<&'t str> = if name == "data" {
            Vec::new()
        } else if let Some(import) = site.unit.imports.get(name) {
            import.clone()
        } else {
            let own: Vec<&'t str> = site.unit.package.iter().copied().chain([name]).collect();
            // A rule's name may have several parts: the first alone is no group then.
            self.has_rule_below(&own).then_some(own)?
        };
        let fixed = steps.iter().map_while(|step| super::constant::text(&step.term));
        let before = path.len();
        path.extend(fixed);
        let whole = path.len() - before == steps.len();
        Some((path, whole))
    }
}

impl<'a> Unit<'a> {
    fn new(parsed: &'a ParsedModule, sources: &'a Sources) -> Self {
        let module = &parsed.module;
        let package: Vec<&str> = module.package.path.iter().map(|name| &*name.text).collect();
        let mut imports = BTreeMap::new();
        for import in &module.imports {
            let mut names = import.path.iter().map(|name| &*name.text);
            if names.next() != Some("data") {
                continue;
            }
            let path: Vec<&str> = names.collect();
            let alias = import.alias.as_ref().map(|name| &*name.text);
            if let Some(name) = alias.or(path.last().copied()) {
                imports.insert(name, path);
            }
        }
        let file = sources.get(parsed.source).map_or("", |file| file.name());
        let holds_tests = file.ends_with("_test.rego")
            || package.last().is_some_and(|name| name.ends_with("_test"));
        Self { source: parsed.source, module, package, imports, holds_tests }
    }
}

impl<'a> Site<'_, 'a> {
    /// Returns the place of a span of its module.
    pub(super) fn at(&self, span: Span) -> Location {
        Location { source: self.unit.source, span }
    }

    /// Returns a finding.
    pub(super) fn finding(&self, id: &'static str, span: Span, message: String) -> Diagnostic {
        Diagnostic::warning(id, self.at(span), message)
    }

    /// Whether it is a test, or stands among tests.
    pub(super) fn is_test(&self) -> bool {
        self.unit.holds_tests || self.is_test_rule()
    }

    /// Whether it is a test itself.
    pub(super) fn is_test_rule(&self) -> bool {
        rule_name(self.rule).last().is_some_and(|name| name.starts_with("test_"))
    }

    /// Returns the names that are variables of the rule, wherever in it.
    pub(super) fn locals(&self) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        self.rule.head.args.iter().flatten().for_each(|term| pattern_names(term, &mut found));
        for node in nodes(self.rule) {
            let Node::Expr(expr) = node else { continue };
            match &expr.kind {
                ExprKind::Assign(left, _) => pattern_names(left, &mut found),
                ExprKind::SomeDecl(names) => found.extend(names.iter().map(|name| &*name.text)),
                ExprKind::SomeIn { key, value, .. } | ExprKind::Every { key, value, .. } => {
                    key.iter().chain([value]).for_each(|term| pattern_names(term, &mut found));
                }
                _ => {}
            }
        }
        found
    }

    /// Returns what variables of the rule are given by `x := term` alone.
    pub(super) fn assigned(&self) -> BTreeMap<&'a str, &'a Term> {
        let mut found = BTreeMap::new();
        for node in nodes(self.rule) {
            let Node::Expr(expr) = node else { continue };
            let (ExprKind::Assign(left, right) | ExprKind::Unify(left, right)) = &expr.kind else {
                continue;
            };
            if let TermKind::Var(name) = &left.kind {
                found.insert(&**name, right);
            }
        }
        found
    }
}

/// Adds the variables of a pattern.
fn pattern_names<'a>(term: &'a Term, found: &mut BTreeSet<&'a str>) {
    for node in super::walk::below(vec![Node::Term(term)], super::walk::Depth::Needed) {
        if let Node::Term(Term { kind: TermKind::Var(name), .. }) = node {
            found.insert(name);
        }
    }
}
