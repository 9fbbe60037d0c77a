//! The gate's files: socket, policy, data, configuration, program. No container may write to them.
//!
//! A mount is judged by what it is called, by where it leads, and by which files are on the way: a
//! directory of another name may be the same one. What contains a protected file must not be mounted
//! even for reading: other file systems below it would stay writable, unless the mount says that
//! they must not. Must not know: how the files are found out.
//!
//! Source: moby `daemon/oci_linux.go` (a read-only mount is one of its top alone before API 1.44).

use crate::facts::mounts::BindMount;
use crate::host_tree::{FileId, clean};

/// A protected file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedPath {
    /// What it is to the gate, in words.
    pub what: &'static str,
    /// Its paths on the host, without `..`: as spelled, without links, and any other mounts of it.
    pub paths: Vec<String>,
    /// The directories on the way to it, by any of these paths.
    pub directories: Vec<FileId>,
    /// Itself, where it exists.
    pub own: Option<FileId>,
}

/// All protected files.
#[derive(Clone, Debug, Default)]
pub struct Paths(pub Vec<ProtectedPath>);

/// How a mount and a protected file lie to each other; the graver relation last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    /// The mount is the file, or is within it.
    Within,
    /// The mount contains it.
    Contains,
}

impl Paths {
    /// Returns which mount would give a protected file away, and which one; none where none does.
    pub fn touched(&self, mounts: &[BindMount]) -> Option<String> {
        mounts.iter().find_map(|mount| self.touched_by(mount))
    }

    fn touched_by(&self, mount: &BindMount) -> Option<String> {
        let relations = self.0.iter().filter_map(|path| Some((path, relation(mount, path)?)));
        let mut refused = relations.filter(|(_, relation)| match relation {
            Relation::Within => !mount.read_only,
            Relation::Contains => !mount.read_only_below,
        });
        let (path, relation) = refused.next()?;
        let (source, what) = (&mount.source, path.what);
        Some(match relation {
            Relation::Within => format!("mounting `{source}`, {what}, to be written to is refused"),
            Relation::Contains => format!("mounting `{source}` is refused: it contains {what}"),
        })
    }
}

fn relation(mount: &BindMount, protected: &ProtectedPath) -> Option<Relation> {
    let spelled = mount.source.starts_with('/').then(|| clean(&mount.source));
    let leads_to = Some(&mount.place.leads_to).filter(|path| !path.is_empty());
    let by_name = spelled.iter().chain(leads_to).flat_map(|one| {
        protected.paths.iter().filter_map(move |other| {
            if is_within(one, other) {
                Some(Relation::Within)
            } else {
                is_within(other, one).then_some(Relation::Contains)
            }
        })
    });
    by_name.chain(relation_by_files(mount, protected)).max()
}

fn relation_by_files(mount: &BindMount, protected: &ProtectedPath) -> Option<Relation> {
    let end = mount.place.way.last().filter(|_| !mount.place.resolved.is_empty());
    if end.is_some_and(|end| protected.directories.contains(end)) {
        return Some(Relation::Contains);
    }
    let own = protected.own.as_ref()?;
    mount.place.way.contains(own).then_some(Relation::Within)
}

/// Whether a path is another one, or below it.
fn is_within(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
