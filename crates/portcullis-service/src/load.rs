//! Files to modules and data, as OPA reads them: as they lie there, or as a bundle (`bundle.rs`).
//!
//! A path is a file, a directory (read recursively, in order of names), a `file://` URL, or any of
//! these after a prefix (`a.b:path`) that places its documents below `data.a.b`. Documents of a
//! directory are placed by the directories between it and them, and merged; where two disagree,
//! loading fails. An archive of a bundle (`.tar.gz`) that is named stands for what it holds.
//!
//! Must not know: Rego, any surface, what happens when files change.
//!
//! Source: OPA documentation, "opa eval --help" and "opa run --help"; `v1/loader/loader.go`.

mod bundle;
mod document;
mod error;
mod ignore;
mod walk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rego::{RegoVersion, Value};

pub use self::bundle::{BundleLoadOptions, WhichFiles, load_bundle, load_bundle_files};
pub use self::document::{merge_documents, parse_document, parse_json, parse_yaml};
pub use self::error::{LoadCause, LoadError, LoadErrors};

/// Largest file that is read, in bytes. Ours; OPA has no limit.
pub const FILE_BYTES_MAX: u64 = 1 << 30;

/// Most files that one call loads. Ours; OPA has no limit.
pub const FILES_MAX: usize = 100_000;

/// Deepest directory below a path that was given, so that symbolic links that lead back up end.
pub const DIRECTORY_DEPTH_MAX: usize = 64;

/// What to read of the paths.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Patterns (`*`, `?`, `[a-z]`) of names, of files and of directories, that are passed over
    /// inside directories.
    pub ignore: Vec<String>,
    /// Whether only `.rego` files are read; the others are passed over, even where named.
    pub modules_only: bool,
}

/// What the paths hold.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Modules: the path as it was reached, and the text.
    pub modules: Vec<(String, String)>,
    /// The grammar of each module that has one of its own: those of archives whose manifest says.
    pub versions: BTreeMap<String, RegoVersion>,
    /// All documents, merged: an object.
    pub data: Value,
    /// Every file that was read, to be watched.
    pub files: Vec<PathBuf>,
}

/// Returns the modules and the merged data of `paths`.
///
/// Errors: every file that cannot be read, is not what its name says, or disagrees with another.
pub fn load<P: AsRef<str>>(paths: &[P], options: &LoadOptions) -> Result<Loaded, LoadErrors> {
    let mut loader = walk::Loader::new(options);
    for path in paths {
        loader.load(path.as_ref());
    }
    loader.finish()
}

/// Returns the document in a file, JSON or YAML whatever its name.
///
/// Errors: a file that cannot be read, or is neither.
pub fn read_document(path: &str) -> Result<Value, LoadError> {
    let read = || {
        let path = walk::strip_scheme(path)?;
        let bytes = walk::read_bounded(Path::new(path))?;
        parse_document(&bytes).map_err(LoadCause::Document)
    };
    read().map_err(|cause| LoadError { path: path.to_string(), cause })
}

#[cfg(test)]
mod tests;
