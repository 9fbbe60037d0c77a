//! What can go wrong with a decision log.
//!
//! Must not know: who hears of it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Why a decision log cannot be started, or not everything of it was delivered.
#[derive(Debug)]
pub enum DecisionLogError {
    /// The system gives no thread.
    Thread(std::io::Error),
    /// The spill directory cannot be used: which, and why.
    Spill(PathBuf, std::io::Error),
    /// Another process, or another logger, uses the spill directory.
    SpillInUse(PathBuf),
    /// The spill directory holds more files than a log can have made.
    SpillFiles(PathBuf),
    /// An upload failed; what was not delivered is kept.
    Upload(UploadError),
    /// Not everything could be delivered within this time.
    Grace(Duration),
    /// The logger has ended.
    Ended,
}

impl fmt::Display for DecisionLogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Thread(error) => write!(f, "no thread for the decision log: {error}"),
            Self::Spill(path, error) => {
                write!(f, "spill directory `{}`: {error}", path.display())
            }
            Self::SpillInUse(path) => {
                write!(f, "spill directory `{}` is in use by another process", path.display())
            }
            Self::SpillFiles(path) => {
                write!(f, "spill directory `{}` holds too many files", path.display())
            }
            Self::Upload(error) => error.fmt(f),
            Self::Grace(grace) => {
                write!(f, "decisions could not be delivered within {} s", grace.as_secs_f64())
            }
            Self::Ended => f.write_str("the decision log has ended"),
        }
    }
}

impl std::error::Error for DecisionLogError {}

/// Why an upload failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadError {
    /// What happened.
    pub message: String,
    /// The status of the answer, where there was one.
    pub http_code: Option<u16>,
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UploadError {}
