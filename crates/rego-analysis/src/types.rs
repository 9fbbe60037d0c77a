//! Types: finds out what rules, functions and variables can be, and reports what can never work.
//!
//! Definitions come in an order in which each one follows those it needs. Of `input` and of base
//! documents only what schemas say is known. What is not certain is `any`, which fits everything: an error
//! here keeps a whole policy from running, so none is reported that OPA would not report.
//!
//! Must not know: instructions, what a value is at run time.
//!
//! Read first: `ty.rs` (what a type is), `check.rs` (statements).
//!
//! Source: OPA `v1/ast/check.go`, `v1/ast/env.go`.

mod annotated;
mod check;
mod declared;
mod extent;
mod json;
mod locals;
mod overrides;
mod pattern;
mod reference;
mod relate;
mod report;
mod rules;
mod schema;
mod ty;

use rego_source::{Diagnostic, Location};

use crate::catalog::Catalog;
use crate::definition::Draft;
use crate::finding::{Findings, Stage, TYPE};
use crate::heads::Head;
use crate::schemas::SchemaSet;
use crate::scope::LocalName;
use crate::tree::{Body, Resolved, RuleId};
pub(crate) use annotated::Annotated;
use check::Checker;
use declared::Declared;
use locals::Locals;
use overrides::Overrides;
use relate::Relate;
pub use rules::RuleTypes;
use ty::Ty;

/// So many steps of relating types a module set may take. Real ones take thousands.
const MODULE_STEPS: u64 = 20_000_000;
/// So many a query may take.
const QUERY_STEPS: u64 = 1_000_000;

/// Returns the type of `input`, where a schema is given for it.
///
/// Errors: what is wrong with that schema.
pub(crate) fn of_input(schemas: Option<&SchemaSet>) -> Result<Option<Ty>, Box<Diagnostic>> {
    let Some(schema) = schemas.and_then(|schemas| schemas.get(&[])) else { return Ok(None) };
    let ty = schema::of_schema(schema, &Relate::new(MODULE_STEPS));
    ty.map(Some).map_err(|message| {
        let error = Diagnostic::error(TYPE, Location::default(), message);
        Box::new(Diagnostic { location: None, ..error })
    })
}

/// What all definitions are checked against.
pub(crate) struct Against<'a> {
    /// The definitions, and the order in which each one follows those it needs.
    pub(crate) drafts: &'a [Draft],
    pub(crate) order: &'a [usize],
    pub(crate) heads: &'a [Head<'a>],
    pub(crate) catalog: &'a Catalog<'a>,
}

/// Checks all definitions, and returns the types of rules.
pub(crate) fn check(
    against: &Against<'_>,
    annotated: &mut Annotated<'_>,
    findings: &mut Findings,
) -> RuleTypes {
    let Against { drafts, order, heads, catalog } = *against;
    let relate = Relate::new(MODULE_STEPS);
    let mut declared = Declared::default();
    let mut rules = RuleTypes::new(drafts, catalog.rules.len());
    let rule_path = |rule: RuleId| catalog.path_of(rule);
    for draft in order.iter().filter_map(|at| drafts.get(*at)) {
        let mut found = Vec::new();
        let head = heads.get(draft.head);
        let own = head.and_then(|head| annotated.of(head, &relate, &mut found));
        let mut checker = Checker {
            tree: &catalog.tree,
            rules: &rules,
            schemas: own.as_ref().unwrap_or(annotated.everywhere()),
            of_module: true,
            relate: &relate,
            declared: &mut declared,
            rule_path: &rule_path,
            names: &draft.names,
            locals: Locals::default(),
            found: Vec::new(),
        };
        let outcome = rules::of_draft(draft, catalog.kind(draft.rule), &mut checker);
        found.append(&mut checker.found);
        rules.add(draft.rule, outcome, &relate);
        add_all(found, findings);
    }
    rules.set_input(annotated.everywhere().input());
    rules
}

/// Checks a query.
pub(crate) fn check_query(
    body: &Body,
    names: &[LocalName],
    (resolved, catalog): (&Resolved, &Catalog<'_>),
    findings: &mut Findings,
) {
    let rule_path = |rule: RuleId| catalog.path_of(rule);
    let mut checker = Checker {
        tree: &resolved.tree,
        rules: &resolved.types,
        schemas: &Overrides::of_input(resolved.types.input()),
        of_module: false,
        relate: &Relate::new(QUERY_STEPS),
        declared: &mut Declared::default(),
        rule_path: &rule_path,
        names,
        locals: Locals::default(),
        found: Vec::new(),
    };
    checker.body(body);
    add_all(checker.found, findings);
}

fn add_all(found: Vec<Diagnostic>, findings: &mut Findings) {
    found.into_iter().for_each(|error| findings.add(Stage::Types, error));
}
