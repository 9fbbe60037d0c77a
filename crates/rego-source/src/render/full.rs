//! A finding for people: what, where, the line with the place marked, what to do.

use std::fmt::Write;

use crate::diagnostic::{Diagnostic, Severity};
use crate::span::{Location, SourceFile, Sources, Span};

/// How many characters of a line are shown.
const LINE_CHARS_MAX: usize = 120;

/// Returns a finding over several lines, without colour, ending in a line break.
///
/// ```
/// use std::sync::Arc;
/// use rego_source::{Diagnostic, Location, SourceFile, Sources, Span, render};
///
/// let mut sources = Sources::default();
/// let source = sources.add(Arc::new(SourceFile::new("p.rego", "package p\n\nq := nope\n")));
/// let location = Location { source, span: Span::new(16, 20) };
/// let error = Diagnostic::error("rego_unsafe_var_error", location, "var nope is unsafe")
///     .with_hint("declare it in the body");
/// assert_eq!(render::full(&sources, &error), "\
/// error: rego_unsafe_var_error: var nope is unsafe
///   --> p.rego:3:6
///     |
///   3 | q := nope
///     |      ^^^^
///   hint: declare it in the body
/// ");
/// ```
pub fn full(sources: &Sources, diagnostic: &Diagnostic) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut out = format!("{severity}: {}: {}\n", diagnostic.code, diagnostic.message);
    if let Some(location) = diagnostic.location {
        push_place(&mut out, sources, location);
    }
    for detail in &diagnostic.details {
        push(&mut out, format_args!("  {detail}\n"));
    }
    for note in &diagnostic.notes {
        push(&mut out, format_args!("  note: {}\n", note.message));
        push_place(&mut out, sources, note.location);
    }
    if let Some(hint) = &diagnostic.hint {
        push(&mut out, format_args!("  hint: {hint}\n"));
    }
    out
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

fn push_place(out: &mut String, sources: &Sources, location: Location) {
    let Some(file) = sources.get(location.source) else { return };
    let name = if file.name().is_empty() { "query" } else { file.name() };
    if location.span == Span::NOWHERE {
        return push(out, format_args!("  --> {name}\n"));
    }
    let position = file.position(location.span.start);
    push(out, format_args!("  --> {name}:{}:{}\n", position.row, position.col));
    let (text, marks) = marked_line(file, location.span);
    let row = position.row.to_string();
    let blank = " ".repeat(row.len().max(3));
    push(out, format_args!("{blank} |\n{row:>3} | {text}\n{blank} | {marks}\n"));
}

/// Returns the line that a span starts on, or a window of it, and a line that marks the span.
pub(super) fn marked_line(file: &SourceFile, span: Span) -> (String, String) {
    let position = file.position(span.start);
    let before = position.col as usize - 1;
    let skipped = if before >= LINE_CHARS_MAX { before - LINE_CHARS_MAX / 2 } else { 0 };
    let line = file.line(position.row);
    let shown: String = line.chars().skip(skipped).take(LINE_CHARS_MAX).collect();
    let tab_or_blank = |c: char| if c == '\t' { '\t' } else { ' ' };
    let mut marks: String = shown.chars().take(before - skipped).map(tab_or_blank).collect();
    let spanned = file.slice(span).chars().take_while(|c| !matches!(c, '\n' | '\r')).count();
    let visible = shown.chars().count().saturating_sub(before - skipped);
    marks.extend(std::iter::repeat_n('^', spanned.min(visible).max(1)));
    (shown, marks)
}
