//! A module: its package, its imports, its rules, and what is left of the comments.
//!
//! Must not know: how rules are laid out.

use std::collections::{BTreeMap, BTreeSet};

use rego_source::{Diagnostic, Location, SourceId, Span};

use crate::ast::{self, Module, RegoVersion};
use crate::parser::{ERRORS_MAX, keyword_end, keyword_end_message, keyword_name};

use super::build::{Builder, is_reserved};
use super::imports::{self, Import};
use super::page::Page;
use super::place::Lines;
use super::printer::Printer;
use super::tree::Rule;
use super::{FormatOptions, Target};

/// Returns the text of a module.
pub(super) fn print(
    text: &str,
    module: &Module,
    options: &FormatOptions,
    comments_go_above: bool,
) -> Result<String, Vec<Diagnostic>> {
    let lines = Lines::new(text);
    let mut builder = Builder::new(&lines, module);
    let rules: Vec<Rule<'_>> = module.rules.iter().map(|rule| builder.rule(rule)).collect();
    if options.version == RegoVersion::V0 && options.target != Target::V0 {
        let faults = keyword_names(module, &lines, &builder.keywords.take());
        if !faults.is_empty() {
            return Err(faults);
        }
    }
    let imports = imports::imports(module, &lines);
    let mut style = imports::style(&imports, options);
    style.see_heads(&rules);
    let imports = imports::wanted(imports, options, builder.calls_in.get());
    let templates = builder.templates.take();
    let inside = |comment: &&ast::Comment| {
        let at = comment.span.start;
        !templates.iter().any(|span| span.start < at && at < span.end)
    };
    let comments: Vec<_> = module.comments.iter().filter(inside).cloned().collect();
    let page = Page::new(&comments, |at| lines.row(at));
    let mut printer = Printer::new(&lines, page, style);
    printer.comments_go_above = comments_go_above;
    printer.package(module);
    printer.statements(imports, rules);
    match printer.faults.is_empty() {
        true => Ok(printer.page.finish()),
        false => Err(printer.faults),
    }
}

/// Returns an error for each name of v0 that is a keyword in v1.
fn keyword_names(module: &Module, lines: &Lines<'_>, variables: &[Span]) -> Vec<Diagnostic> {
    let report = |name: &str, message: String, span: Span| {
        let location = Location { source: SourceId(0), span };
        Diagnostic::error("rego_parse_error", location, message)
            .with_hint(format!("`{name}` is a keyword of Rego v1; choose another name first"))
    };
    let fault = |name: &str, kind: &str, span: Span| {
        report(name, format!("{name} keyword cannot be used for {kind} name"), span)
    };
    let ends = module.imports.iter().filter(|import| import.alias.is_none()).filter_map(|import| {
        let last = keyword_end(&import.path, RegoVersion::V1)?;
        Some(report(&last.text, keyword_end_message(last), last.span))
    });
    let rules = module.rules.iter().filter_map(|rule| {
        keyword_name(&rule.head.reference).map(|name| fault(name, "rule", rule.span))
    });
    let heads: BTreeSet<Span> = module.rules.iter().map(|rule| rule.head.reference.span).collect();
    let aliases = module.imports.iter().filter_map(|import| import.alias.as_ref());
    let aliases = aliases.filter(|alias| is_reserved(&alias.text)).map(|alias| alias.span);
    let variables = variables.iter().copied().filter(|span| !heads.contains(span));
    let names = aliases.chain(variables);
    let named = names.map(|span| fault(lines.slice(span), "variable", span));
    ends.chain(rules).chain(named).take(ERRORS_MAX).collect()
}

impl<'a> Printer<'a> {
    fn package(&mut self, module: &'a Module) {
        // One line has one comment, so that none can clash yet.
        let _ = self.page.comments_to(self.lines.row(module.package.span.start));
        self.page.start_line();
        self.write("package ");
        for (index, name) in module.package.path.iter().enumerate() {
            let is_quoted = self.lines.slice(name.span).starts_with('"');
            self.path_part(&name.text, index, is_quoted);
        }
        self.page.blank_line();
    }

    /// Prints imports and rules in the order of the source, in runs.
    fn statements(&mut self, imports: Vec<Import<'a>>, rules: Vec<Rule<'a>>) {
        let mut imports = imports.into_iter().peekable();
        let mut rules = rules.into_iter().peekable();
        while imports.peek().is_some() || rules.peek().is_some() {
            let rule_at = rules.peek().map_or(u32::MAX, |rule| rule.place.at);
            let run = std::iter::from_fn(|| imports.next_if(|import| import.place.at < rule_at));
            self.imports(run.collect());
            let import_at = imports.peek().map_or(u32::MAX, |import| import.place.at);
            let run = std::iter::from_fn(|| rules.next_if(|rule| rule.place.at <= import_at));
            let run: Vec<_> = run.collect();
            self.rules(&run);
        }
        self.page.remaining_comments();
    }

    fn imports(&mut self, imports: Vec<Import<'a>>) {
        let rows: BTreeSet<u32> = imports.iter().map(|import| import.place.row).collect();
        let mut comments: BTreeMap<u32, String> =
            self.page.take_on(|row| rows.contains(&row)).into_iter().collect();
        for (row, group) in imports::groups(imports) {
            let _ = self.page.comments_to(row);
            for import in group {
                self.page.start_line();
                self.import(&import);
                if let Some(comment) = comments.remove(&import.place.row) {
                    self.write(" ");
                    self.write(&comment);
                }
                self.page.end_line();
            }
            self.page.blank_line();
        }
    }

    fn import(&mut self, import: &Import<'a>) {
        self.write("import ");
        for (index, (part, is_quoted)) in import.path.iter().enumerate() {
            let is_keyword_import = import.keyword().is_some();
            self.path_part(part, index, *is_quoted && !is_keyword_import);
        }
        if let Some(alias) = import.alias {
            self.write(" as ");
            self.write(alias);
        }
    }

    fn path_part(&mut self, part: &str, index: usize, is_quoted: bool) {
        if index == 0 {
            self.write(part);
        } else {
            self.name(part, is_quoted);
        }
    }
}
