//! Packages under another name: their own statement, imports and references.
//!
//! Must not know: files, layout.
//!
//! Source: OPA documentation, "opa refactor move".

use std::sync::Arc;

use rego_source::{SourceFile, Sources, Span};
use rego_syntax::ast::{Import, Module, Name, Step, Term, TermKind};
use rego_syntax::visit::{self, Visit};
use rego_syntax::{ParseOptions, parse_query};

use crate::compiler::{RegoVersion, parse_one};
use crate::errors::Errors;

/// From what to what: paths below `data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    from: Vec<String>,
    to: Vec<String>,
}

impl Move {
    /// Reads `data.lib.foo:data.baz`.
    ///
    /// Errors: anything but two references into `data`, as a sentence.
    pub fn parse(mapping: &str) -> Result<Self, String> {
        let form = || "expected mapping of the form <from>:<to>".to_owned();
        let (body, errors) =
            parse_query(Default::default(), &format!("{{{mapping}}}"), &ParseOptions::default());
        if let Some(error) = errors.first() {
            return Err(format!("failed to parse mapping: {}", error.message));
        }
        let [expr] = body.exprs.as_slice() else { return Err(form()) };
        let rego_syntax::ast::ExprKind::Term(Term { kind: TermKind::Object(entries), .. }) =
            &expr.kind
        else {
            return Err(form());
        };
        let [(from, to)] = entries.as_slice() else { return Err(form()) };
        let path = |term: &Term| {
            let TermKind::Ref { head, path } = &term.kind else { return None };
            let is_data = matches!(&head.kind, TermKind::Var(name) if &**name == "data");
            let steps: Option<Vec<String>> = path.iter().map(constant).collect();
            steps.filter(|_| is_data)
        };
        let wrong = |term: &str| format!("{term} must be a reference below data");
        Ok(Self {
            from: path(from).ok_or_else(|| wrong("<from>"))?,
            to: path(to).ok_or_else(|| wrong("<to>"))?,
        })
    }

    /// Returns the text of the new path, its root left out: `baz["b c"]`.
    fn text(&self) -> String {
        let mut text = String::new();
        for part in &self.to {
            match is_name(part) {
                true if text.is_empty() => text.push_str(part),
                true => text.push_str(&format!(".{part}")),
                false => {
                    text.push_str(&format!("[{}]", rego_value::Value::from(&**part).to_json()))
                }
            }
        }
        text
    }
}

fn constant(step: &Step) -> Option<String> {
    match &step.term.kind {
        TermKind::String { value, .. } => Some(value.to_string()),
        _ => None,
    }
}

fn is_name(text: &str) -> bool {
    let starts = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    starts && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Returns a module with every package under its new name; the layout stays. An import without an
/// alias whose name changes gets the old name as its alias, so that what uses it still means the
/// same.
///
/// Errors: text that is no module.
pub fn move_packages(
    name: &str,
    text: &str,
    version: RegoVersion,
    moves: &[Move],
) -> Result<String, Errors> {
    let mut sources = Sources::default();
    let source = sources.add(Arc::new(SourceFile::new(name, text)));
    let (module, mut found) = parse_one(source, text, version);
    found.retain(|error| error.severity == rego_source::Severity::Error);
    if !found.is_empty() {
        return Err(Errors { diagnostics: found, sources });
    }
    let mut edits = Edits { text, moves, edits: Vec::new() };
    edits.module(&module);
    Ok(edits.apply())
}

struct Edits<'t> {
    text: &'t str,
    moves: &'t [Move],
    /// What is put in the place of what, in the order of the text.
    edits: Vec<(Span, String)>,
}

impl Edits<'_> {
    fn module(&mut self, module: &Module) {
        let names: Vec<String> =
            module.package.path.iter().map(|name| name.text.to_string()).collect();
        if let Some((moved, len)) = self.find(&names)
            && let Some(first) = module.package.path.first()
        {
            let end = self.end_of_name(module.package.path.get(len - 1), first.span.end);
            let text = moved.text();
            self.edits.push((Span::new(first.span.start, end), text));
        }
        module.imports.iter().for_each(|import| self.import(import));
        module.rules.iter().for_each(|rule| self.rule(rule));
    }

    /// Returns the move whose source is a part of a path from its start: the longest.
    fn find(&self, path: &[String]) -> Option<(Move, usize)> {
        let fits = self.moves.iter().filter(|one| path.starts_with(&one.from));
        let best = fits.max_by_key(|one| one.from.len())?;
        Some((best.clone(), best.from.len())).filter(|(_, len)| *len > 0)
    }

    /// Returns where a name ends, its bracket included.
    fn end_of_name(&self, name: Option<&Name>, otherwise: u32) -> u32 {
        name.map_or(otherwise, |name| self.behind_bracket(name.span.end))
    }

    fn behind_bracket(&self, end: u32) -> u32 {
        let rest = self.text.get(end as usize..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start().len();
        if rest.trim_start().starts_with(']') { end + blank as u32 + 1 } else { end }
    }

    fn import(&mut self, import: &Import) {
        let Some((root, path)) = import.path.split_first() else { return };
        if &*root.text != "data" {
            return;
        }
        let names: Vec<String> = path.iter().map(|name| name.text.to_string()).collect();
        let Some((moved, len)) = self.find(&names) else { return };
        let end = self.end_of_name(path.get(len - 1), root.span.end);
        let mut text = joined(&moved);
        let renamed = names.len() == len && names.last() != moved.to.last();
        if let (true, None, Some(old)) = (renamed, &import.alias, names.last()) {
            text.push_str(&format!(" as {old}"));
        }
        self.edits.push((Span::new(root.span.start, end), text));
    }

    fn apply(mut self) -> String {
        self.edits.sort_by_key(|(span, _)| span.start);
        let mut out = String::with_capacity(self.text.len());
        let mut at = 0;
        for (span, text) in &self.edits {
            out.push_str(self.text.get(at..span.start as usize).unwrap_or_default());
            out.push_str(text);
            at = span.end as usize;
        }
        out.push_str(self.text.get(at..).unwrap_or_default());
        out
    }
}

/// Returns the new path with its root.
fn joined(moved: &Move) -> String {
    let text = moved.text();
    let dot = if text.is_empty() || text.starts_with('[') { "" } else { "." };
    format!("data{dot}{text}")
}

impl Visit for Edits<'_> {
    fn term(&mut self, term: &Term) {
        if let TermKind::Ref { head, path } = &term.kind
            && matches!(&head.kind, TermKind::Var(name) if &**name == "data")
        {
            let names: Vec<String> = path.iter().map_while(constant).collect();
            if let Some((moved, len)) = self.find(&names) {
                let last = path.get(len - 1);
                let end = last.map_or(head.span.end, |step| match step.dotted {
                    true => step.term.span.end,
                    false => self.behind_bracket(step.term.span.end),
                });
                self.edits.push((Span::new(head.span.start, end), joined(&moved)));
            }
        }
        visit::term_parts(self, term);
    }
}
