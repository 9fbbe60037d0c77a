//! Why files cannot be loaded.

use std::fmt;
use std::io;

use portcullis_bundle::BundleError;

/// One file that cannot be loaded.
#[derive(Debug)]
pub struct LoadError {
    /// The path as it was reached.
    pub path: String,
    /// What is wrong with it.
    pub cause: LoadCause,
}

/// What is wrong with a file.
#[derive(Debug)]
pub enum LoadCause {
    /// The system does not find it or does not give it.
    Io(io::Error),
    /// A module whose bytes are not text.
    NotUtf8,
    /// A document that does not parse.
    Document(String),
    /// A document at the root of data that is no object.
    NotAnObject,
    /// A document that says something else than another one at this path of data.
    Conflict(Vec<String>),
    /// A name that does not tell what the file is, and content that does not either.
    Unrecognised,
    /// Something that is read in another way: what, and how.
    Unsupported(&'static str),
    /// A bundle that cannot be read or verified.
    Bundle(BundleError),
    /// More than a limit allows: the limit, with its unit.
    TooMuch(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.cause {
            LoadCause::Io(error) => write!(f, "open {path}: {}", io_text(error)),
            LoadCause::NotUtf8 => write!(f, "{path}: not UTF-8 text"),
            LoadCause::Document(message) => write!(f, "{path}: {message}"),
            LoadCause::NotAnObject => write!(f, "{path}: document must be of type object"),
            LoadCause::Conflict(at) => {
                write!(f, "{path}: merge error: `data.{}` has another value already", at.join("."))
            }
            LoadCause::Unrecognised => write!(f, "{path}: can't recognize file type"),
            LoadCause::Unsupported(what) => write!(f, "{path}: {what}"),
            LoadCause::Bundle(error) => write!(f, "bundle {path}: {error}"),
            LoadCause::TooMuch(limit) => write!(f, "{path}: {limit}"),
        }
    }
}

impl std::error::Error for LoadError {}

/// Returns the system's words in the form that people know from other tools.
fn io_text(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_string(),
        io::ErrorKind::PermissionDenied => "permission denied".to_string(),
        _ => error.to_string(),
    }
}

/// Everything that cannot be loaded; at least one.
#[derive(Debug)]
pub struct LoadErrors(pub Vec<LoadError>);

impl fmt::Display for LoadErrors {
    /// OPA's form: `1 error occurred during loading: …`, or a count and a line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [one] = self.0.as_slice() {
            return write!(f, "1 error occurred during loading: {one}");
        }
        write!(f, "{} errors occurred during loading:", self.0.len())?;
        self.0.iter().try_for_each(|error| write!(f, "\n{error}"))
    }
}

impl std::error::Error for LoadErrors {}
