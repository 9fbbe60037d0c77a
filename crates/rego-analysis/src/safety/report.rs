//! Words for unsafe variables.

use std::collections::BTreeMap;

use foldhash::HashSet;
use rego_source::{Diagnostic, Location, Span};

use super::why;
use crate::finding::{COMPILE, Findings, Stage, UNSAFE};
use crate::scope::LocalName;
use crate::suggest;
use crate::tree::{Body, Expr, Local};
use crate::unit::Unit;

/// Where names near to an unknown one are looked for.
#[derive(Clone, Copy)]
pub(crate) struct Near<'a> {
    pub(crate) unit: &'a Unit,
}

/// Reports the unsafe variables of one definition.
pub(super) struct Report<'a> {
    pub(super) names: &'a [LocalName],
    pub(super) near: Near<'a>,
}

impl Report<'_> {
    /// Reports variables of a rule's head that its body does not mention.
    pub(super) fn heads(&self, loose: &[Local], location: Location, findings: &mut Findings) {
        let mut seen = HashSet::default();
        for local in loose {
            if let Some(name) = self.shown(*local)
                && seen.insert(*local)
            {
                findings.add(Stage::SafetyHeads, self.error(name, location));
            }
        }
    }

    /// Reports the variables of statements that have no place: each once, at the first statement
    /// that needs it. Where all of them are made up, the statements are reported instead.
    pub(super) fn bodies(
        &self,
        refused: Vec<(Local, Location)>,
        (left_out, body): (Vec<Expr>, &Body),
        findings: &mut Findings,
    ) {
        let mut first: BTreeMap<Local, Location> = BTreeMap::new();
        for (local, location) in &refused {
            let known = first.entry(*local).or_insert(*location);
            *known = (*known).min(*location);
        }
        let left_out = Body { exprs: left_out };
        let mut any = false;
        for (local, location) in &first {
            if let Some(name) = self.shown(*local) {
                any = true;
                let error = self.error(name, *location);
                let used = |body| why::first_use(body, *local, *location);
                let error = match used(&left_out).or_else(|| used(body)) {
                    Some(found) if found.location != *location => {
                        let at = Location {
                            span: self.name_span(found.location.span, name),
                            ..found.location
                        };
                        error.with_note(at, found.place.said(name))
                    }
                    _ => error,
                };
                findings.add(Stage::SafetyBodies, error);
            }
        }
        if !any {
            expressions(refused, findings);
        }
    }

    /// Reports a body that would take too long to order.
    pub(super) fn exhausted(&self, at: Option<Location>, findings: &mut Findings) {
        if let Some(at) = at {
            let message = "too many statements wait for each other's variables";
            let error = Diagnostic::error(COMPILE, at, message)
                .with_hint("put statements behind those that bind their variables");
            findings.add(Stage::SafetyBodies, error);
        }
    }

    /// A reference begins with the name of its variable.
    fn name_span(&self, span: Span, name: &str) -> Span {
        Span::new(span.start, span.end.min(span.start + name.len() as u32))
    }

    fn shown(&self, local: Local) -> Option<&str> {
        match self.names.get(local.0 as usize)? {
            LocalName::Named(name) => Some(name),
            LocalName::Wildcard => Some("_"),
            LocalName::Generated => None,
        }
    }

    fn error(&self, name: &str, location: Location) -> Diagnostic {
        let error = Diagnostic::error(UNSAFE, location, message(name));
        if is_future_keyword(name) { error } else { error.with_hint(self.hint(name)) }
    }

    fn hint(&self, name: &str) -> String {
        if name == "_" {
            return "`_` stands for any value only where something is searched; write a name \
                    there and bind it before"
                .to_owned();
        }
        let locals = self.names.iter().filter_map(|name| match name {
            LocalName::Named(name) => Some(&**name),
            _ => None,
        });
        let exports = self.near.unit.exports.iter().map(|name| &**name);
        let imports = self.near.unit.imports.keys().map(|name| &**name);
        match suggest::nearest(name, locals.chain(exports).chain(imports).chain(["input", "data"]))
        {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("give `{name}` a value first: `{name} := …`, `some {name} in …`"),
        }
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

fn message(name: &str) -> String {
    if is_future_keyword(name) {
        // OPA has this hint inside of the message.
        return format!(
            "var {name} is unsafe (hint: `import future.keywords.{name}` to import a future keyword)"
        );
    }
    format!("var {name} is unsafe")
}

fn is_future_keyword(name: &str) -> bool {
    matches!(name, "in" | "every" | "contains" | "if")
}
