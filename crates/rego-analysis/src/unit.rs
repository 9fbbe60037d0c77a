//! What names mean at the top of one module: its package, its imports, the rules beside it.
//!
//! Must not know: local variables.

use std::cell::Cell;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use rego_source::{Location, SourceId, Span};
use rego_syntax::ast::{Import, Text};
use rego_value::Value;

/// What a name at the top of a module stands for.
#[derive(Clone, Debug)]
pub(crate) struct Global {
    /// Whether the path is one of `input`; else of `data`.
    pub(crate) input: bool,
    /// The path below.
    pub(crate) path: Vec<Value>,
}

/// An import under the name it introduces.
#[derive(Debug)]
pub(crate) struct Imported {
    pub(crate) global: Global,
    pub(crate) used: Cell<bool>,
    /// Its place among the imports.
    pub(crate) index: usize,
}

/// The outer names of one module or query.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) source: SourceId,
    /// Whether the checks of Rego v1 or strict mode apply to it.
    pub(crate) strict: bool,
    pub(crate) package: Arc<[Value]>,
    pub(crate) imports: HashMap<Text, Imported>,
    /// First names of the rules of the package, in any module.
    pub(crate) exports: Arc<HashSet<Text>>,
}

impl Unit {
    /// Returns what a name stands for here; `input` and `data` included.
    pub(crate) fn global(&self, name: &str) -> Option<Global> {
        if let Some(imported) = self.imports.get(name) {
            imported.used.set(true);
            return Some(imported.global.clone());
        }
        if self.exports.contains(name) {
            let own = std::iter::once(Value::from(name));
            let path = self.package.iter().cloned().chain(own).collect();
            return Some(Global { input: false, path });
        }
        match name {
            "input" => Some(Global { input: true, path: Vec::new() }),
            "data" => Some(Global { input: false, path: Vec::new() }),
            _ => None,
        }
    }

    /// Returns the place of a span of this module.
    pub(crate) fn at(&self, span: Span) -> Location {
        Location { source: self.source, span }
    }
}

/// Returns the names that imports introduce. The last one of a name counts, as in OPA.
pub(crate) fn imported_names(imports: &[Import]) -> HashMap<Text, Imported> {
    let mut names = HashMap::default();
    for (index, import) in imports.iter().enumerate() {
        let Some(global) = import_target(import) else { continue };
        let Some(name) = import_name(import) else { continue };
        names.insert(name, Imported { global, used: Cell::new(false), index });
    }
    names
}

/// Returns the name an import introduces: its alias, or the last part of its path.
pub(crate) fn import_name(import: &Import) -> Option<Text> {
    let named = import.alias.as_ref().or_else(|| import.path.last())?;
    Some(Arc::clone(&named.text))
}

/// Returns what an import stands for; nothing for `rego.v1` and `future.keywords`.
fn import_target(import: &Import) -> Option<Global> {
    let (first, rest) = import.path.split_first()?;
    let input = match &*first.text {
        "input" => true,
        "data" => false,
        _ => return None,
    };
    Some(Global { input, path: rest.iter().map(|name| Value::from(&*name.text)).collect() })
}
