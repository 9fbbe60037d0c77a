//! OPA's text with what helps people: the place marked in its line, other places, what to do.

use std::fmt::Write;

use super::excerpt::excerpt;
use super::full::marked_line;
use super::line::line;
use crate::diagnostic::Diagnostic;
use crate::span::{Location, Sources, Span};

/// Returns a finding as [`line()`](super::line()) does, and below it, each line after a tab: the
/// source line with the whole place marked, the details, other places with their lines, and the
/// hint.
///
/// ```
/// use std::sync::Arc;
/// use rego_source::{Diagnostic, Location, SourceFile, Sources, Span, render};
///
/// let mut sources = Sources::default();
/// let source = sources.add(Arc::new(SourceFile::new("p.rego", "package p\n\na := 1\n\na := x\n")));
/// let at = |from, to| Location { source, span: Span::new(from, to) };
/// let error = Diagnostic::error("rego_unsafe_var_error", at(24, 25), "var x is unsafe")
///     .with_note(at(11, 17), "another definition")
///     .with_hint("give it a value");
/// assert_eq!(render::explained(&sources, &error), "\
/// p.rego:5: rego_unsafe_var_error: var x is unsafe
/// \ta := x
/// \t     ^
/// \tnote: p.rego:3: another definition
/// \t\ta := 1
/// \t\t^^^^^^
/// \thint: give it a value");
/// ```
pub fn explained(sources: &Sources, diagnostic: &Diagnostic) -> String {
    let plain = Diagnostic { details: Vec::new(), shows_source: false, ..diagnostic.clone() };
    let mut out = line(sources, &plain);
    if let Some(location) = diagnostic.location {
        // What the parser finds at the end of a line or file is shown where OPA shows it.
        let location = match diagnostic.shows_source {
            true => before_blanks(sources, location),
            false => location,
        };
        push_marked(&mut out, sources, location, "\t");
    }
    for detail in &diagnostic.details {
        push(&mut out, format_args!("\n\t{detail}"));
    }
    for note in &diagnostic.notes {
        let place = sources.resolve(note.location).map(|(file, at)| match file {
            "" => format!("{}:{}: ", at.row, at.col),
            _ => format!("{file}:{}: ", at.row),
        });
        push(&mut out, format_args!("\n\tnote: {}{}", place.unwrap_or_default(), note.message));
        push_marked(&mut out, sources, note.location, "\t\t");
    }
    if let Some(hint) = &diagnostic.hint {
        push(&mut out, format_args!("\n\thint: {hint}"));
    }
    out
}

/// Where blanks stand at a place, returns that of the last thing before them.
fn before_blanks(sources: &Sources, location: Location) -> Location {
    let Some(file) = sources.get(location.source) else { return location };
    let at = excerpt(file, location.span.start).offset as u32;
    if at == location.span.start {
        return location;
    }
    Location { span: Span::new(at, at), ..location }
}

/// Adds the line a place begins in and a line that marks it, without the blanks both begin with.
fn push_marked(out: &mut String, sources: &Sources, location: Location, indent: &str) {
    let Some(file) = sources.get(location.source).filter(|_| location.span != Span::NOWHERE) else {
        return;
    };
    let (text, marks) = marked_line(file, location.span);
    let both = text.chars().zip(marks.chars());
    let blanks = both.take_while(|(a, b)| matches!(a, ' ' | '\t') && *b != '^').count();
    let [text, marks] = [text, marks].map(|line| line.chars().skip(blanks).collect::<String>());
    push(out, format_args!("\n{indent}{text}\n{indent}{}", marks.trim_end()));
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}
