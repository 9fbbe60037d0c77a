//! YAML in and out, with the data model OPA has it by: what is read is what JSON could say.
//!
//! In: YAML 1.1 scalars (`yes` is true, `0777` is octal, a date is a string), merge keys, anchors;
//! keys become strings; of equal keys the last one counts; only the first document is read.
//! Out: block style, keys in natural order, quotes only where needed.
//!
//! Must not know: files, text of Rego.
//!
//! Source: `sigs.k8s.io/yaml` over its `goyaml.v2`, which OPA uses up to 1.20.

mod node;
mod quote;
mod read;
mod resolve;
#[cfg(test)]
mod tests;
mod timestamp;
mod wording;
mod write;

use std::fmt;

use saphyr_parser::Marker;

pub use node::{YamlContent, YamlNode};

/// Deepest nesting that is read, as for JSON.
pub const YAML_DEPTH_MAX: usize = crate::json::JSON_DEPTH_MAX;

/// Most values that aliases and merge keys of one document may stand for, nested ones counted each
/// time: far more than people write, far less than a bomb needs.
pub const YAML_ALIASED_VALUES_MAX: usize = 1_000_000;

/// Why bytes are not a YAML value, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    message: String,
    row: usize,
    col: usize,
    line: Option<usize>,
}

impl YamlError {
    fn new(message: String, place: &Marker) -> Self {
        let row = place.line();
        Self { message, row, col: place.col() + 1, line: Some(row) }
    }

    fn with_line(self, line: Option<usize>) -> Self {
        Self { line, ..self }
    }

    /// Returns the line that Go's YAML library tells, which need not be the one where the error is:
    /// it counts some errors from 0, and does not tell 0.
    pub fn told_line(&self) -> Option<usize> {
        self.line
    }

    /// Returns what is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the line, from 1.
    pub fn row(&self) -> usize {
        self.row
    }

    /// Returns the place in the line: in characters, from 1.
    pub fn col(&self) -> usize {
        self.col
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "yaml: line {line}: {}", self.message),
            None => write!(f, "yaml: {}", self.message),
        }
    }
}

impl std::error::Error for YamlError {}
