//! What a test says while it runs.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use rego_value::Value;

/// Most text, in bytes, that is kept of what one run of a test prints. Ours.
pub const OUTPUT_BYTES_MAX: usize = 4 << 20;

/// Most cases that are kept of one run of a test. Ours.
pub const CASES_MAX: usize = 100_000;

/// What stands in place of what a test prints beyond the bound.
const CUT: &str = "... more was printed than is kept\n";

/// Takes down what one run of a test prints, and which cases begin. The host that the run is given
/// hands both on.
#[derive(Debug, Default)]
pub struct TestLog(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    output: String,
    is_cut: bool,
    cases: BTreeSet<Value>,
}

impl TestLog {
    /// Takes a line that was printed.
    pub fn print(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_cut {
            return;
        }
        if lines.output.len().saturating_add(line.len()) >= OUTPUT_BYTES_MAX {
            lines.is_cut = true;
            lines.output.push_str(CUT);
            return;
        }
        lines.output.push_str(line);
        lines.output.push('\n');
    }

    /// Takes the name of a case that begins.
    pub fn test_case(&self, name: &Value) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.cases.len() < CASES_MAX {
            lines.cases.insert(name.clone());
        }
    }

    pub(super) fn output(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).output.clone()
    }

    pub(super) fn cases(&self) -> BTreeSet<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cases.clone()
    }
}
