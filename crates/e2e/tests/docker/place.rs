//! What tests in front of a daemon need: a daemon that can run here, and an image for it.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::getuid;

use crate::shared_place::{missing_program, missing_shared, runs_without};

/// Whether a test can run here; says why not otherwise. Fails where all tests are required.
pub(crate) fn can_run() -> bool {
    can_run_with(&[])
}

/// Whether a test that needs these programs, too, can run here.
pub(crate) fn can_run_with(programs: &[&str]) -> bool {
    let no_root = || (!getuid().is_root()).then(|| "only root can run a daemon".to_owned());
    let no_daemon = || missing_program(&["dockerd", "docker", "busybox"]);
    let no_program = || missing_program(programs);
    let no_seeds = || missing_shared("seeds/policies");
    runs_without(no_root().or_else(no_daemon).or_else(no_program).or_else(no_seeds))
}

/// Writes the archive of a root file system with a shell and little else; returns its path.
pub(crate) fn write_image(dir: &Path) -> String {
    let root = dir.join("image");
    for part in ["bin", "etc", "tmp"] {
        fs::create_dir_all(root.join(part)).unwrap();
    }
    let path = std::env::var_os("PATH").unwrap();
    let busybox = std::env::split_paths(&path).map(|d| d.join("busybox")).find(|p| p.is_file());
    fs::copy(busybox.unwrap(), root.join("bin/busybox")).unwrap();
    for name in ["sh", "sleep", "ls", "cat", "echo", "id", "true"] {
        let _ = std::os::unix::fs::symlink("busybox", root.join("bin").join(name));
    }
    fs::write(root.join("etc/passwd"), "root:x:0:0::/:/bin/sh\n").unwrap();
    let tar = dir.join("image.tar");
    let status = Command::new("tar").arg("cf").arg(&tar).arg("-C").arg(&root).arg(".").status();
    assert!(status.unwrap().success());
    tar.display().to_string()
}
