//! Imports: which there are in the result, and their groups and order.
//!
//! Must not know: rules, the printer.

use std::cmp::Ordering;

use crate::ast;

use super::place::{Lines, Place};
use super::style::Style;
use super::{FormatOptions, Target};

/// An import.
#[derive(Clone, Debug)]
pub(super) struct Import<'a> {
    pub(super) place: Place,
    /// The path: each part with whether it was written as a quoted string.
    pub(super) path: Vec<(&'a str, bool)>,
    pub(super) alias: Option<&'a str>,
}

impl Import<'_> {
    fn is_path(&self, parts: &[&str]) -> bool {
        self.path.iter().map(|(part, _)| *part).eq(parts.iter().copied())
    }

    fn is_rego_v1(&self) -> bool {
        self.is_path(&["rego", "v1"])
    }

    fn is_all_keywords(&self) -> bool {
        self.is_path(&["future", "keywords"])
    }

    /// Returns the one keyword that it brings.
    pub(super) fn keyword(&self) -> Option<&str> {
        match self.path.as_slice() {
            [("future", _), ("keywords", _), (keyword, _)] => Some(keyword),
            _ => None,
        }
    }

    fn is_future(&self) -> bool {
        matches!(self.path.first(), Some(("future", _)))
    }

    /// Compares as OPA sorts them: by path, then by alias.
    fn order(&self, other: &Self) -> Ordering {
        let parts = |import: &Self| -> Vec<String> {
            import.path.iter().map(|(part, _)| (*part).to_owned()).collect()
        };
        parts(self).cmp(&parts(other)).then_with(|| self.alias.cmp(&other.alias))
    }
}

/// Returns the imports of a module.
pub(super) fn imports<'a>(module: &'a ast::Module, lines: &Lines<'_>) -> Vec<Import<'a>> {
    let part = |name: &'a ast::Name| (&*name.text, lines.slice(name.span).starts_with('"'));
    let import = |import: &'a ast::Import| Import {
        place: lines.place(import.span.start, import.span),
        path: import.path.iter().map(part).collect(),
        alias: import.alias.as_ref().map(|name| &*name.text),
    };
    module.imports.iter().map(import).collect()
}

/// Returns how a module with these imports is printed.
pub(super) fn style(imports: &[Import<'_>], options: &FormatOptions) -> Style {
    let v1 = options.target != Target::V0;
    let all = imports.iter().any(|import| import.is_rego_v1() || import.is_all_keywords());
    let has = |keyword| imports.iter().any(|import| import.keyword() == Some(keyword));
    Style {
        v1,
        ifs: v1 || all || has("if"),
        contains: v1 || all || has("contains"),
        imported: imports.iter().filter_map(|i| i.keyword().map(str::to_owned)).collect(),
        keywords_in_refs: options.keywords_in_refs,
        ref_heads: false,
    }
}

/// Returns the imports of the result; `needs_in` tells that a call is printed as `in`. OPA adds `import rego.v1` for what is to be valid as v0 and
/// v1, and takes away what it makes superfluous.
pub(super) fn wanted<'a>(
    mut imports: Vec<Import<'a>>,
    options: &FormatOptions,
    needs_in: bool,
) -> Vec<Import<'a>> {
    let top = Place { at: 0, row: 1, text: rego_source::Span::default(), borrowed: true };
    let new = |path: &[&'a str]| Import {
        place: top,
        path: path.iter().map(|part| (*part, false)).collect(),
        alias: None,
    };
    let drop_v0 = options.target == Target::V1 && options.drop_v0_imports;
    match options.target {
        Target::V1 if drop_v0 => imports.retain(|import| !import.is_rego_v1()),
        Target::V0AndV1 if !imports.iter().any(Import::is_rego_v1) => {
            imports.insert(0, new(&["rego", "v1"]));
        }
        _ => {}
    }
    let has_rego_v1 = imports.iter().any(Import::is_rego_v1);
    if has_rego_v1 || drop_v0 {
        imports.retain(|import| !import.is_future());
    } else if options.target == Target::V0 && needs_in {
        let brings_in = |import: &Import<'_>| {
            import.is_all_keywords() || matches!(import.keyword(), Some("in" | "every"))
        };
        if !imports.iter().any(brings_in) {
            imports.insert(0, new(&["future", "keywords", "in"]));
        }
    }
    imports
}

/// Returns the imports in groups, which blank lines keep apart, each in order; with the row of the
/// first one in the source.
pub(super) fn groups<'a>(imports: Vec<Import<'a>>) -> Vec<(u32, Vec<Import<'a>>)> {
    let mut groups: Vec<(u32, Vec<Import<'a>>)> = Vec::new();
    let mut last = None;
    for import in imports {
        let row = import.place.row;
        match groups.last_mut() {
            Some((_, group)) if last.is_some_and(|last| row <= last + 1) => group.push(import),
            _ => groups.push((row, vec![import])),
        }
        last = Some(row);
    }
    for (_, group) in &mut groups {
        group.sort_by(Import::order);
    }
    groups
}
