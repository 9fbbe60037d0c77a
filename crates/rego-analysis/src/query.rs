//! Queries: a body of their own, resolved against a module set.

use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use rego_source::{Diagnostic, Location, SourceId, Sources};
use rego_syntax::ast::{self, Import, RegoVersion, Text};
use rego_value::Value;

use crate::catalog::Catalog;
use crate::finding::{Findings, Limit, Stage};
use crate::lower::Lower;
use crate::options::Options;
use crate::prints;
use crate::safety::{self, Bound, Near};
use crate::scan::Names;
use crate::scope::{Frame, LocalName};
use crate::tree::{Local, Query, Resolved};
use crate::types;
use crate::unit::{self, Unit};

/// A query with what it stands in.
#[derive(Clone, Copy, Debug)]
pub struct QuerySource<'a> {
    /// Which of the sources.
    pub source: SourceId,
    /// What was read from it.
    pub body: &'a ast::Body,
    /// The whole text.
    pub text: &'a str,
    /// The grammar it was read with.
    pub version: RegoVersion,
    /// The package whose rules can be named without it.
    pub package: Option<&'a [Value]>,
    /// Imports that hold for it.
    pub imports: &'a [Import],
}

/// Returns the query, resolved.
///
/// Errors: as [`crate::analyse`].
pub fn analyse_query(
    resolved: &Resolved,
    query: QuerySource<'_>,
    sources: &Sources,
    options: &Options<'_>,
) -> Result<Query, Vec<Diagnostic>> {
    let catalog = Catalog::of(resolved);
    let unit = unit_of(&catalog, &query, options.strict);
    let mut findings = Findings::default();
    let mut lower = Lower {
        unit: &unit,
        catalog: &catalog,
        options,
        findings: &mut findings,
        frame: Frame::default(),
        refused: false,
        prints: false,
        metadata: None,
    };
    lower.frame.open(Names::of_body(query.body));
    let body = lower.body(query.body);
    lower.report_unused();
    let bindings = bindings(&lower.frame);
    let mut names = lower.frame.names;
    prints::check_body(&body, &mut Bound::default(), &names, &mut findings);
    let body = match findings.failed_before(Stage::SafetyHeads) {
        true => body,
        false => {
            let near = Near { unit: &unit };
            safety::check_query(body, &mut names, near, &mut findings)
        }
    };
    if !findings.failed_before(Stage::Types) {
        types::check_query(&body, &names, (resolved, &catalog), &mut findings);
    }
    findings.finish(Limit::Exceeded(options.error_limit), sources)?;
    Ok(Query { body, bindings, expressions: expressions(&query), locals: names.len() as u32 })
}

fn unit_of(catalog: &Catalog<'_>, query: &QuerySource<'_>, strict: bool) -> Unit {
    let mut exports: HashSet<Text> = HashSet::default();
    if let Some(package) = query.package
        && let Some(node) = catalog.node_at(package).and_then(|id| catalog.tree.node(id))
    {
        exports.extend(node.children.iter().filter_map(|(key, _)| key.as_str().map(Text::from)));
    }
    Unit {
        source: query.source,
        strict: query.version == RegoVersion::V1 || strict,
        package: query.package.unwrap_or_default().into(),
        imports: if query.imports.is_empty() {
            HashMap::default()
        } else {
            unit::imported_names(query.imports)
        },
        exports: Arc::new(exports),
    }
}

/// Returns the named variables of the outermost body, in order of appearance.
fn bindings(frame: &Frame) -> Vec<(Arc<str>, Local)> {
    let Some(scope) = frame.top() else { return Vec::new() };
    let mut all: Vec<(Arc<str>, Local)> = scope
        .sorted_entries()
        .into_iter()
        .filter(|(_, entry)| {
            matches!(frame.names.get(entry.local.0 as usize), Some(LocalName::Named(_)))
        })
        .map(|(name, entry)| (Arc::clone(name), entry.local))
        .collect();
    all.sort_by_key(|(_, local)| *local);
    all
}

fn expressions(query: &QuerySource<'_>) -> Vec<(Location, Arc<str>)> {
    let text = |span: rego_source::Span| {
        query.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    };
    let exprs = query.body.exprs.iter();
    exprs
        .map(|expr| {
            let location = Location { source: query.source, span: expr.span };
            (location, Arc::from(text(expr.span)))
        })
        .collect()
}
