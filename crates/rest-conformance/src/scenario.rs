//! The form of the transcripts: files of scenarios, each a fresh server and the steps it is taken
//! through. The fields are those of the corpus's README.
//!
//! Must not know: how a step is sent or judged.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::Error;

/// A file of scenarios.
#[derive(Clone, Debug)]
pub struct TranscriptFile {
    /// The file's name without its folder.
    pub name: String,
    /// Its scenarios, in its order.
    pub scenarios: Vec<Scenario>,
}

/// One fresh server and what it is asked.
#[derive(Clone, Debug, Deserialize)]
pub struct Scenario {
    /// The name, unique in the corpus.
    pub note: String,
    /// How the server is started.
    pub server: Setup,
    /// What it is asked, in order.
    pub steps: Vec<Step>,
    /// What OPA wrote on its console; none where that does not count.
    pub console: Option<Vec<Value>>,
}

/// How a server is started.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Setup {
    /// Flags of `run`.
    pub flags: Vec<String>,
    /// The configuration.
    pub config: Option<Value>,
    /// Files of its working directory, by relative path.
    pub files: BTreeMap<String, String>,
    /// What is loaded at start, relative to the working directory.
    pub paths: Vec<String>,
}

/// A request and what OPA answered.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// What is sent.
    pub request: Request,
    /// What OPA answered.
    pub response: Recorded,
}

/// What is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The request's target as it goes over the wire.
    pub path: String,
    /// Header fields.
    pub headers: BTreeMap<String, String>,
    /// The body, as it is.
    pub body: Option<String>,
    /// The body, to be compressed.
    pub body_gzip: Option<String>,
    /// Whether the body goes in chunks.
    pub chunked: bool,
}

/// What OPA answered.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Recorded {
    /// The status; none where the connection was closed.
    pub status: Option<u16>,
    /// The header fields that were recorded.
    pub headers: BTreeMap<String, String>,
    /// The body: JSON, or its text as a string. `Some(Null)` is the JSON value.
    #[serde(deserialize_with = "present")]
    pub body: Option<Value>,
    /// The exact text of the body.
    pub text: Option<String>,
    /// Strings the body contains.
    pub body_contains: Vec<String>,
    /// Names of metrics that the body holds.
    pub metric_names: Vec<String>,
    /// Sets of labels that the body holds.
    pub handler_labels: Vec<String>,
    /// Set where OPA closed the connection without an answer.
    pub connection: Option<String>,
}

/// Tells a `null` from nothing.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

impl Request {
    /// Returns the path without the query.
    pub fn route(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// Whether a parameter is asked for: there, and not `false`.
    pub fn asks_for(&self, parameter: &str) -> bool {
        let query = self.path.split_once('?').map_or("", |(_, query)| query);
        query.split('&').any(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            name == parameter && value != "false"
        })
    }
}

/// Reads the files `*.json` of a folder, in the order of their names.
///
/// Errors: the folder or a file cannot be read, or a file is not of the form.
pub fn read_dir(dir: &Path) -> Result<Vec<TranscriptFile>, Error> {
    let entries = fs::read_dir(dir).map_err(Error::of_file(dir))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::of_file(dir))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Result<TranscriptFile, Error> {
    let text = fs::read_to_string(path).map_err(Error::of_file(path))?;
    let scenarios =
        serde_json::from_str(&text).map_err(|error| Error::Transcript(path.to_owned(), error))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(TranscriptFile { name, scenarios })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_body_is_a_body() {
        let body = |text: &str| serde_json::from_str::<Recorded>(text).unwrap().body;
        assert_eq!(body(r#"{"body": null}"#), Some(Value::Null));
        assert_eq!(body("{}"), None);
    }

    #[test]
    fn parameters() {
        let asks = |path: &str| {
            Request { path: path.to_owned(), ..Request::default() }.asks_for("instrument")
        };
        assert!(asks("/v1/data?pretty&instrument"));
        assert!(asks("/v1/data?instrument=true"));
        assert!(!asks("/v1/data?instrument=false"));
        assert!(!asks("/instrument"));
    }
}
