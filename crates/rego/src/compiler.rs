//! Modules and data in, policy out.

use std::sync::Arc;

use rego_source::{Diagnostic, Sources};
use rego_value::Value;

use crate::errors::Errors;
use crate::query::Query;

/// Which grammar modules are read with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegoVersion {
    /// Rego as of OPA 1.0.
    #[default]
    V1,
    /// Rego as before it.
    V0,
    /// Each module as v1, and where that fails as v0, with a warning that says so.
    Auto,
}

/// What to do about a METADATA block that is not YAML or says what it must not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Annotations {
    /// Nothing: comments are comments.
    #[default]
    Ignore,
    /// A warning.
    Warn,
    /// An error.
    Check,
}

/// Collects modules and data, then compiles them.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = rego::Compiler::new()
///     .module("authz.rego", "package authz\n\nallow if input.user == \"alice\"\n")
///     .compile()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Compiler {
    modules: Vec<(String, String)>,
    data: Option<Value>,
    version: RegoVersion,
    annotations: Annotations,
    strict: bool,
    errors_max: Option<usize>,
}

impl Compiler {
    /// Returns a compiler without modules or data.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a module: its name (a path, for messages) and its text.
    #[must_use]
    pub fn module(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.modules.push((name.into(), text.into()));
        self
    }

    /// Sets the base document, an object; `{}` without.
    #[must_use]
    pub fn data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// Sets the grammar.
    #[must_use]
    pub fn rego_version(mut self, version: RegoVersion) -> Self {
        self.version = version;
        self
    }

    /// Sets what happens to METADATA blocks.
    #[must_use]
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        self.annotations = annotations;
        self
    }

    /// Turns on OPA's strict mode: unused locals and imports and the like are errors.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Sets how many errors are collected before compilation gives up; 10 without.
    #[must_use]
    pub fn errors_max(mut self, errors_max: usize) -> Self {
        self.errors_max = Some(errors_max);
        self
    }

    /// Compiles.
    ///
    /// Errors: everything that is wrong with the modules, with places.
    pub fn compile(self) -> Result<Policy, Errors> {
        Ok(Policy { data: Arc::new(self.data.unwrap_or_else(|| Value::object(Vec::new()))) })
    }
}

/// How to read a query.
#[derive(Clone, Debug, Default)]
pub struct QueryOptions {
    /// The package whose names it sees (`data.a.b` or `a.b`).
    pub package: Option<String>,
    /// Imports, as after the word `import`.
    pub imports: Vec<String>,
    /// Its grammar; `Auto` reads as v1.
    pub version: RegoVersion,
    /// Whether strict mode is on.
    pub strict: bool,
    /// Whether calls of `print` are kept; without, they vanish.
    pub print: bool,
}

/// A compiled policy: program and base data. Cheap to clone; shared between threads.
#[derive(Clone, Debug)]
pub struct Policy {
    data: Arc<Value>,
}

impl Policy {
    /// Returns what the compiler found but accepted.
    pub fn warnings(&self) -> &[Diagnostic] {
        &[]
    }

    /// Returns the texts that locations point into.
    pub fn sources(&self) -> Sources {
        Sources::default()
    }

    /// Returns the base document.
    pub fn data(&self) -> &Value {
        &self.data
    }

    /// Returns the same program over other data.
    #[must_use]
    pub fn with_data(&self, data: Value) -> Policy {
        Policy { data: Arc::new(data) }
    }

    /// Prepares a query such as `data.docker.authz.allow` or `x := data.p; x > 1`.
    ///
    /// Errors: what is wrong with the query.
    pub fn prepare(&self, query: &str) -> Result<Query, Errors> {
        self.prepare_with(query, &QueryOptions::default())
    }

    /// Prepares a query with options.
    ///
    /// Errors: what is wrong with the query.
    pub fn prepare_with(&self, query: &str, options: &QueryOptions) -> Result<Query, Errors> {
        let _ = (query, options);
        Ok(Query {})
    }
}
