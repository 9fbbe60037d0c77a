//! Where a policy comes from, and whether that has changed since it was last looked at.
//!
//! Must not know: Rego, who decides with the policy.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rego::{Annotations, RegoVersion};

use crate::load::{DIRECTORY_DEPTH_MAX, FILES_MAX};
use crate::made::MadeData;

/// Where a policy comes from.
#[derive(Clone, Debug, Default)]
pub struct PolicySource {
    /// Policy and data: files, directories, or either after a prefix (`a.b:path`).
    pub paths: Vec<String>,
    /// Names that are passed over inside directories, as patterns.
    pub ignore: Vec<String>,
    /// Modules that are part of the program: name and text.
    pub embedded: Vec<(String, Arc<str>)>,
    /// Data that the program makes itself.
    pub made: Option<MadeData>,
    /// The grammar of the modules.
    pub rego_version: RegoVersion,
    /// What happens to METADATA blocks that are not YAML.
    pub annotations: Annotations,
}

impl PolicySource {
    /// Returns the first path that does not exist.
    pub fn missing(&self) -> Option<&str> {
        let gone = |path: &&String| {
            fs::metadata(plain_path(path))
                .is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        };
        self.all_paths().find(gone).map(String::as_str)
    }

    /// Returns the places to watch: each file or directory, and every directory in which the name
    /// of a file, or of a symbolic link on the way to it, stands.
    pub(crate) fn directories(&self) -> Vec<PathBuf> {
        let mut directories = Vec::new();
        for path in self.all_paths() {
            add_directories(Path::new(plain_path(path)), &mut directories);
        }
        directories.sort();
        directories.dedup();
        directories
    }

    /// Returns what the system says about every file, without reading any.
    pub(crate) fn signature(&self) -> Signature {
        let mut signature = Signature::default();
        for path in self.all_paths() {
            signature.add(Path::new(plain_path(path)), 0);
        }
        signature
    }

    fn all_paths(&self) -> impl Iterator<Item = &String> {
        self.paths.iter().chain(self.made.as_ref().and_then(MadeData::path))
    }
}

/// How far a path may lead through symbolic links. Linux gives up at the same number.
const LINKS_MAX: usize = 40;

/// Returns the path without a scheme or a prefix that places documents.
fn plain_path(path: &str) -> &str {
    let path = path.strip_prefix("file://").unwrap_or(path);
    match path.split_once(':') {
        Some((prefix, rest)) if !prefix.contains('/') && !Path::new(path).exists() => rest,
        _ => path,
    }
}

/// Adds the directories whose entries decide what is at `path`.
fn add_directories(path: &Path, directories: &mut Vec<PathBuf>) {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS_MAX {
        add_nearest_parent(&path, directories);
        // A link on the way (a mounted volume's `..data`) changes what a file says as well.
        for ancestor in path.ancestors().skip(1).filter(|a| a.is_symlink()) {
            add_nearest_parent(ancestor, directories);
        }
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("/")).join(target),
            Err(_) => break,
        }
    }
    if path.is_dir() {
        add_tree(&path, 0, directories);
    }
}

/// Adds the directory that holds `path`, or where that does not exist the nearest one that does.
fn add_nearest_parent(path: &Path, directories: &mut Vec<PathBuf>) {
    let parents = path.ancestors().skip(1);
    let parents = parents.map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p });
    if let Some(parent) = parents.into_iter().find(|p| p.is_dir()) {
        directories.push(parent.to_path_buf());
    }
}

/// Adds a directory and those in it.
fn add_tree(path: &Path, depth: usize, directories: &mut Vec<PathBuf>) {
    if depth > DIRECTORY_DEPTH_MAX || directories.len() > FILES_MAX {
        return;
    }
    directories.push(path.to_path_buf());
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        add_tree(&entry.path(), depth + 1, directories);
    }
}

/// What the system says about the files of a source: the same as long as none has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signature {
    files: Vec<(PathBuf, Stamp)>,
    newest: Duration,
}

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// How old a change must be before the clock of a file system tells it from a next one.
const SETTLED_AFTER: Duration = Duration::from_secs(3);

impl Signature {
    /// Whether a further change would show: a change within the same tick of the file system's
    /// clock does not.
    pub(crate) fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        now.saturating_sub(self.newest) > SETTLED_AFTER
    }

    fn add(&mut self, path: &Path, depth: usize) {
        if depth > DIRECTORY_DEPTH_MAX || self.files.len() > FILES_MAX {
            return;
        }
        let Ok(metadata) = fs::metadata(path) else { return };
        let stamp = Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        };
        let changed = metadata.ctime().max(metadata.mtime());
        self.newest = self.newest.max(Duration::from_secs(u64::try_from(changed).unwrap_or(0)));
        self.files.push((path.to_path_buf(), stamp));
        if metadata.is_dir() {
            let Ok(entries) = fs::read_dir(path) else { return };
            let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
            entries.sort();
            entries.iter().for_each(|entry| self.add(entry, depth + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &Path) -> PolicySource {
        PolicySource { paths: vec![path.display().to_string()], ..PolicySource::default() }
    }

    #[test]
    fn names_what_is_missing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("p.rego");
        assert_eq!(source(&path).missing(), path.to_str());
        fs::write(&path, "package p").unwrap();
        assert_eq!(source(&path).missing(), None);
        let prefixed = format!("a.b:{}", path.display());
        let source = PolicySource { paths: vec![prefixed], ..PolicySource::default() };
        assert_eq!(source.missing(), None);
    }

    #[test]
    fn watches_where_names_and_links_stand() {
        let directory = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        fs::create_dir_all(root.join("volume/..one")).unwrap();
        fs::write(root.join("volume/..one/p.rego"), "package p").unwrap();
        std::os::unix::fs::symlink("..one", root.join("volume/..data")).unwrap();
        std::os::unix::fs::symlink("..data/p.rego", root.join("volume/p.rego")).unwrap();
        let watched = source(&root.join("volume/p.rego")).directories();
        assert!(watched.contains(&root.join("volume")), "{watched:?}");
        assert!(watched.contains(&root.join("volume/..data")), "{watched:?}");
        let watched = source(&root.join("gone/deep/p.rego")).directories();
        assert_eq!(watched, std::slice::from_ref(&root));
    }

    #[test]
    fn a_change_shows_in_the_signature() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("p.rego");
        fs::write(&path, "package p").unwrap();
        let source = source(directory.path());
        let before = source.signature();
        assert_eq!(before, source.signature());
        assert!(!before.is_settled());
        fs::write(&path, "package p # changed").unwrap();
        assert_ne!(before, source.signature());
    }
}
