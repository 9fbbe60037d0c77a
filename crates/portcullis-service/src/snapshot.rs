//! One compiled policy, ready to decide: never changed, only replaced.
//!
//! Must not know: files (that is `load`), when to replace it (that is `store`).

use std::fmt;

use rego::{Compiler, Errors, Policy, Query, Severity, Value};
use sha2::{Digest, Sha256};

use crate::load::{self, LoadErrors, LoadOptions};
use crate::source::PolicySource;

/// A compiled policy with its prepared queries.
pub struct Snapshot {
    policy: Policy,
    queries: Vec<Query>,
    revision: u64,
    config_hash: String,
}

/// Why a policy cannot be used.
#[derive(Debug)]
pub enum SnapshotError {
    /// Files that cannot be read.
    Load(LoadErrors),
    /// Modules that do not compile.
    Compile(Errors),
    /// A query that does not compile: its text, and why.
    Query(String, Errors),
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(errors) => errors.fmt(f),
            Self::Compile(errors) => errors.fmt(f),
            Self::Query(text, errors) => write!(f, "query `{text}`: {errors}"),
        }
    }
}

impl std::error::Error for SnapshotError {}

impl Snapshot {
    /// Returns the policy that `source` holds now, with `queries` prepared in their order.
    ///
    /// Errors: files that cannot be read, modules or queries that do not compile.
    pub fn build(
        source: &PolicySource,
        queries: &[String],
        revision: u64,
    ) -> Result<Self, SnapshotError> {
        let loaded =
            load::load(&source.paths, &LoadOptions::default()).map_err(SnapshotError::Load)?;
        let mut hash = Sha256::new();
        let mut compiler = Compiler::new()
            .data(loaded.data)
            .rego_version(source.rego_version)
            .annotations(source.annotations);
        for (name, text) in source.embedded.iter().cloned().chain(loaded.modules) {
            hash.update(text.as_bytes());
            compiler = compiler.module(name, text);
        }
        let policy = compiler.compile().map_err(SnapshotError::Compile)?;
        let prepare = |text: &String| {
            policy.prepare(text).map_err(|errors| SnapshotError::Query(text.clone(), errors))
        };
        let queries = queries.iter().map(prepare).collect::<Result<_, _>>()?;
        let config_hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { policy, queries, revision, config_hash })
    }

    /// Returns the prepared query of this index.
    pub fn query(&self, index: usize) -> Option<&Query> {
        self.queries.get(index)
    }

    /// Returns how many policies came before this one, from 1.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the SHA-256 of the texts of all modules, one after the other, in hexadecimal.
    pub fn config_hash(&self) -> &str {
        &self.config_hash
    }

    /// Returns what the compiler found but accepted, a line each.
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.policy.warnings().to_vec();
        let findings = Errors { diagnostics: warnings, sources: self.policy.sources() };
        let of_kind = findings.diagnostics.iter().filter(|d| d.severity == Severity::Warning);
        of_kind.map(|diagnostic| findings.line(diagnostic)).collect()
    }

    /// Whether this decides as `other` does: same modules and same data.
    pub(crate) fn same_as(&self, other: &Snapshot) -> bool {
        self.config_hash == other.config_hash && self.data() == other.data()
    }

    fn data(&self) -> &Value {
        self.policy.data()
    }
}
