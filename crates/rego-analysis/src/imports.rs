//! Imports that hide one another, and, in strict mode, those that nothing uses.
//!
//! Source: OPA `v1/ast/compile.go`, `checkImports` and `resolveAllRefs`.

use foldhash::HashMap;
use rego_source::{Diagnostic, Location};
use rego_syntax::ast::{Import, Module, Text};
use rego_value::Value;

use crate::finding::{COMPILE, Findings, Stage};
use crate::lower::path_text;
use crate::unit::{Unit, import_name};

/// Reports imports of a name that an earlier import has.
pub(crate) fn check_shadowing(module: &Module, unit: &Unit, findings: &mut Findings) {
    if !unit.strict {
        return;
    }
    let mut known: HashMap<Text, &Import> = HashMap::default();
    for import in &module.imports {
        let Some(name) = import_name(import) else { continue };
        match known.get(&name) {
            None => {
                known.insert(name, import);
            }
            Some(first) => {
                let places = (unit.at(import.span), unit.at(first.span));
                findings.add(Stage::Imports, shadows(places, first, &name));
            }
        }
    }
}

/// Returns the error for an import of a name that an earlier one has; the places are those of the
/// two, the earlier one's last.
pub(crate) fn shadows(
    (at, first_at): (Location, Location),
    first: &Import,
    name: &str,
) -> Diagnostic {
    Diagnostic::error(COMPILE, at, format!("import must not shadow {}", written(first)))
        .with_note(first_at, format!("`{name}` is imported here first"))
        .with_hint("give one of them another name with `as`, or take it away")
}

/// Reports imports that nothing used while names were resolved.
pub(crate) fn check_used(module: &Module, unit: &Unit, findings: &mut Findings) {
    let used = |index: usize| {
        let mut imported = unit.imports.values();
        imported.find(|import| import.index == index).is_none_or(|import| import.used.get())
    };
    for (index, import) in module.imports.iter().enumerate() {
        if !used(index) {
            let message = format!("{} unused", written(import));
            let error = Diagnostic::error(COMPILE, unit.at(import.span), message)
                .with_hint("take the import away");
            findings.add(Stage::ResolveRefs, error);
        }
    }
}

/// Returns an import as OPA writes it.
fn written(import: &Import) -> String {
    let mut names = import.path.iter();
    let root = names.next().map_or("", |name| &*name.text);
    let rest: Vec<Value> = names.map(|name| Value::from(&*name.text)).collect();
    let alias = import.alias.as_ref().map(|name| format!(" as {}", name.text));
    format!("import {}{}", path_text(root, &rest), alias.unwrap_or_default())
}
