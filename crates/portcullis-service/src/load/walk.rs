//! From paths to files, and from files to what they hold.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use portcullis_bundle::{BundleModule, ReadOptions, Verification};
use rego::Value;

use super::bundle::{BundleLoadOptions, load_bundle};
use super::document::{Conflict, merge, parse_json, parse_yaml, place};
use super::error::{LoadCause, LoadError, LoadErrors};
use super::ignore::matches;
use super::{DIRECTORY_DEPTH_MAX, FILE_BYTES_MAX, FILES_MAX, LoadOptions, Loaded};

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Module,
    Json,
    Yaml,
}

/// What has been read so far.
pub(super) struct Loader<'o> {
    options: &'o LoadOptions,
    loaded: Loaded,
    names: HashSet<String>,
    errors: Vec<LoadError>,
}

impl<'o> Loader<'o> {
    pub(super) fn new(options: &'o LoadOptions) -> Self {
        let data = Value::object(Vec::new());
        let loaded =
            Loaded { modules: Vec::new(), versions: BTreeMap::new(), data, files: Vec::new() };
        Self { options, loaded, names: HashSet::new(), errors: Vec::new() }
    }

    pub(super) fn finish(self) -> Result<Loaded, LoadErrors> {
        if self.errors.is_empty() { Ok(self.loaded) } else { Err(LoadErrors(self.errors)) }
    }

    /// Reads what an argument names.
    pub(super) fn load(&mut self, argument: &str) {
        let (mut prefix, path) = split_prefix(argument);
        match strip_scheme(path) {
            Ok(path) => self.visit(Path::new(path), &mut prefix, 0),
            Err(cause) => self.fail(argument, cause),
        }
    }

    fn fail(&mut self, path: &str, cause: LoadCause) {
        self.errors.push(LoadError { path: path.to_string(), cause });
    }

    /// Reads a file, or a directory `depth` levels below the path that was given.
    fn visit(&mut self, path: &Path, parents: &mut Vec<String>, depth: usize) {
        let name = path.to_string_lossy().into_owned();
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return self.fail(&name, LoadCause::Io(error)),
        };
        if metadata.is_dir() {
            return self.visit_directory(path, parents, depth);
        }
        // Inside a directory a pipe or a socket would block; on the command line it is meant.
        if depth > 0 && (!metadata.is_file() || kind_of(path).is_none()) {
            return;
        }
        if self.options.modules_only && kind_of(path) != Some(Kind::Module) {
            return;
        }
        if let Err(cause) = self.read(path, &name, parents) {
            self.fail(&name, cause);
        }
    }

    fn visit_directory(&mut self, path: &Path, parents: &mut Vec<String>, depth: usize) {
        let name = path.to_string_lossy().into_owned();
        if depth > DIRECTORY_DEPTH_MAX {
            let limit = format!("more than {DIRECTORY_DEPTH_MAX} directories deep");
            return self.fail(&name, LoadCause::TooMuch(limit));
        }
        let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut children = match entries {
            Ok(entries) => entries.into_iter().map(|entry| entry.file_name()).collect::<Vec<_>>(),
            Err(error) => return self.fail(&name, LoadCause::Io(error)),
        };
        children.sort();
        if depth > 0 {
            let own = path.file_name().unwrap_or_default();
            parents.push(own.to_string_lossy().into_owned());
        }
        let directory = clean(path);
        for child in children {
            if !self.is_ignored(&child.to_string_lossy()) {
                self.visit(&directory.join(child), parents, depth + 1);
            }
        }
        if depth > 0 {
            parents.pop();
        }
    }

    /// A mounted volume of Kubernetes keeps its files twice, the second time below names that
    /// begin with two dots; reading both would make every rule conflict with itself.
    fn is_ignored(&self, name: &str) -> bool {
        name.starts_with("..") || self.options.ignore.iter().any(|pattern| matches(pattern, name))
    }

    fn read(&mut self, path: &Path, name: &str, parents: &[String]) -> Result<(), LoadCause> {
        if self.loaded.files.len() >= FILES_MAX {
            return Err(LoadCause::TooMuch(format!("more than {FILES_MAX} files")));
        }
        if name.ends_with(".tar.gz") {
            return self.add_archive(path, name, parents);
        }
        let bytes = read_bounded(path)?;
        self.loaded.files.push(path.to_path_buf());
        match kind_of(path).or_else(|| kind_by_content(&bytes)) {
            Some(Kind::Module) => self.add_module(name, bytes),
            Some(Kind::Json) => self.add_document(parents, parse_json(&bytes)),
            Some(Kind::Yaml) => {
                let worded = |error| format!("error converting YAML to JSON: {error}");
                self.add_document(parents, parse_yaml(&bytes).map_err(worded))
            }
            None => Err(LoadCause::Unrecognised),
        }
    }

    /// A signature is not looked at, as in OPA: who wants that names the archive as a bundle.
    fn add_archive(
        &mut self,
        path: &Path,
        name: &str,
        parents: &[String],
    ) -> Result<(), LoadCause> {
        let read = ReadOptions { verification: Verification::Skip, ..ReadOptions::default() };
        let options = BundleLoadOptions { read, ..BundleLoadOptions::default() };
        let bundle = load_bundle(name, &options).map_err(|error| error.cause)?;
        if bundle.is_delta() {
            return Err(LoadCause::Unsupported("a delta bundle changes data, and has none"));
        }
        self.loaded.files.push(path.to_path_buf());
        for BundleModule { id, text, rego_version, .. } in bundle.modules {
            self.loaded.versions.extend(rego_version.map(|version| (id.clone(), version)));
            self.add_module(&id, text.into_bytes())?;
        }
        self.add_document(parents, Ok(bundle.data))
    }

    /// A file that is reached twice counts once.
    fn add_module(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), LoadCause> {
        let text = String::from_utf8(bytes).map_err(|_| LoadCause::NotUtf8)?;
        if self.names.insert(name.trim_matches('/').to_string()) {
            self.loaded.modules.push((name.to_string(), text));
        }
        Ok(())
    }

    fn add_document(
        &mut self,
        parents: &[String],
        document: Result<Value, String>,
    ) -> Result<(), LoadCause> {
        let document = document.map_err(LoadCause::Document)?;
        let placed = place(parents, document)
            .ok_or_else(|| LoadCause::TooMuch("its place in data is too deep".to_string()))?;
        if placed.as_object().is_none() {
            return Err(LoadCause::NotAnObject);
        }
        let merged = merge(&self.loaded.data, &placed);
        self.loaded.data = merged.map_err(|Conflict(at)| LoadCause::Conflict(at))?;
        Ok(())
    }
}

/// Returns the names before the colon of `a.b:path`, and the path. The colon of a URL's scheme is
/// none.
fn split_prefix(argument: &str) -> (Vec<String>, &str) {
    match argument.split_once(':') {
        Some((prefix, path)) if !prefix.is_empty() && !path.starts_with("//") => {
            (prefix.split('.').map(str::to_string).collect(), path)
        }
        _ => (Vec::new(), argument),
    }
}

/// Returns the path of a `file://` URL, and any path as it is.
pub(super) fn strip_scheme(path: &str) -> Result<&str, LoadCause> {
    match path.split_once("://") {
        None => Ok(path),
        Some(("file", rest)) => Ok(rest.strip_prefix("localhost").unwrap_or(rest)),
        Some(_) => Err(LoadCause::Unsupported("only files and `file://` URLs can be loaded")),
    }
}

/// Returns a path without `.` and doubled slashes: what messages name files by.
pub(super) fn clean(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

fn kind_of(path: &Path) -> Option<Kind> {
    match path.extension()?.to_str()? {
        "rego" => Some(Kind::Module),
        "json" => Some(Kind::Json),
        "yaml" | "yml" => Some(Kind::Yaml),
        _ => None,
    }
}

/// What a file without a telling name is: a module if its first word that is no comment is
/// `package`, else the first format that reads it.
fn kind_by_content(bytes: &[u8]) -> Option<Kind> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    let first_word = lines.next().and_then(|line| line.split_whitespace().next());
    if first_word == Some("package") {
        return Some(Kind::Module);
    }
    if parse_json(bytes).is_ok() {
        return Some(Kind::Json);
    }
    parse_yaml(bytes).ok().filter(|value| value.as_object().is_some()).map(|_| Kind::Yaml)
}

pub(super) fn read_bounded(path: &Path) -> Result<Vec<u8>, LoadCause> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(LoadCause::Io)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(LoadCause::Io)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(LoadCause::TooMuch(format!("larger than {FILE_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}
