//! What may go wrong in a run, apart from a server that answers differently.
//!
//! Must not know: what an answer means.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a run, a server's start or an exchange came to nothing.
#[derive(Debug)]
pub enum Error {
    /// A file or folder of the run cannot be read or written.
    File(PathBuf, io::Error),
    /// A file of transcripts is not of their form.
    Transcript(PathBuf, serde_json::Error),
    /// The list of known failures is not of its form.
    Known(PathBuf, toml::de::Error),
    /// A transcript names a file outside of the server's folder.
    Outside(String),
    /// The server's process cannot be started, or no port is free for it.
    Start(io::Error),
    /// The server ended before it listened; what it said last.
    Ended(String),
    /// The server did not listen in time; what it said last.
    Deaf(String),
    /// The time of the scenario or of the run is used up.
    OutOfTime,
    /// The connection broke, or nothing came in time.
    Connection(io::Error),
    /// What came is not an answer of HTTP/1.1; why.
    Malformed(&'static str),
    /// The report cannot be written.
    Report(io::Error),
}

impl Error {
    /// Returns what makes an error of this file's.
    pub fn of_file(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
        let path = path.to_owned();
        move |error| Error::File(path, error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::File(path, error) => write!(f, "`{}`: {error}", path.display()),
            Error::Transcript(path, error) => write!(f, "`{}`: {error}", path.display()),
            Error::Known(path, error) => write!(f, "`{}`: {error}", path.display()),
            Error::Outside(name) => write!(f, "`{name}` is not below the server's folder"),
            Error::Start(error) => write!(f, "the server cannot be started: {error}"),
            Error::Ended(words) => write!(f, "the server ended before it listened: {words}"),
            Error::Deaf(words) => write!(f, "the server did not listen in time: {words}"),
            Error::OutOfTime => f.write_str("out of time"),
            Error::Connection(error) => write!(f, "no answer: {error}"),
            Error::Malformed(why) => write!(f, "not an answer of HTTP/1.1: {why}"),
            Error::Report(error) => write!(f, "the report cannot be written: {error}"),
        }
    }
}

impl std::error::Error for Error {}
