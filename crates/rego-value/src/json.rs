//! JSON in and out.
//!
//! In: one pass over the bytes straight into values; strict (one value, UTF-8, no control
//! characters, bounded depth); of equal keys the last one counts; numbers keep their text. Out: byte
//! for byte what Go's `encoding/json` writes, because OPA's users compare.
//!
//! Must not know: files, text of Rego, YAML.

mod read;
mod scan;
mod shapes;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;

pub use read::{JsonLayout, JsonReader};
pub use write::{JsonEscape, JsonStyle};

/// Deepest nesting of arrays and objects that is read. Every value that is read can be compared,
/// written and dropped on a thread with a stack of 2 MiB.
pub const JSON_DEPTH_MAX: usize = 1000;

/// Why bytes are not a JSON value, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    message: String,
    offset: usize,
    row: usize,
    col: usize,
}

impl JsonError {
    fn new(message: String, bytes: &[u8], offset: usize) -> Self {
        let before = bytes.get(..offset).unwrap_or(bytes);
        let row = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        Self { message, offset, row, col: before.len() - line_start + 1 }
    }

    /// Returns what is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns where: in bytes from the start, from 0.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Returns the line, from 1.
    pub fn row(&self) -> usize {
        self.row
    }

    /// Returns the place in the line: in bytes, from 1.
    pub fn col(&self) -> usize {
        self.col
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.row, self.col, self.message)
    }
}

impl std::error::Error for JsonError {}
