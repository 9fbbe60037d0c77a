//! What to do about an error, by how its message starts. OPA says nothing there.

use rego_source::{Diagnostic, Location};

/// OPA's code for everything that is found in this crate.
const CODE: &str = "rego_parse_error";

const HINTS: &[(&str, &str)] = &[
    ("`if` keyword is required", "write `… if { … }`, or read the file as Rego v0"),
    (
        "`contains` keyword is required",
        "write `p contains x if { … }`, or read the file as Rego v0",
    ),
    ("package expected", "start the file with `package` and a name"),
    ("empty module", "start the file with `package` and a name"),
    ("unexpected package", "a file has one package, at its start"),
    (
        "var cannot be used for rule name",
        "give the rule a value, `p := 1`, or a body, `p if { … }`",
    ),
    ("rule must have value", "give the rule a value, `p := 1`, or a body, `p if { … }`"),
    ("expressions using with keyword", "put the expression into a body: `p if { … with … }`"),
    ("negated expressions", "put the expression into a body: `p if not …`"),
    ("'some' declarations", "put the declaration into the body of a rule"),
    ("rule name conflicts with", "an expression must stand in the body of a rule"),
    ("multiple expressions", "write one rule a line"),
    (
        "non-terminated string",
        "close the string; one over several lines stands between back quotes",
    ),
    (
        "illegal escape sequence",
        "write `\\\\` for a backslash, or put the string between back quotes",
    ),
    ("illegal default rule (value", "a default is a constant; move what varies into another rule"),
    ("illegal default rule (must", "write `default p := value`"),
    ("illegal default rule (arg", "the arguments of a default function are distinct variables"),
    ("unexpected import path, must not end", "add an alias: `import … as name`"),
    (
        "unexpected import path",
        "only `data`, `input`, `future.keywords` and `rego.v1` are imported",
    ),
    ("max parsing recursion depth", "move inner parts into rules of their own"),
    ("text is too ambiguous", "move inner parts into rules of their own"),
    ("found empty body", "a body holds at least one expression, such as `true`"),
    ("unexpected identifier token: expected \\n or ; or }", "put each expression on its own line"),
    ("unexpected identifier token: expected number", "write `0 - x` for a negated variable"),
    ("unexpected eof token", "something before this place is not finished"),
    (
        "else keyword cannot be used on multi-value",
        "an element is in the set or not; write two rules",
    ),
];

/// Returns an error, with a hint where one is known and the message has none of its own.
pub(super) fn error(location: Location, message: &str) -> Diagnostic {
    let error = Diagnostic::error(CODE, location, message);
    match HINTS.iter().find(|(start, _)| message.starts_with(start)) {
        Some((_, hint)) if !message.contains("(hint") => error.with_hint(*hint),
        _ => error,
    }
}
