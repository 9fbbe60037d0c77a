//! Where the tests run: what they need is there, or they skip.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rustix::process::getuid;
use serde_json::Value as Json;

/// Whether a test can run here; says why not otherwise. Fails where all tests are required.
pub(crate) fn can_run() -> bool {
    let Some(reason) = missing() else { return true };
    let required = std::env::var("PORTCULLIS_REQUIRE_ALL").is_ok_and(|all| all == "1");
    assert!(!required, "all tests are required, but {reason}");
    println!("skipped: {reason}");
    false
}

fn missing() -> Option<String> {
    if !getuid().is_root() {
        return Some("only root can run a daemon".to_owned());
    }
    for program in ["dockerd", "docker", "busybox"] {
        let found = std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
        });
        if !found {
            return Some(format!("`{program}` is not installed"));
        }
    }
    let seeds = shared().join("seeds/policies");
    (!seeds.is_dir()).then(|| format!("{} is missing", seeds.display()))
}

/// The material that all tests share.
pub(crate) fn shared() -> PathBuf {
    root().join("../shared")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the binary under test: `PORTCULLIS_BIN`, or built here.
pub(crate) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("PORTCULLIS_BIN") {
        Some(path) => PathBuf::from(path).canonicalize().unwrap(),
        None => build(),
    })
}

fn build() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "portcullis", "--message-format=json"])
        .current_dir(root())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let path = messages.filter_map(|m| m["executable"].as_str().map(PathBuf::from)).next_back();
    path.expect("the build names the binary")
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
