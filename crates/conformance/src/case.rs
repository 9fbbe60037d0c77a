//! The form of a case, and how a directory of them is read.
//!
//! Must not know: the engine.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// One case as it stands in a file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Case {
    /// Its name, not always unique.
    pub note: String,
    /// Texts of the modules, in the order of their names `test-0.rego`, `test-1.rego`, …
    pub modules: Vec<String>,
    /// The query.
    pub query: String,
    /// The base document; absent: `{}`.
    pub data: Option<Json>,
    /// The input; absent: undefined.
    #[serde(deserialize_with = "present")]
    pub input: Option<Json>,
    /// The input as a term of Rego; wins over `input`.
    pub input_term: Option<String>,
    /// The bindings of each solution, as a set.
    pub want_result: Option<Vec<Map<String, Json>>>,
    /// The values of the expressions, a list a solution.
    pub want_expressions: Option<Vec<Vec<Json>>>,
    /// The first error's code.
    pub want_error_code: Option<String>,
    /// Text that the first error's message must contain.
    pub want_error: Option<String>,
    /// All errors in order; all but the first code is the finer grade.
    pub want_errors: Option<Vec<WantedError>>,
    /// Whether an error in a builtin ends the evaluation.
    pub strict_error: bool,
    /// Whether arrays that are bindings are sorted before they are compared.
    pub sort_bindings: bool,
    /// Whether variables that the compiler made up are left out.
    pub ignore_generated_vars: bool,
    /// Whether modules and query are Rego v0.
    pub v0: bool,
    /// Whether the compiler's strict mode is on.
    pub strict: bool,
}

/// One entry of `want_errors`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WantedError {
    /// The code.
    pub code: String,
    /// The message.
    pub message: String,
    /// The module's name.
    pub file: Option<String>,
    /// The row, from 1.
    pub row: Option<u32>,
    /// The column, from 1.
    pub col: Option<u32>,
}

impl Case {
    /// Whether the case asks for an error.
    pub fn wants_error(&self) -> bool {
        self.want_error_code.is_some() || self.want_error.is_some()
    }
}

/// Reads a field that may be `null`, which is not the same as absent.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(from).map(Some)
}

/// One file of cases.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// `suite/file`, without the extension.
    pub name: String,
    /// The cases, each with its id: `suite/file: note`, and ` #2` for the second of a note.
    pub cases: Vec<(String, Case)>,
}

#[derive(Deserialize)]
struct Raw {
    cases: Vec<Case>,
}

/// Reads all files of a directory, in the order of their names.
///
/// Errors: a sentence that names the file that cannot be read.
pub fn read_dir(dir: &Path) -> Result<Vec<CaseFile>, String> {
    let suite = suite_name(dir)?;
    let entries = fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
        .collect();
    paths.sort();
    paths.iter().map(|path| read_file(&suite, path)).collect()
}

/// Returns the last name of the directory, which is what the list of known failures calls it.
fn suite_name(dir: &Path) -> Result<String, String> {
    let whole = dir.canonicalize().map_err(|e| format!("{}: {e}", dir.display()))?;
    Ok(whole.file_name().unwrap_or_default().to_string_lossy().into_owned())
}

fn read_file(suite: &str, path: &Path) -> Result<CaseFile, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let raw: Raw = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{suite}/{stem}");
    let mut seen: HashMap<String, usize> = HashMap::new();
    let cases = raw.cases.into_iter().map(|case| (id(&name, &case.note, &mut seen), case));
    Ok(CaseFile { cases: cases.collect(), name: name.clone() })
}

fn id(file: &str, note: &str, seen: &mut HashMap<String, usize>) -> String {
    let times = seen.entry(note.to_owned()).or_default();
    *times += 1;
    if *times == 1 { format!("{file}: {note}") } else { format!("{file}: {note} #{times}") }
}
