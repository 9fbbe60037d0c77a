//! What runs have used of their budgets.
//!
//! Must not know: what the bounds were.

use std::sync::atomic::{AtomicU64, Ordering};

/// Adds up what runs use. Handed to a run by [`crate::Setting::usage`]; one may serve many runs, also
/// of several threads.
#[derive(Debug, Default)]
pub struct Usage {
    steps: AtomicU64,
    bytes: AtomicU64,
    results: AtomicU64,
}

impl Usage {
    /// Returns the steps: loop turns, calls, and work inside of builtins.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// Returns the bytes of results that were made on the way.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns how many results those were.
    pub fn results(&self) -> u64 {
        self.results.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, steps: u64, bytes: u64, results: u64) {
        self.steps.fetch_add(steps, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.results.fetch_add(results, Ordering::Relaxed);
    }
}
