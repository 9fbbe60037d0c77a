//! Docker's API as the daemon has it: its routes, and the types that its bodies are decoded into.
//!
//! Facts only, in `api/table.txt`, which `scripts/docker-api-table` makes. Pure. Must not know: what
//! is allowed, what a request holds.

mod kind;
mod route;
mod table;

pub use self::kind::{Field, Kind, Shape, Type, TypeId};
pub use self::route::{Body, Found, Route, UNKNOWN, find, version};
pub use self::table::{Table, TableError, table};

/// Returns the text that Go's JSON decoder compares keys by: ASCII letters small, and the two other
/// characters that Unicode folds to one of them. Anything else stays, since no field's name has it.
///
/// Source: Go `encoding/json`, function `foldName`; Unicode `CaseFolding.txt`.
pub fn fold(key: &str) -> String {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    key.chars().map(fold).collect()
}
