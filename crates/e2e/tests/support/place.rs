//! Where the tests run: the material they share, the binary under test, and what to do where a test
//! cannot run.
//!
//! Must not know: what a test needs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value as Json;

/// Whether a test can run, given what is missing; says why not otherwise. Fails where all tests are
/// required.
pub(crate) fn runs_without(missing: Option<String>) -> bool {
    let Some(reason) = missing else { return true };
    let required = std::env::var("PORTCULLIS_REQUIRE_ALL").is_ok_and(|all| all == "1");
    assert!(!required, "all tests are required, but {reason}");
    println!("skipped: {reason}");
    false
}

/// Returns the first of the programs that is not installed, as a reason to skip.
pub(crate) fn missing_program(programs: &[&str]) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there =
        |program: &&&str| std::env::split_paths(&path).any(|d| d.join(program).is_file());
    let missing = programs.iter().find(|program| !is_there(program))?;
    Some(format!("`{missing}` is not installed"))
}

/// Returns the shared folder, as a reason to skip, where it is not there.
pub(crate) fn missing_shared(folder: &str) -> Option<String> {
    let folder = shared().join(folder);
    (!folder.is_dir()).then(|| format!("{} is missing", folder.display()))
}

/// The material that all tests share.
pub(crate) fn shared() -> PathBuf {
    root().join("../shared")
}

/// What packages are made with.
#[allow(dead_code, reason = "not every test of those that share this needs it")]
pub(crate) fn packaging() -> PathBuf {
    root().join("packaging")
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
