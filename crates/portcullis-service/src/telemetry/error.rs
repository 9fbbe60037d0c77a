//! What can go wrong when telemetry starts. Once it runs, it only counts and logs.
//!
//! Must not know: the wire of a collector.

use std::fmt;

/// Why telemetry cannot start with the given options.
#[derive(Debug)]
#[non_exhaustive]
pub enum TelemetryError {
    /// An option has a value that makes no sense; `key` is its full key in the configuration.
    Option {
        /// The key, for example `distributed_tracing.sample_percentage`.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate or key file cannot be read or understood.
    TlsFile {
        /// The key of the configuration that names the file.
        key: String,
        /// The file as the configuration names it.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The HTTP client of an exporter cannot be made.
    Client(String),
    /// A metric cannot be registered: its name or buckets are wrong.
    Metric(String),
    /// The system gives no thread for an exporter.
    Thread(std::io::Error),
}

impl fmt::Display for TelemetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option { key, reason } => write!(f, "`{key}`: {reason}"),
            Self::TlsFile { key, path, reason } => write!(f, "`{key}`: file `{path}`: {reason}"),
            Self::Client(reason) => write!(f, "telemetry client: {reason}"),
            Self::Metric(reason) => write!(f, "metric: {reason}"),
            Self::Thread(error) => write!(f, "no thread for telemetry: {error}"),
        }
    }
}

impl std::error::Error for TelemetryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Thread(error) => Some(error),
            _ => None,
        }
    }
}
