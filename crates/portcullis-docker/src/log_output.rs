//! Where the decision log goes: a stream, a file that is rotated, or the journal.
//!
//! Must not know: what a decision is.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt;

use crate::rotate::{RotatingFile, Rotation};

/// How much of a log file is kept.
pub const LOG_ROTATION: Rotation = Rotation { bytes_max: 100 << 20, files_max: 5 };

/// Where a log goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogOutput {
    /// Where decisions go anyway: the standard output, under a configuration the standard error.
    #[default]
    Default,
    /// The standard output.
    Stdout,
    /// The standard error.
    Stderr,
    /// A file, rotated as [`LOG_ROTATION`] says.
    File(PathBuf),
    /// The journal of systemd.
    Journal,
}

/// A name that is no output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputError(String);

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.0;
        write!(f, "`{text}` is none of `stdout`, `stderr`, `file:PATH` and `journald`")
    }
}

impl std::error::Error for OutputError {}

impl FromStr for LogOutput {
    type Err = OutputError;

    fn from_str(text: &str) -> Result<Self, OutputError> {
        match text {
            "stdout" => Ok(Self::Stdout),
            "stderr" => Ok(Self::Stderr),
            "journald" => Ok(Self::Journal),
            _ => match text.strip_prefix("file:").filter(|path| !path.is_empty()) {
                Some(path) => Ok(Self::File(PathBuf::from(path))),
                None => Err(OutputError(text.to_string())),
            },
        }
    }
}

impl fmt::Display for LogOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default output"),
            Self::Stdout => f.write_str("stdout"),
            Self::Stderr => f.write_str("stderr"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Journal => f.write_str("journald"),
        }
    }
}

impl LogOutput {
    /// Opens the output; `usual` is where the log goes anyway. What is written to it at once is
    /// one line.
    ///
    /// Errors: the file cannot be opened, there is no journal.
    pub fn open(&self, usual: Box<dyn Write + Send>) -> io::Result<Box<dyn Write + Send>> {
        Ok(match self {
            Self::Default => usual,
            Self::Stdout => Box::new(io::stdout()),
            Self::Stderr => Box::new(io::stderr()),
            Self::File(path) => Box::new(RotatingFile::open(path, LOG_ROTATION)?),
            Self::Journal => Box::new(Journal::open()?),
        })
    }
}

/// The journal: each line is the `MESSAGE` of an entry.
struct Journal {
    dispatch: Dispatch,
}

/// The identifier of entries, by which `journalctl -t` finds them.
const IDENTIFIER: &str = "portcullis-docker-authz";

impl Journal {
    fn open() -> io::Result<Self> {
        let layer = tracing_journald::layer()?.with_syslog_identifier(IDENTIFIER.to_string());
        Ok(Self { dispatch: Dispatch::new(tracing_subscriber::registry().with(layer)) })
    }
}

impl Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = text.trim_end_matches('\n');
        tracing::dispatcher::with_default(&self.dispatch, || tracing::info!("{line}"));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names() {
        for name in ["stdout", "stderr", "journald", "file:/var/log/gate.jsonl"] {
            assert_eq!(name.parse::<LogOutput>().unwrap().to_string(), name);
        }
        for name in ["", "file:", "syslog", "/var/log/x"] {
            assert!(name.parse::<LogOutput>().is_err(), "{name}");
        }
    }
}
