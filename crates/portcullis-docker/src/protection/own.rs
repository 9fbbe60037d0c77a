//! Where the gate is: its plugin's or container's id, and what its files are called on the host.
//!
//! Reading `/proc` and resolving paths happens here, once, when the gate starts; what is read is
//! taken apart by pure functions. Must not know: what is done about it.
//!
//! Source: Linux `proc(5)`, `/proc/self/mountinfo` and `/proc/self/cgroup`; moby
//! `plugin/v2/plugin_linux.go` (a managed plugin has `/run/docker/plugins/ID` of the host in place
//! of `/run/docker/plugins`), `daemon/container.go` (files of a container lie below its id).

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::facts::reference::is_id;
use crate::host_tree::{HostTree, clean};
use crate::listen::PLUGIN_DIRECTORY;

use super::paths::ProtectedPath;

/// Most that is read of a file in `/proc`.
const PROC_BYTES_MAX: u64 = 4 << 20;

/// Most names of one file on the host.
const ALIASES_MAX: usize = 64;

/// Files of the daemon's making that are mounted into each container, from a directory of its id.
const CONTAINER_FILES: [&str; 3] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

/// A mount that this process sees.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mount {
    device: String,
    /// What of the file system is mounted.
    root: String,
    /// Where.
    point: String,
}

/// What this process sees of its own place.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    mounts: Vec<Mount>,
    cgroups: String,
}

impl Surroundings {
    /// Returns what the system says; nothing where it says nothing.
    pub fn read() -> Self {
        let (mounts, cgroups) = (proc_text("mountinfo"), proc_text("cgroup"));
        Self::parse(&mounts, &cgroups)
    }

    /// Returns what these texts of `/proc/self/mountinfo` and `/proc/self/cgroup` say.
    pub fn parse(mounts: &str, cgroups: &str) -> Self {
        Self { mounts: mounts.lines().filter_map(mount).collect(), cgroups: cgroups.to_string() }
    }

    /// Returns the id of the managed plugin that this process runs in; none where it does not.
    pub fn plugin_id(&self) -> Option<String> {
        let mounts = self.mounts.iter().filter(|mount| mount.point == PLUGIN_DIRECTORY);
        let mut ids = mounts.filter_map(|mount| mount.root.rsplit('/').next());
        ids.find(|id| is_id(id)).map(str::to_string)
    }

    /// Returns the id of the container that this process runs in; none where it does not, or that
    /// cannot be told.
    pub fn container_id(&self) -> Option<String> {
        let files = self.mounts.iter().filter(|m| CONTAINER_FILES.contains(&m.point.as_str()));
        let ids = files.filter_map(|mount| mount.root.split('/').rev().find(|name| is_id(name)));
        let of_cgroup = |line: &str| {
            let path = line.splitn(3, ':').nth(2)?;
            let name = path.rsplit('/').next()?.trim_end_matches(".scope");
            let id = name.rsplit('-').next().filter(|id| is_id(id))?;
            Some(id.to_string())
        };
        let from_cgroups = self.cgroups.lines().filter_map(of_cgroup);
        ids.map(str::to_string).chain(from_cgroups).next()
    }

    /// Returns what a file, given without links, is called below `host_root` by any mount there.
    fn on_host(&self, file: &str, host_root: &str) -> Vec<String> {
        let over = |mount: &&Mount| below(file, &mount.point).is_some();
        // The last of the longest lies over the others.
        let Some(own) = self.mounts.iter().filter(over).max_by_key(|mount| mount.point.len())
        else {
            return Vec::new();
        };
        let inside = join(&own.root, below(file, &own.point).unwrap_or_default());
        let names = self.mounts.iter().filter_map(|mount| {
            let rest = below(&inside, &mount.root).filter(|_| mount.device == own.device)?;
            below(&join(&mount.point, rest), host_root).map(|path| join("/", path))
        });
        names.take(ALIASES_MAX).collect()
    }
}

/// Returns a protected file by all its names on the host.
pub fn protect(
    what: &'static str,
    file: &Path,
    (surroundings, host_root, tree): (&Surroundings, &str, &HostTree),
) -> ProtectedPath {
    let spelled = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let real = real(&spelled);
    let (spelled, real) = (clean(&spelled.to_string_lossy()), clean(&real.to_string_lossy()));
    let mut paths = surroundings.on_host(&real, host_root);
    if host_root == "/" || paths.is_empty() {
        paths.extend([spelled, real]);
    }
    let mut protected = ProtectedPath { what, paths, directories: Vec::new(), own: None };
    let places: Vec<_> = protected.paths.iter().map(|path| tree.look(path)).collect();
    for mut place in places {
        if !place.resolved.is_empty() {
            protected.own = place.way.pop();
        }
        protected.directories.append(&mut place.way);
        protected.paths.push(place.leads_to);
    }
    protected.paths.retain(|path| !path.is_empty());
    protected.paths.sort();
    protected.paths.dedup();
    protected.directories.sort_unstable();
    protected.directories.dedup();
    protected
}

/// Returns a file without links; where it is not there yet, that of its directory.
fn real(file: &Path) -> PathBuf {
    let of_directory = || {
        let directory = fs::canonicalize(file.parent()?).ok()?;
        Some(directory.join(file.file_name()?))
    };
    fs::canonicalize(file).ok().or_else(of_directory).unwrap_or_else(|| file.to_owned())
}

fn proc_text(name: &str) -> String {
    let mut text = String::new();
    let file = File::open(Path::new("/proc/self").join(name));
    // What cannot be read says nothing.
    drop(file.and_then(|file| file.take(PROC_BYTES_MAX).read_to_string(&mut text)));
    text
}

/// Reads a line of `mountinfo`.
fn mount(line: &str) -> Option<Mount> {
    let mut fields = line.split(' ').skip(2);
    let device = fields.next()?.to_string();
    Some(Mount { device, root: plain(fields.next()?), point: plain(fields.next()?) })
}

/// Returns a field without its octal escapes.
fn plain(field: &str) -> String {
    let mut plain = field.to_string();
    for (escape, letter) in [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")] {
        plain = plain.replace(escape, letter);
    }
    plain
}

/// Returns what of a path is below a directory; empty for the directory itself.
fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(directory.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
}

fn join(directory: &str, rest: &str) -> String {
    clean(&format!("{directory}/{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0f3c5a7d9e1b2c4d6f8a0b2c4d6e8f0a1b3c5d7e9f1a3b5c7d9e1f3a5b7c9d1e";

    fn mounts(lines: &[(&str, &str, &str)]) -> Surroundings {
        let line = |(device, root, point): &(&str, &str, &str)| {
            format!("1 2 {device} {root} {point} rw - ext4 /dev/x rw\n")
        };
        Surroundings::parse(&lines.iter().map(line).collect::<String>(), "")
    }

    #[test]
    fn a_managed_plugin_finds_its_id_and_what_its_files_are_called_on_the_host() {
        let own = format!("/docker/plugins/{ID}");
        let rootfs = format!("/var/lib/docker/plugins/{ID}/rootfs");
        let plugin = mounts(&[
            ("8:1", &rootfs, "/"),
            ("8:1", "/etc/docker/my\\040policies", "/policies"),
            ("0:21", &own, "/run/docker/plugins"),
            ("8:1", "/", "/host"),
            ("0:21", "/", "/host/run"),
            ("8:2", "/", "/host/srv"),
        ]);
        assert_eq!(plugin.plugin_id().as_deref(), Some(ID));
        let on_host = |path| plugin.on_host(path, "/host");
        assert_eq!(on_host("/policies/a.rego"), ["/etc/docker/my policies/a.rego"]);
        let socket = format!("/run/docker/plugins/{ID}/authz.sock");
        assert_eq!(on_host("/run/docker/plugins/authz.sock"), [socket]);
        assert_eq!(on_host("/gate"), [format!("{rootfs}/gate")]);
        assert!(plugin.on_host("/policies/a.rego", "/nowhere").is_empty());
    }

    #[test]
    fn a_file_on_the_host_is_known_by_every_mount_of_it() {
        let host = mounts(&[
            ("8:1", "/", "/"),
            ("8:1", "/etc", "/mnt/alias"),
            ("8:2", "/", "/etc/docker"),
            ("8:2", "/x", "/mnt/x"),
        ]);
        assert_eq!(host.on_host("/etc/gate/a", "/"), ["/etc/gate/a", "/mnt/alias/gate/a"]);
        assert_eq!(host.on_host("/etc/docker/x/a", "/"), ["/etc/docker/x/a", "/mnt/x/a"]);
        assert_eq!((host.plugin_id(), host.container_id()), (None, None));
    }

    #[test]
    fn a_container_finds_its_id() {
        for cgroup in [
            format!("0::/docker/{ID}"),
            format!("12:pids:/x\n0::/system.slice/docker-{ID}.scope"),
            format!("1:name=systemd:/kubepods/pod1/{ID}"),
        ] {
            assert_eq!(Surroundings::parse("", &cgroup).container_id().as_deref(), Some(ID));
        }
        let root = format!("/var/lib/docker/containers/{ID}/hostname");
        let container = mounts(&[("8:1", &root, "/etc/hostname")]);
        assert_eq!(container.container_id().as_deref(), Some(ID));
        for nothing in ["", "0::/", "0::/user.slice/x-1.scope", ":::", "x"] {
            assert_eq!(Surroundings::parse(nothing, nothing).container_id(), None);
        }
    }

    #[test]
    fn what_is_here_can_be_read() {
        let here = Surroundings::read();
        let tree = HostTree::open(Path::new("/")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("policy", &link).unwrap();
        fs::write(directory.path().join("policy"), "").unwrap();
        let path = protect("x", &link, (&here, "/", &tree));
        assert!(path.own.is_some());
        assert!(path.paths.iter().any(|path| path.ends_with("/policy")), "{path:?}");
        assert!(path.paths.iter().any(|path| path.ends_with("/link")), "{path:?}");
        let gone = protect("x", &directory.path().join("gone"), (&here, "/", &tree));
        assert!(gone.own.is_none());
        assert!(gone.paths.iter().any(|path| path.ends_with("/gone")), "{gone:?}");
    }
}
