//! Results and errors as the shell shows them.

use rego::{Errors, ResultSet, Row};

use crate::command::{pretty_rows, row_json};
use crate::json::{self, Json};
use crate::report;

/// How results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Pretty,
    Json,
}

/// Returns the text of a result.
pub(super) fn result(found: &ResultSet, look: Look, limit: usize) -> String {
    let mut out = Vec::new();
    // Writing to memory does not fail.
    let _ = match look {
        Look::Json => json::write(&mut out, &whole(&found.rows)),
        Look::Pretty => pretty_rows(&found.rows, limit, &mut out),
    };
    String::from_utf8_lossy(&out).into_owned()
}

/// Returns the text of what is wrong with a query or a definition.
pub(super) fn errors(errors: &Errors) -> String {
    report::list(&report::of_errors(errors))
}

fn whole(rows: &[Row]) -> Json<'_> {
    if rows.is_empty() {
        return Json::Object(Vec::new());
    }
    Json::Object(vec![("result", Json::Array(rows.iter().map(row_json).collect()))])
}
