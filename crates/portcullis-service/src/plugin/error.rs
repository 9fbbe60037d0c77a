//! What can go wrong with plugins: at the start, and while they run.
//!
//! Must not know: who hears of it.

use std::fmt;

use portcullis_bundle::BundleError;
use portcullis_remote::RemoteError;
use rego::{Errors, Value};

use crate::config::ConfigError;
use crate::decision_log::DecisionLogError;
use crate::store::WriteError;
use crate::telemetry::TelemetryError;

/// Why plugins cannot start, or do what they are asked to.
#[derive(Debug)]
#[non_exhaustive]
pub enum PluginError {
    /// A service of the configuration cannot be set up.
    Service(RemoteError),
    /// A key cannot be used: its id, and why.
    Key(String, BundleError),
    /// A bundle that was named at the start cannot be used: its path, and why.
    Bundle(String, Failure),
    /// The decision log cannot start.
    DecisionLog(DecisionLogError),
    /// The file of the plugin `file_logger` cannot be opened: which, and why.
    FileLog(String, std::io::Error),
    /// Traces or metrics cannot be exported.
    Telemetry(TelemetryError),
    /// A configuration that was discovered is wrong.
    Config(ConfigError),
    /// A configuration that was discovered changes what it must not, or makes no sense: how.
    Discovery(String),
    /// No plugin has this name, or it does not run.
    Unknown(String),
    /// A plugin failed when it was triggered: how.
    Failed(Failure),
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(error) => error.fmt(f),
            Self::Key(id, error) => write!(f, "`keys.{id}`: {error}"),
            Self::Bundle(path, failure) => write!(f, "bundle `{path}`: {failure}"),
            Self::DecisionLog(error) => error.fmt(f),
            Self::FileLog(path, error) => {
                write!(f, "`plugins.file_logger`: cannot open `{path}`: {error}")
            }
            Self::Telemetry(error) => error.fmt(f),
            Self::Config(error) => error.fmt(f),
            Self::Discovery(message) => f.write_str(message),
            Self::Unknown(name) => write!(f, "no plugin `{name}` is running"),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for PluginError {}

impl From<RemoteError> for PluginError {
    fn from(error: RemoteError) -> Self {
        Self::Service(error)
    }
}

impl From<DecisionLogError> for PluginError {
    fn from(error: DecisionLogError) -> Self {
        Self::DecisionLog(error)
    }
}

impl From<TelemetryError> for PluginError {
    fn from(error: TelemetryError) -> Self {
        Self::Telemetry(error)
    }
}

/// Why a bundle was not fetched or not activated, as its status tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What happened, in OPA's words where it has some.
    pub message: String,
    /// OPA's objects for errors in modules.
    pub errors: Vec<Value>,
    /// The status of the answer, where it was not one that is expected.
    pub http_code: Option<u16>,
    /// All of it for people: with places and lines.
    pub detail: Option<String>,
}

/// What OPA's status says of modules that do not compile.
const MODULES_MESSAGE: &str = "error(s) occurred while compiling module(s)";

impl Failure {
    /// Returns a failure that a sentence tells.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), errors: Vec::new(), http_code: None, detail: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail.as_ref().unwrap_or(&self.message))
    }
}

impl std::error::Error for Failure {}

impl From<Errors> for Failure {
    fn from(errors: Errors) -> Self {
        let detail = Some(errors.to_string());
        Self { errors: errors.to_values(), detail, ..Self::new(MODULES_MESSAGE) }
    }
}

impl From<BundleError> for Failure {
    fn from(error: BundleError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Compile(errors) => errors.into(),
            error => Self::new(error.to_string()),
        }
    }
}

impl From<Failure> for WriteError {
    /// For the way out of a transaction; what it was is kept beside it.
    fn from(failure: Failure) -> Self {
        Self::Refused(failure.message)
    }
}
