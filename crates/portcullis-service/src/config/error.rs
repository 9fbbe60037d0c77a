//! What can be wrong with a configuration, and how that is told.
//!
//! Must not know: which keys there are.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a configuration cannot be used.
///
/// No message shows credentials or keys, nor a line that holds some.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// The text is neither JSON nor YAML, or not an object at its top.
    Syntax {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
    },
    /// The text, or what it stands for, is larger than is read.
    TooLarge {
        /// The file, or the flag, that it is about.
        what: String,
        /// What is allowed, in bytes.
        limit: usize,
    },
    /// The text of a `--set` or `--set-file` flag is not one.
    Flag {
        /// The flag's name with its dashes.
        flag: &'static str,
        /// The flag's text, cut off where its first value begins.
        text: String,
        /// What is wrong.
        message: String,
    },
    /// A file of `--set-file` cannot be read.
    SetFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Values that are not as they have to be: all that were found, never none.
    Invalid(Vec<Problem>),
}

/// A value that is not as it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The path of the key, as in `bundles.main.polling`; empty for the whole document.
    pub path: String,
    /// Where it was said; none where the configuration came without a text.
    pub place: Option<Place>,
    /// What is wrong, and what was expected.
    pub message: String,
}

/// A place in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name as it was given, or the flag's.
    pub file: String,
    /// Line and column, each from 1; none for a flag.
    pub position: Option<(usize, usize)>,
    /// The line as it was written, before variables were put in. None where it may be secret.
    pub line: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some((row, col)) => write!(f, "{}:{row}:{col}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

impl Place {
    pub(super) fn without_line(self) -> Self {
        Self { line: None, ..self }
    }

    fn write_line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.line, self.position) {
            (Some(line), Some((row, _))) => write!(f, "\n{row:>5} | {line}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        f.write_str(&self.message)?;
        self.place.as_ref().map_or(Ok(()), |place| place.write_line(f))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { place, message } => write!(f, "{place}: {message}"),
            Self::TooLarge { what, limit } => {
                write!(f, "configuration too large: {what} goes beyond {limit} bytes")
            }
            Self::Flag { flag, text, message } => write!(f, "{flag} `{text}`: {message}"),
            Self::SetFile { path, source } => {
                write!(f, "--set-file: cannot read `{}`: {source}", path.display())
            }
            Self::Invalid(problems) => {
                f.write_str("invalid configuration")?;
                problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::SetFile { source, .. } => Some(source),
            _ => None,
        }
    }
}
