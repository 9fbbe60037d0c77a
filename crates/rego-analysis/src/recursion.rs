//! Rules that depend on themselves.
//!
//! A graph with a vertex for each definition, for each rule, for each node of the rule tree (all
//! that is below it) and for each way in which references spread over it; so that the number of
//! edges stays near the size of the text. Cycles are found without native recursion.
//!
//! Source: OPA `v1/ast/compile.go`, `checkRecursion`.

mod cycles;
mod edges;

use rego_source::{Diagnostic, Sources};

use crate::catalog::Catalog;
use crate::conflicts::head_name;
use crate::definition::Draft;
use crate::finding::{Findings, Stage};
use crate::heads::Head;

const RECURSION: &str = "rego_recursion_error";
/// So many cycles are told apart; OPA stops at ten errors.
const REPORTS_MAX: usize = 11;
/// Longest cycle that is written out in full.
const CYCLE_SHOWN_MAX: usize = 100;

/// A vertex: those below the number of definitions are definitions.
pub(crate) type Vertex = u32;

/// Reports definitions that lie on a cycle. Returns the positions of all definitions in an order in
/// which each one follows those it needs.
pub(crate) fn check(
    drafts: &[Draft],
    heads: &[Head<'_>],
    catalog: &Catalog<'_>,
    sources: &Sources,
    findings: &mut Findings,
) -> Vec<usize> {
    let graph = edges::graph(drafts, catalog);
    let component = cycles::components(&graph);
    let cyclic = cycles::cyclic(&graph, &component, drafts.len());
    let mut cyclic: Vec<Vertex> = cyclic.into_iter().collect();
    cyclic.sort_by_key(|at| drafts.get(*at as usize).map(|draft| draft.definition.location));
    for at in cyclic.into_iter().take(REPORTS_MAX) {
        let path = cycles::path_back(&graph, at, drafts.len());
        let name = |at: &Vertex| {
            let head = drafts.get(*at as usize).and_then(|draft| heads.get(draft.head));
            head.map(|head| head_name(head, sources)).unwrap_or_default()
        };
        let own = name(&at);
        let mut shown: Vec<String> = path.iter().take(CYCLE_SHOWN_MAX).map(name).collect();
        if path.len() > CYCLE_SHOWN_MAX {
            shown.push("…".to_owned());
        }
        shown.insert(0, own.clone());
        let Some(draft) = drafts.get(at as usize) else { continue };
        let message = format!("rule {own} is recursive: {}", shown.join(" -> "));
        let error = Diagnostic::error(RECURSION, draft.definition.location, message)
            .with_hint("a rule may not need its own value, by whatever way");
        findings.add(Stage::Recursion, error);
    }
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|at| component.get(*at));
    order
}
