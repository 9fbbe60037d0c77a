//! JSON schemas in files, for the type checker: one file for `input`, or a directory whose files
//! annotations name by their path (`schema.acl.users` is `acl/users.json`).
//!
//! Must not know: what a schema says.
//!
//! Source: OPA documentation, "Type checking"; `v1/loader/loader.go` (`Schemas`).

use std::fs;
use std::path::Path;

use portcullis_service::load::{
    DIRECTORY_DEPTH_MAX, FILES_MAX, LoadCause, LoadError, LoadErrors, read_document,
};
use rego::{SchemaSet, Value};

use crate::report::{self, Report};

/// Returns the schemas of a file or of all files in a directory and those below.
///
/// Errors: what cannot be read, or is neither JSON nor YAML.
pub(crate) fn load(path: &str) -> Result<SchemaSet, Vec<Report>> {
    let path = path.strip_prefix("file://").unwrap_or(path);
    let mut loader = Loader::default();
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => loader.directory(Path::new(path), &mut Vec::new()),
        _ => loader.file(path, Vec::new()),
    }
    if loader.errors.is_empty() {
        return Ok(loader.schemas);
    }
    Err(report::of_load_errors(&LoadErrors(loader.errors)))
}

/// What has been read so far.
#[derive(Default)]
struct Loader {
    schemas: SchemaSet,
    files: usize,
    errors: Vec<LoadError>,
}

impl Loader {
    fn file(&mut self, path: &str, name: Vec<Value>) {
        self.files += 1;
        match read_document(path) {
            Ok(schema) => self.schemas.put(name, schema),
            Err(error) => self.errors.push(error),
        }
    }

    fn fail(&mut self, path: &Path, cause: LoadCause) {
        self.errors.push(LoadError { path: path.to_string_lossy().into_owned(), cause });
    }

    /// Reads a directory whose path below the one given is `name`.
    fn directory(&mut self, path: &Path, name: &mut Vec<Value>) {
        if name.len() > DIRECTORY_DEPTH_MAX {
            let limit = format!("more than {DIRECTORY_DEPTH_MAX} directories deep");
            return self.fail(path, LoadCause::TooMuch(limit));
        }
        let mut entries: Vec<_> = match fs::read_dir(path).and_then(Iterator::collect) {
            Ok(entries) => entries,
            Err(error) => return self.fail(path, LoadCause::Io(error)),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            // A mounted volume of Kubernetes has everything a second time, below such names.
            if entry.file_name().as_encoded_bytes().starts_with(b"..") {
                continue;
            }
            if self.files >= FILES_MAX {
                return self.fail(path, LoadCause::TooMuch(format!("more than {FILES_MAX} files")));
            }
            self.entry(&entry.path(), name);
        }
    }

    fn entry(&mut self, path: &Path, name: &mut Vec<Value>) {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return self.fail(path, LoadCause::Io(error)),
        };
        let own = if metadata.is_dir() { path.file_name() } else { path.file_stem() };
        name.push(Value::from(&*own.unwrap_or_default().to_string_lossy()));
        if metadata.is_dir() {
            self.directory(path, name);
        } else if metadata.is_file() {
            self.file(&path.to_string_lossy(), name.clone());
        }
        name.pop();
    }
}
