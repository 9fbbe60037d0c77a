//! Bundles from directories and archives.
//!
//! A directory is read recursively, in order of names; of its files only those count that a bundle
//! has a use for, unless a signature is to be verified, which must name them all.
//!
//! Must not know: what the files say, who activates the bundle.
//!
//! Source: OPA documentation, "Bundles", and "opa build --help".

use std::fs;
use std::path::{Path, PathBuf};

use portcullis_bundle::{
    Bundle, BundleError, Entry, Limits, MANIFEST_FILE, PATCH_FILE, ReadOptions, SIGNATURES_FILE,
    Verification, from_entries, read_entries,
};

use super::DIRECTORY_DEPTH_MAX;
use super::error::{LoadCause, LoadError};
use super::ignore::matches;
use super::walk::{clean, read_bounded, strip_scheme};

/// How a bundle is read from a path.
#[derive(Clone, Debug, Default)]
pub struct BundleLoadOptions {
    /// Patterns (`*`, `?`, `[a-z]`) of names, of files and of directories, that are passed over
    /// inside the bundle.
    pub ignore: Vec<String>,
    /// Whether symbolic links inside a directory are followed; without, they are passed over. The
    /// path itself may be one in any case.
    pub follow_symlinks: bool,
    /// Limits, signatures, and what stands in front of modules' ids; where that is empty, the path.
    pub read: ReadOptions,
}

/// Returns the bundle at `path`: a directory, or a gzip tar whatever its name. The path may be a
/// `file://` URL. Each module's id is its place below the path as it was given, such as
/// `dir/authz.rego`, unless the options say otherwise.
///
/// Errors: what cannot be found or read, and whatever is wrong with the bundle.
pub fn load_bundle(path: &str, options: &BundleLoadOptions) -> Result<Bundle, LoadError> {
    let is_verified = matches!(options.read.verification, Verification::Verify(_));
    let files = if is_verified { WhichFiles::All } else { WhichFiles::OfBundles };
    let entries = load_bundle_files(path, options, files)?;
    let failed = |error| failed(path, LoadCause::Bundle(error));
    let mut bundle = from_entries(entries, &options.read).map_err(failed)?;
    if options.read.module_prefix.is_empty() {
        let base = base_of(path);
        for module in &mut bundle.modules {
            let id = base.join(module.path.trim_start_matches('/'));
            module.id = id.to_string_lossy().into_owned();
        }
    }
    Ok(bundle)
}

/// Which files of a directory are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichFiles {
    /// Every one: what a signature names.
    All,
    /// Those that a bundle has a use for.
    OfBundles,
}

fn failed(path: &str, cause: LoadCause) -> LoadError {
    LoadError { path: path.to_string(), cause }
}

fn base_of(path: &str) -> PathBuf {
    clean(Path::new(strip_scheme(path).unwrap_or(path)))
}

/// Returns the files of the bundle at `path`, with paths from its root; of an archive all.
///
/// Errors: as [`load_bundle`] about finding and reading; what the files say is not looked at.
pub fn load_bundle_files(
    path: &str,
    options: &BundleLoadOptions,
    files: WhichFiles,
) -> Result<Vec<Entry>, LoadError> {
    let root = strip_scheme(path).map_err(|cause| failed(path, cause))?;
    let root = Path::new(root);
    let metadata = fs::metadata(root).map_err(|error| failed(path, LoadCause::Io(error)))?;
    if metadata.is_dir() {
        let mut walk = Walk { options, files, bytes: 0, entries: Vec::new() };
        walk.directory(root, "", 0)?;
        return Ok(walk.entries);
    }
    let bytes = read_bounded(root).map_err(|cause| failed(path, cause))?;
    let mut entries = read_entries(&bytes, &options.read.limits)
        .map_err(|error| failed(path, LoadCause::Bundle(error)))?;
    entries.retain(|entry| !entry.path.split('/').any(|name| options.is_ignored(name)));
    Ok(entries)
}

impl BundleLoadOptions {
    fn is_ignored(&self, name: &str) -> bool {
        self.ignore.iter().any(|pattern| matches(pattern, name))
    }
}

/// Whether a bundle has a use for a file of this name.
fn is_of_bundles(name: &str) -> bool {
    let names = ["data.json", "data.yaml", "data.yml", "policy.wasm", "plan.json"];
    let hidden = [MANIFEST_FILE, PATCH_FILE, SIGNATURES_FILE];
    names.contains(&name) || hidden.contains(&name) || name.ends_with(".rego")
}

/// The files of a directory, as far as they are read.
struct Walk<'o> {
    options: &'o BundleLoadOptions,
    files: WhichFiles,
    bytes: u64,
    entries: Vec<Entry>,
}

impl Walk<'_> {
    /// Reads a directory, which lies at `place` below the root, as `/a/b`.
    fn directory(&mut self, path: &Path, place: &str, depth: usize) -> Result<(), LoadError> {
        let shown = path.to_string_lossy();
        if depth > DIRECTORY_DEPTH_MAX {
            let limit = format!("more than {DIRECTORY_DEPTH_MAX} directories deep");
            return Err(failed(&shown, LoadCause::TooMuch(limit)));
        }
        let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let entries = entries.map_err(|error| failed(&shown, LoadCause::Io(error)))?;
        let mut names: Vec<_> = entries.into_iter().map(|entry| entry.file_name()).collect();
        names.sort();
        let directory = clean(path);
        for name in names {
            let path = directory.join(&name);
            let name = name.to_string_lossy();
            // A mounted volume of Kubernetes has its files a second time, below such names.
            if name.starts_with("..") || self.options.is_ignored(&name) {
                continue;
            }
            self.visit(&path, &format!("{place}/{name}"), depth + 1)?;
        }
        Ok(())
    }

    fn visit(&mut self, path: &Path, place: &str, depth: usize) -> Result<(), LoadError> {
        let failed = |cause| failed(&path.to_string_lossy(), cause);
        let metadata = fs::symlink_metadata(path).map_err(|error| failed(LoadCause::Io(error)))?;
        if metadata.is_symlink() && !self.options.follow_symlinks {
            return Ok(());
        }
        let metadata = fs::metadata(path).map_err(|error| failed(LoadCause::Io(error)))?;
        if metadata.is_dir() {
            return self.directory(path, place, depth);
        }
        let name = place.rsplit('/').next().unwrap_or(place);
        let is_wanted = self.files == WhichFiles::All || is_of_bundles(name);
        // A pipe or a socket would block.
        if !is_wanted || !metadata.is_file() {
            return Ok(());
        }
        self.check_limits(place, metadata.len())
            .map_err(|error| failed(LoadCause::Bundle(error)))?;
        let bytes = read_bounded(path).map_err(failed)?;
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.entries.push(Entry { path: place.to_string(), bytes });
        Ok(())
    }

    /// Before the file is read: what is too much must not be in memory first.
    fn check_limits(&self, place: &str, size: u64) -> Result<(), BundleError> {
        let Limits { file_bytes_max, total_bytes_max, entries_max } = self.options.read.limits;
        if size > file_bytes_max {
            let path = place.to_string();
            return Err(BundleError::FileTooLarge { path, limit: file_bytes_max });
        }
        if self.bytes.saturating_add(size) > total_bytes_max {
            return Err(BundleError::TotalTooLarge(total_bytes_max));
        }
        if self.entries.len() >= entries_max {
            return Err(BundleError::TooManyEntries(entries_max));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
