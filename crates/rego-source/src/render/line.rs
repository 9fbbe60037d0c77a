//! OPA's text: a line for each finding, with lines of detail indented below it.

use std::fmt::Write;

use super::excerpt::excerpt;
use crate::diagnostic::Diagnostic;
use crate::span::Sources;

/// Returns a finding as OPA prints it: `file:row: code: message`, without a file name
/// `row:col: code: message`, then details, each on a line of its own after a tab.
///
/// ```
/// use std::sync::Arc;
/// use rego_source::{Diagnostic, Location, SourceFile, Sources, Span, render};
///
/// let mut sources = Sources::default();
/// let source = sources.add(Arc::new(SourceFile::new("p.rego", "package p\n\nq := 1 +")));
/// let location = Location { source, span: Span::new(19, 19) };
/// let error = Diagnostic::error("rego_parse_error", location, "unexpected eof token");
/// assert_eq!(render::line(&sources, &error), "p.rego:3: rego_parse_error: unexpected eof token");
/// assert_eq!(
///     render::line(&sources, &error.with_source_line()),
///     "p.rego:3: rego_parse_error: unexpected eof token\n\tq := 1 +\n\t       ^",
/// );
/// ```
pub fn line(sources: &Sources, diagnostic: &Diagnostic) -> String {
    let mut out = String::new();
    if let Some((file, position)) = diagnostic.location.and_then(|l| sources.resolve(l)) {
        // Writing to a string cannot fail.
        let _ = match file {
            "" => write!(out, "{}:{}: ", position.row, position.col),
            _ => write!(out, "{file}:{}: ", position.row),
        };
    }
    out.push_str(diagnostic.code);
    out.push_str(": ");
    out.push_str(&diagnostic.message);
    for detail in source_lines(sources, diagnostic).iter().chain(&diagnostic.details) {
        out.push_str("\n\t");
        out.push_str(detail);
    }
    out
}

/// Returns findings as OPA prints a list of them.
pub fn lines(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    match diagnostics {
        [] => "no error(s)".to_owned(),
        [only] => format!("1 error occurred: {}", line(sources, only)),
        all => {
            let texts: Vec<String> = all.iter().map(|d| line(sources, d)).collect();
            format!("{} errors occurred:\n{}", all.len(), texts.join("\n"))
        }
    }
}

/// Returns the source line, without the tabs it starts with, and a caret below.
fn source_lines(sources: &Sources, diagnostic: &Diagnostic) -> Vec<String> {
    let Some(location) = diagnostic.location.filter(|_| diagnostic.shows_source) else {
        return Vec::new();
    };
    let Some(file) = sources.get(location.source) else { return Vec::new() };
    let found = excerpt(file, location.span.start);
    let line = found.line.trim_start_matches('\t');
    let tabs = found.line.len() - line.len();
    let indent = found.index.saturating_sub(tabs);
    vec![line.to_owned(), format!("{}^", " ".repeat(indent))]
}
