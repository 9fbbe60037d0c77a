//! How what is wrong with a document is worded.
//!
//! Source: gqlparser's errors are `input:row:column: message`; OPA takes them apart again.
//!
//! Must not know: what may be wrong.

use rego_vm::BuiltinError;

use super::document::Place;

/// What a step returns that may find the document wrong ([`BuiltinError::Failed`]), or halt.
pub(super) type Checked<T> = Result<T, BuiltinError>;

/// Returns what gqlparser says: `input:1:2: message`, or `input: message` without a place.
pub(super) fn line(place: Place, message: &str) -> String {
    match place {
        Some(place) => format!("input:{}:{}: {message}", place.line, place.column),
        None => format!("input: {message}"),
    }
}

/// Returns what OPA makes of it: `message in GraphQL string at location 1:2`.
pub(super) fn worded(line: &str) -> String {
    let number = |text: &str| text.parse::<u64>().ok();
    let mut parts = line.splitn(4, ':').skip(1);
    let place = parts.next().and_then(number).zip(parts.next().and_then(number));
    let (Some((row, column)), Some(message)) = (place, parts.next()) else {
        return format!("GraphQL parse error: {line}");
    };
    let message = message.trim_start_matches(' ');
    let message = message.strip_suffix(".\n").unwrap_or(message);
    format!("{message} in GraphQL string at location {row}:{column}")
}

/// Returns the error of a text that cannot be read.
pub(super) fn unreadable(place: Place, message: &str) -> BuiltinError {
    BuiltinError::Failed(worded(&line(place, message)))
}

/// Returns the error of a schema that contradicts itself.
pub(super) fn unsound(place: Place, message: &str) -> BuiltinError {
    let line = match place {
        Some(_) => line(place, message),
        None => format!("input:-1:-1: {message}"),
    };
    let text = "Error in gqlparser SchemaDocument to Schema conversion";
    BuiltinError::Failed(format!("{text}: {line}"))
}
