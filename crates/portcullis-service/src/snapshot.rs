//! One compiled policy, ready to decide: never changed, only replaced.
//!
//! Must not know: files (that is `files`), when to replace it (that is `store`).

use std::fmt;
use std::sync::{Arc, OnceLock};

use rego::{
    Annotations, Compiler, Errors, Lowering, Policy, Query, QueryOptions, RegoVersion, Severity,
    Value,
};
use sha2::{Digest, Sha256};

use crate::load::LoadErrors;
use crate::query_cache::QueryCache;
use crate::state::State;
use crate::store::WriteError;

/// How modules are compiled, and what must always be ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct CompileOptions {
    /// The grammar of modules that have none of their own.
    pub rego_version: RegoVersion,
    /// What happens to METADATA blocks that are not YAML.
    pub annotations: Annotations,
    /// How many errors are collected before compilation gives up; 10 without.
    pub errors_max: Option<usize>,
    /// Queries that are prepared with the policy: where one does not compile, the policy is
    /// refused.
    pub queries: Vec<String>,
}

/// A compiled policy with its prepared queries.
pub struct Snapshot {
    policy: Policy,
    state: State,
    options: Arc<CompileOptions>,
    queries: Vec<Query>,
    cache: Arc<QueryCache>,
    /// The policy made to be traced, once somebody wants that.
    traced: OnceLock<Policy>,
    revision: u64,
    config_hash: Arc<str>,
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

impl From<SnapshotError> for WriteError {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Load(errors) => Self::Refused(errors.to_string()),
            SnapshotError::Compile(errors) => Self::Compile(errors),
            SnapshotError::Query(text, errors) => Self::Query(text, errors),
        }
    }
}

impl Snapshot {
    /// Returns the compiled policy of `state`.
    ///
    /// Errors: modules or queries do not compile.
    pub fn compile(
        state: State,
        options: Arc<CompileOptions>,
        revision: u64,
    ) -> Result<Self, SnapshotError> {
        let mut hash = Sha256::new();
        let mut compiler = Compiler::new()
            .data(state.data.clone())
            .rego_version(options.rego_version)
            .annotations(options.annotations);
        if let Some(errors_max) = options.errors_max {
            compiler = compiler.errors_max(errors_max);
        }
        for record in state.modules.values() {
            hash.update(record.text.as_bytes());
            let version = record.version.unwrap_or(options.rego_version);
            compiler = compiler.module_of(record.file.as_str(), Arc::clone(&record.text), version);
        }
        let policy = compiler.compile().map_err(SnapshotError::Compile)?;
        let prepare = |text: &String| {
            policy.prepare(text).map_err(|errors| SnapshotError::Query(text.clone(), errors))
        };
        let queries = options.queries.iter().map(prepare).collect::<Result<_, _>>()?;
        let digest = hash.finalize();
        let config_hash = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Ok(Self {
            policy,
            state,
            options,
            queries,
            cache: Arc::new(QueryCache::new()),
            traced: OnceLock::new(),
            revision,
            config_hash: config_hash.into(),
        })
    }

    /// Returns the snapshot after this one. Where no module has changed nothing is compiled.
    ///
    /// Errors: modules or queries do not compile, or not over the new data.
    pub(crate) fn next(&self, state: State, modules_changed: bool) -> Result<Self, SnapshotError> {
        let revision = self.revision + 1;
        if modules_changed {
            return Self::compile(state, Arc::clone(&self.options), revision);
        }
        self.policy.check_data(&state.data).map_err(SnapshotError::Compile)?;
        let policy = self.policy.with_data(state.data.clone());
        let queries = self.queries.iter().map(|query| query.over(&policy)).collect();
        self.cache.follow(&policy);
        Ok(Self {
            policy,
            state,
            options: Arc::clone(&self.options),
            queries,
            cache: Arc::clone(&self.cache),
            traced: OnceLock::new(),
            revision,
            config_hash: Arc::clone(&self.config_hash),
        })
    }

    /// Returns the prepared query of this index, of [`CompileOptions::queries`].
    pub fn query(&self, index: usize) -> Option<&Query> {
        self.queries.get(index)
    }

    /// Returns a query prepared against this policy, and whether it was ready already.
    ///
    /// Errors: what is wrong with the query.
    pub fn prepare(&self, text: &str, options: &QueryOptions) -> Result<(Query, bool), Errors> {
        self.prepare_for("", text, options)
    }

    /// Returns the same for one kind of caller: whether a query was ready is told of each kind, as
    /// OPA's endpoints do.
    ///
    /// Errors: what is wrong with the query.
    pub fn prepare_for(
        &self,
        kind: &'static str,
        text: &str,
        options: &QueryOptions,
    ) -> Result<(Query, bool), Errors> {
        self.cache.get_or_prepare(&self.policy, (kind, text), options)
    }

    /// Returns the compiled policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns the same policy made to tell a tracer what it does.
    ///
    /// Errors: a defect of the compiler.
    pub fn traced(&self) -> Result<&Policy, Errors> {
        if let Some(policy) = self.traced.get() {
            return Ok(policy);
        }
        let lowering = Lowering { trace: true, ..Lowering::default() };
        let policy = self.policy.lowered(lowering)?;
        Ok(self.traced.get_or_init(|| policy))
    }

    /// Returns what it was made of.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns how modules are compiled.
    pub fn options(&self) -> &CompileOptions {
        &self.options
    }

    /// Returns how many policies came before this one, from 1.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the SHA-256 of the texts of all modules, one after the other, in hexadecimal.
    pub fn config_hash(&self) -> &str {
        &self.config_hash
    }

    /// Returns the bundles as decisions and provenance name them: `{name: {revision}}`, or nothing
    /// where there are none.
    pub fn bundles(&self) -> Option<Value> {
        if self.state.bundles.is_empty() {
            return None;
        }
        let named = self.state.bundles.iter().map(|(name, bundle)| {
            let revision = Value::from(bundle.revision.as_str());
            let known = !bundle.revision.is_empty();
            let entries = if known { vec![(Value::from("revision"), revision)] } else { vec![] };
            (Value::from(name.as_str()), Value::object(entries))
        });
        Some(Value::object(named.collect()))
    }

    /// Returns what the compiler found but accepted, a line each.
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.policy.warnings().to_vec();
        let findings = Errors { diagnostics: warnings, sources: self.policy.sources() };
        let of_kind = findings.diagnostics.iter().filter(|d| d.severity == Severity::Warning);
        of_kind.map(|diagnostic| findings.line(diagnostic)).collect()
    }
}
