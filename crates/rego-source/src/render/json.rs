//! A finding as the JSON object that OPA's `--format json` and its REST errors hold.

use std::fmt::Write;

use super::excerpt::excerpt;
use crate::diagnostic::Diagnostic;
use crate::span::Sources;

/// Returns `{"message", "code", "location": {"file", "row", "col"}, "details"}` on one line.
/// `details` is `{"line", "idx"}` for what the parser finds, the finding's own object where it has
/// one, `{"lines": […]}` where it has only lines, and absent otherwise.
pub fn json(sources: &Sources, diagnostic: &Diagnostic) -> String {
    let mut out = String::from("{\"message\":");
    push_string(&mut out, &diagnostic.message);
    out.push_str(",\"code\":");
    push_string(&mut out, diagnostic.code);
    if let Some((file, position)) = diagnostic.location.and_then(|l| sources.resolve(l)) {
        out.push_str(",\"location\":{\"file\":");
        push_string(&mut out, file);
        push(&mut out, format_args!(",\"row\":{},\"col\":{}}}", position.row, position.col));
    }
    push_details(&mut out, sources, diagnostic);
    out.push('}');
    out
}

fn push_details(out: &mut String, sources: &Sources, diagnostic: &Diagnostic) {
    let place = diagnostic.location.filter(|_| diagnostic.shows_source);
    let file = place.and_then(|l| Some((sources.get(l.source)?, l.span.start)));
    if let Some((file, offset)) = file {
        let found = excerpt(file, offset);
        out.push_str(",\"details\":{\"line\":");
        push_string(out, found.line);
        push(out, format_args!(",\"idx\":{}}}", found.index));
    } else if let Some(details) = &diagnostic.details_json {
        out.push_str(",\"details\":");
        out.push_str(details);
    } else if !diagnostic.details.is_empty() {
        out.push_str(",\"details\":{\"lines\":[");
        for (index, detail) in diagnostic.details.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            push_string(out, detail);
        }
        out.push_str("]}");
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' || c == '\u{2028}' || c == '\u{2029}' => {
                push(out, format_args!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
