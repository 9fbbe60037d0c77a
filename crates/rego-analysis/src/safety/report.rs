//! Words for unsafe variables.

use std::collections::BTreeMap;

use foldhash::HashSet;
use rego_source::{Diagnostic, Location};

use crate::finding::{Findings, Stage, UNSAFE};
use crate::scope::LocalName;
use crate::tree::Local;

/// Reports variables of a rule's head that its body does not mention.
pub(super) fn heads(
    loose: &[Local],
    location: Location,
    names: &[LocalName],
    findings: &mut Findings,
) {
    let mut seen = HashSet::default();
    for local in loose {
        if let Some(name) = shown(*local, names)
            && seen.insert(*local)
        {
            let error = Diagnostic::error(UNSAFE, location, message(&name)).with_hint(hint(&name));
            findings.add(Stage::SafetyHeads, error);
        }
    }
}

/// Reports the variables of statements that have no place: each once, at the first statement that
/// needs it. Where all of them are made up, the statements are reported instead.
pub(super) fn bodies(
    refused: Vec<(Local, Location)>,
    names: &[LocalName],
    findings: &mut Findings,
) {
    let mut first: BTreeMap<Local, Location> = BTreeMap::new();
    for (local, location) in &refused {
        let known = first.entry(*local).or_insert(*location);
        *known = (*known).min(*location);
    }
    let mut any = false;
    for (local, location) in &first {
        if let Some(name) = shown(*local, names) {
            any = true;
            let error = Diagnostic::error(UNSAFE, *location, message(&name)).with_hint(hint(&name));
            findings.add(Stage::SafetyBodies, error);
        }
    }
    if !any {
        expressions(refused, findings);
    }
}

fn expressions(mut refused: Vec<(Local, Location)>, findings: &mut Findings) {
    refused.sort_by_key(|(_, location)| *location);
    let mut seen = HashSet::default();
    let mut told = None;
    for (local, location) in refused {
        if seen.insert(local) && told != Some(location) {
            told = Some(location);
            findings.error(Stage::SafetyBodies, UNSAFE, location, "expression is unsafe");
        }
    }
}

fn shown(local: Local, names: &[LocalName]) -> Option<String> {
    match names.get(local.0 as usize)? {
        LocalName::Named(name) => Some(name.to_string()),
        LocalName::Wildcard => Some("_".to_owned()),
        LocalName::Generated => None,
    }
}

fn message(name: &str) -> String {
    match name {
        "in" | "every" | "contains" | "if" => format!(
            "var {name} is unsafe (hint: `import future.keywords.{name}` to import a future keyword)"
        ),
        _ => format!("var {name} is unsafe"),
    }
}

fn hint(name: &str) -> String {
    match name {
        "_" => "`_` stands for any value only where something is searched; write a name there \
                and bind it before"
            .to_owned(),
        _ => format!("give `{name}` a value first: `{name} := …`, `some {name} in …`"),
    }
}
