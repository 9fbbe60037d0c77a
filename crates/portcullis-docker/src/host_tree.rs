//! The host's tree of files: where a path leads, and who could make it lead elsewhere.
//!
//! The only place that asks the host's file system about a request. Paths are walked name by name
//! from an open directory, so that no link leads out of the tree, whatever it says; where links were
//! followed, the kernel walks once more (`openat2`), and must end at the same file. Must not know:
//! what is mounted, policies.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat, openat2, readlinkat,
    statat,
};
use rustix::io::Errno;

/// Longest path that is looked at, in bytes; the kernel's own bound.
pub const PATH_BYTES_MAX: usize = 4096;

/// Most symbolic links on one way; the kernel's own bound.
const LINKS_MAX: usize = 40;

/// Most names that one look goes through, those of links included.
const NAMES_MAX: usize = 1024;

/// Who may write into a directory besides its owner.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Names in a directory belong to their owners.
const STICKY: u32 = 0o1000;

/// A file, whatever it is called: its device and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId {
    device: u64,
    number: u64,
}

/// Where a path leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The path without links, within the tree; empty where nothing is there, or it cannot be
    /// looked at.
    pub resolved: String,
    /// The path as far as it could be followed, and the rest as it is spelled. Equal to `resolved`
    /// where that is not empty.
    pub leads_to: String,
    /// Whether a link was on the way.
    pub has_symlink: bool,
    /// Whether root alone can make the path lead elsewhere: each directory on the way is root's,
    /// and nobody else may write into it, or it is sticky and what is next on the way is root's.
    pub parents_root_owned: bool,
    /// All directories on the way, the tree's root first, and the file at its end.
    pub way: Vec<FileId>,
}

/// An open tree.
#[derive(Debug)]
pub struct HostTree {
    root: OwnedFd,
    root_stat: Known,
}

impl HostTree {
    /// Returns the tree below a directory.
    ///
    /// Errors: it is none, or cannot be opened.
    pub fn open(root: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(CWD, root, flags, Mode::empty())?;
        let root_stat = Known::of(&fstat(&root)?);
        Ok(Self { root, root_stat })
    }

    /// Returns where an absolute path leads; a `..` goes back from where links led, as the kernel
    /// does it.
    pub fn look(&self, path: &str) -> Place {
        if !path.starts_with('/') || path.len() > PATH_BYTES_MAX {
            return Place::default();
        }
        let mut walk = Walk::new(self, path);
        let end = walk.run();
        let mut place = walk.place();
        match end {
            End::There => place.resolved.clone_from(&place.leads_to),
            End::Missing => {}
            End::Unknown => place.parents_root_owned = false,
        }
        if place.has_symlink && !self.agrees(path, &place) {
            place.resolved = String::new();
            place.parents_root_owned = false;
        }
        place
    }

    /// Whether the kernel ends where the walk did, in case links were changed meanwhile. A kernel
    /// without the call, and one that refuses links of `/proc`, have no say.
    fn agrees(&self, path: &str, place: &Place) -> bool {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        match openat2(&self.root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT) {
            Ok(file) => {
                let found = fstat(&file).map(|stat| Known::of(&stat).id);
                found.is_ok_and(|id| place.way.last() == Some(&id)) && !place.resolved.is_empty()
            }
            Err(Errno::NOSYS | Errno::PERM | Errno::LOOP | Errno::XDEV) => true,
            Err(_) => place.resolved.is_empty(),
        }
    }
}

/// What is known of a file.
#[derive(Clone, Copy, Debug)]
struct Known {
    id: FileId,
    is_link: bool,
    is_roots: bool,
    mode: u32,
}

impl Known {
    fn of(stat: &Stat) -> Self {
        Self {
            id: FileId { device: stat.st_dev, number: stat.st_ino },
            is_link: FileType::from_raw_mode(stat.st_mode) == FileType::Symlink,
            is_roots: stat.st_uid == 0,
            mode: stat.st_mode,
        }
    }

    /// Whether root alone decides what `next`, if it is there, is in this directory.
    fn keeps(&self, next: Option<&Known>) -> bool {
        let is_shared = self.mode & WRITABLE_BY_OTHERS != 0;
        let is_sticky = self.mode & STICKY != 0;
        self.is_roots && (!is_shared || is_sticky && next.is_some_and(|next| next.is_roots))
    }
}

/// How a walk ends.
enum End {
    /// At a file.
    There,
    /// Where nothing is.
    Missing,
    /// Where it cannot be told what is there.
    Unknown,
}

/// A directory on the way, or the file at its end.
struct Step {
    name: String,
    file: OwnedFd,
    known: Known,
}

struct Walk<'a> {
    tree: &'a HostTree,
    /// From the root down to where the walk is.
    steps: Vec<Step>,
    /// Names that are still to come, the next one last.
    ahead: Vec<String>,
    way: Vec<FileId>,
    links: usize,
    is_roots_alone: bool,
}

impl<'a> Walk<'a> {
    fn new(tree: &'a HostTree, path: &str) -> Self {
        let way = vec![tree.root_stat.id];
        let mut walk = Self {
            tree,
            steps: Vec::new(),
            ahead: Vec::new(),
            way,
            links: 0,
            is_roots_alone: true,
        };
        walk.push(path);
        walk
    }

    fn push(&mut self, path: &str) {
        let names = path.rsplit('/').filter(|name| !matches!(*name, "" | "."));
        self.ahead.extend(names.map(str::to_string));
    }

    fn run(&mut self) -> End {
        for _ in 0..NAMES_MAX {
            let Some(name) = self.ahead.pop() else { return End::There };
            if name == ".." {
                drop(self.steps.pop()); // the root's parent is the root
                continue;
            }
            if let Err(end) = self.step(&name) {
                self.ahead.push(name);
                return end;
            }
        }
        End::Unknown
    }

    /// Goes into a name of where the walk is, or to where the link of that name leads.
    fn step(&mut self, name: &str) -> Result<(), End> {
        let (directory, known) = match self.steps.last() {
            Some(step) => (step.file.as_fd(), step.known),
            None => (self.tree.root.as_fd(), self.tree.root_stat),
        };
        let next = match open(directory, name) {
            Ok(next) => next,
            Err(Errno::NOENT | Errno::NOTDIR) => {
                self.is_roots_alone &= known.keeps(None);
                return Err(End::Missing);
            }
            Err(_) => return Err(End::Unknown),
        };
        self.is_roots_alone &= known.keeps(Some(&next.known));
        if next.known.is_link {
            self.links += 1;
            let target = readlinkat(&next.file, "", Vec::new()).map_err(|_| End::Unknown)?;
            let target = target.into_string().map_err(|_| End::Unknown)?;
            if self.links > LINKS_MAX || target.len() > PATH_BYTES_MAX {
                return Err(End::Unknown);
            }
            if target.starts_with('/') {
                self.steps.clear();
            }
            self.push(&target);
            return Ok(());
        }
        self.way.push(next.known.id);
        self.steps.push(next);
        Ok(())
    }

    fn place(self) -> Place {
        let mut names: Vec<&str> = self.steps.iter().map(|step| step.name.as_str()).collect();
        for name in self.ahead.iter().rev() {
            match name.as_str() {
                ".." => drop(names.pop()),
                name => names.push(name),
            }
        }
        Place {
            resolved: String::new(),
            leads_to: format!("/{}", names.join("/")),
            has_symlink: self.links > 0,
            parents_root_owned: self.is_roots_alone,
            way: self.way,
        }
    }
}

/// Opens a name of a directory; a link itself, not where it leads.
fn open(directory: BorrowedFd<'_>, name: &str) -> Result<Step, Errno> {
    let name_c = CString::new(name).map_err(|_| Errno::INVAL)?;
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(directory, &name_c, flags, Mode::empty())?;
    let known = Known::of(&statat(&file, "", AtFlags::EMPTY_PATH)?);
    Ok(Step { name: name.to_string(), file, known })
}

/// Returns an absolute path without empty, `.` and `..` names, none of them looked at: what the
/// daemon makes of the source of a bind mount before it follows links.
///
/// Source: Go `path.Clean`; moby `volume/mounts`, the parser for Linux.
pub fn clean(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

#[cfg(test)]
mod tests;
