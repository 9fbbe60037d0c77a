//! Why a write is refused.

use std::fmt;

use rego::Errors;

/// Why a write is refused. Nothing of it has happened.
#[derive(Debug)]
pub enum WriteError {
    /// What it writes to is not there: which, and why.
    NotFound(String),
    /// It makes no sense: why.
    InvalidPatch(String),
    /// Something that is no object is in the way: where.
    Conflict(String),
    /// A bundle owns the place, in OPA's words.
    Owned(String),
    /// The modules, or the modules over the new data, do not compile.
    Compile(Errors),
    /// A query that must stay ready no longer compiles: its text, and why.
    Query(String, Errors),
    /// The caller found something else to be wrong.
    Refused(String),
    /// The durable store failed; what it holds is as it was.
    Disk(String),
    /// Something is wrong with us: what.
    Internal(String),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(message) => write!(f, "storage_not_found_error: {message}"),
            Self::InvalidPatch(message) => write!(f, "storage_invalid_patch_error: {message}"),
            Self::Conflict(path) => write!(f, "storage_write_conflict_error: {path}"),
            Self::Owned(message) | Self::Refused(message) => f.write_str(message),
            Self::Compile(errors) => errors.fmt(f),
            Self::Query(text, errors) => write!(f, "query `{text}`: {errors}"),
            Self::Disk(message) => write!(f, "cannot store durably: {message}"),
            Self::Internal(message) => write!(f, "internal error: {message}"),
        }
    }
}

impl std::error::Error for WriteError {}
