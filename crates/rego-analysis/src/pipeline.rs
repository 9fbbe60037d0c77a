//! The passes over a module set, in the order of OPA's stages.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use rego_source::{Diagnostic, Location, SourceId, Sources};
use rego_syntax::ast::{Module, RegoVersion, TermKind, Text};
use rego_value::Value;

use crate::annotation::{Annotation, AnnotationSet};
use crate::catalog::{self, Assignment, Catalog, Trie};
use crate::conflicts::Conflicts;
use crate::definition::{self, Draft, World};
use crate::finding::{COMPILE, Findings, Limit, Stage};
use crate::heads::{self, Head};
use crate::imports;
use crate::keywords;
use crate::options::Options;
use crate::prints;
use crate::recursion;
use crate::safety::{self, Near};
use crate::test_rules::{self, TestRule};
use crate::tree::{Definition, Resolved, Rule};
use crate::types::{self, Against, Annotated, RuleTypes};
use crate::unit::{self, Unit};

/// A module with the text it came from.
#[derive(Clone, Debug)]
pub struct ParsedModule {
    /// Which of the sources.
    pub source: SourceId,
    /// What was read from it.
    pub module: Module,
    /// Its METADATA blocks, as far as they are to be looked at; see [`crate::annotation::read`].
    pub annotations: Vec<Annotation>,
}

/// What [`analyse`] gives.
#[derive(Debug)]
pub struct Analysed {
    /// The module set.
    pub resolved: Resolved,
    /// What is accepted, yet worth a look.
    pub warnings: Vec<Diagnostic>,
    /// The tests among the rules, in the order of the modules; none unless asked for.
    pub tests: Vec<TestRule>,
}

/// Returns the resolved module set.
///
/// Errors: those of the first of OPA's stages that fails, sorted by place, at most
/// `options.error_limit` and then one that says so.
/// Source: OPA `v1/ast/compile.go`, the stages of `Compiler`.
pub fn analyse(
    modules: Vec<ParsedModule>,
    sources: Sources,
    options: &Options<'_>,
) -> Result<Analysed, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let units = units_of(&modules, options);
    if let Some(error) = too_long(&modules) {
        return Err(vec![error]);
    }
    let mut heads = heads_in(&modules, &units);
    // rewrite_duplicate_test_names
    let tests = if options.tests { test_rules::all(&mut heads) } else { Vec::new() };
    let trie = Trie::new(&heads);
    let packages: Vec<_> = units.iter().map(|unit| Arc::clone(&unit.package)).collect();
    let (catalog, assignments) = catalog::build(&heads, &trie, &packages);

    let input = types::of_input(options.schemas).unwrap_or_else(|error| {
        findings.add(Stage::ResolveRefs, *error);
        None
    });

    heads::check_forms(&heads, options.head_forms, &mut findings);
    // check_keyword_overrides, check_imports
    keywords::check(&heads, &units, &mut findings);
    for (parsed, unit) in modules.iter().zip(&units) {
        imports::check_shadowing(&parsed.module, unit, &mut findings);
    }
    let annotations = annotations_of(&modules, &sources, &mut findings);
    // resolve_refs, rewrite_local_vars, check_void_calls, rewrite_with_values,
    // check_undefined_funcs, check_unsafe_builtins, check_deprecated_builtins
    let (units_of, parsed) = (&units[..], &modules[..]);
    let world = World {
        units: units_of,
        catalog: &catalog,
        options,
        modules: parsed,
        annotations: &annotations,
    };
    let mut drafts = draft_all(&heads, &assignments, world, &mut findings);
    if options.strict {
        for (parsed, unit) in modules.iter().zip(&units) {
            imports::check_used(&parsed.module, unit, &mut findings);
        }
    }
    // rewrite_print_calls
    if !findings.failed_before(Stage::PrintCalls) {
        drafts.iter().for_each(|draft| prints::check(draft, &mut findings));
    }
    // check_rule_conflicts
    let (modules, units_of) = (&modules[..], &units[..]);
    let conflicts =
        Conflicts { heads: &heads, trie: &trie, modules, units: units_of, sources: &sources };
    conflicts.check(options.base_data, &mut findings);
    // check_safety_rule_heads, check_safety_rule_bodies
    if !findings.failed_before(Stage::SafetyHeads) {
        check_safety(&mut drafts, &units, &mut findings);
    }
    // check_recursion
    let mut types = RuleTypes::default();
    if !findings.failed_before(Stage::Recursion) {
        let order = recursion::check(&drafts, &heads, &catalog, &sources, &mut findings);
        // check_types
        if !findings.failed_before(Stage::Types) {
            let against =
                Against { drafts: &drafts, order: &order, heads: &heads, catalog: &catalog };
            let mut annotated = Annotated::new(&annotations, options.schemas, input);
            types = types::check(&against, &mut annotated, &mut findings);
        }
    }

    let warnings = findings.finish(Limit::Reached(options.error_limit), &sources)?;
    Ok(Analysed { resolved: assemble(catalog, drafts, sources, types), warnings, tests })
}

/// Puts the statements of every definition in an order in which each has what it needs.
fn check_safety(drafts: &mut [Draft], units: &[Unit], findings: &mut Findings) {
    for draft in drafts {
        let Some(unit) = units.get(draft.module) else { continue };
        safety::check_definition(draft, Near { unit }, findings);
    }
}

fn heads_in<'m>(modules: &'m [ParsedModule], units: &[Unit]) -> Vec<Head<'m>> {
    let all = modules.iter().zip(units).enumerate();
    all.flat_map(|(index, (parsed, unit))| heads::heads_of(index, &parsed.module, unit)).collect()
}

/// Each rule carries its whole path; so many parts they may have together.
const PATH_PARTS_MAX: usize = 4_000_000;

/// Returns an error where package paths, once for each rule, are too much to carry.
fn too_long(modules: &[ParsedModule]) -> Option<Diagnostic> {
    let mut parts: usize = 0;
    let over = modules.iter().find(|parsed| {
        let rules = parsed.module.rules.len();
        parts = parts.saturating_add(rules.saturating_mul(parsed.module.package.path.len()));
        parts > PATH_PARTS_MAX
    })?;
    let at = Location { source: over.source, span: over.module.package.span };
    let message = format!("the paths of all rules have more than {PATH_PARTS_MAX} parts");
    Some(Diagnostic::error(COMPILE, at, message).with_hint("give the package a shorter path"))
}

/// set_annotationset
fn annotations_of<'m>(
    modules: &'m [ParsedModule],
    sources: &Sources,
    findings: &mut Findings,
) -> AnnotationSet<'m> {
    let annotated = modules.iter().map(|parsed| (&parsed.module, &*parsed.annotations));
    let mut redeclared = Vec::new();
    let annotations = AnnotationSet::new(annotated, sources, &mut redeclared);
    redeclared.into_iter().for_each(|error| findings.add(Stage::Metadata, error));
    annotations
}

/// Returns what names mean at the top of each module.
fn units_of(modules: &[ParsedModule], options: &Options<'_>) -> Vec<Unit> {
    let mut exports: BTreeMap<Vec<Value>, HashSet<Text>> = BTreeMap::new();
    let paths: Vec<Vec<Value>> =
        modules.iter().map(|parsed| package_path(&parsed.module)).collect();
    for (parsed, path) in modules.iter().zip(&paths) {
        let names = exports.entry(path.clone()).or_default();
        names
            .extend(parsed.module.rules.iter().filter_map(|rule| first_name(&rule.head.reference)));
        names.remove("_");
    }
    let exports: HashMap<Vec<Value>, Arc<HashSet<Text>>> =
        exports.into_iter().map(|(path, names)| (path, Arc::new(names))).collect();
    let unit = |(parsed, path): (&ParsedModule, &Vec<Value>)| Unit {
        source: parsed.source,
        strict: options.strict
            || parsed.module.version == RegoVersion::V1
            || parsed.module.rego_v1_import,
        package: path.clone().into(),
        imports: unit::imported_names(&parsed.module.imports),
        exports: exports.get(path).cloned().unwrap_or_default(),
    };
    modules.iter().zip(&paths).map(unit).collect()
}

fn package_path(module: &Module) -> Vec<Value> {
    module.package.path.iter().map(|name| Value::from(&*name.text)).collect()
}

fn first_name(reference: &rego_syntax::ast::Term) -> Option<Text> {
    match &reference.kind {
        TermKind::Var(name) => Some(Arc::clone(name)),
        TermKind::Ref { head, .. } => first_name(head),
        _ => None,
    }
}

fn draft_all(
    heads: &[Head<'_>],
    assignments: &[Assignment],
    world: World<'_>,
    findings: &mut Findings,
) -> Vec<Draft> {
    let pairs = heads.iter().enumerate().zip(assignments);
    pairs.filter_map(|(head, rule)| definition::draft(head, rule, world, findings)).collect()
}

/// Puts the definitions into their rules.
fn assemble(
    catalog: Catalog<'_>,
    drafts: Vec<Draft>,
    sources: Sources,
    types: RuleTypes,
) -> Resolved {
    let mut parts: Vec<(Vec<Definition>, Option<Box<Definition>>)> = Vec::new();
    parts.resize_with(catalog.rules.len(), Default::default);
    for draft in drafts {
        let Some((definitions, default)) = parts.get_mut(draft.rule.0 as usize) else { continue };
        match draft.default {
            true => *default = Some(Box::new(draft.definition)),
            false => definitions.push(draft.definition),
        }
    }
    let rules = catalog.rules.into_iter().zip(parts).map(|(shape, (mut definitions, default))| {
        definitions.shrink_to_fit(); // kept as long as the policy
        Arc::new(Rule { path: shape.path, kind: shape.kind, definitions, default })
    });
    Resolved { rules: rules.collect(), tree: catalog.tree.into_owned(), types, sources }
}
