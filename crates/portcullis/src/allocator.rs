//! Keeps glibc's allocator from holding on to the memory of big requests.
//!
//! It serves blocks of 128 KiB and more from the system and gives them back when they are freed,
//! until the first is: then it raises that mark to the block's size, and each thread's arena keeps
//! megabytes for good. With the mark set it stays. It can be set from the environment only, which
//! is read before `main`, so that a gate begins by starting itself once more, as the same process.
//!
//! Must not know: what the program does.
//!
//! Source: `mallopt(3)`, "M_MMAP_THRESHOLD" and "Environment variables".

use std::env;
use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What glibc reads the mark from, in bytes.
const VARIABLE: &str = "MALLOC_MMAP_THRESHOLD_";

/// The mark that glibc begins with.
const THRESHOLD: &str = "131072";

/// Starts the program again with the mark set, in place of itself. Returns where it is set, or
/// where that is not possible: the gate works without it.
pub(crate) fn give_back_memory() {
    if cfg!(not(target_env = "gnu")) || env::var_os(VARIABLE).is_some() {
        return;
    }
    let mut words = env::args_os();
    let (Some(name), Ok(program)) = (words.next(), env::current_exe()) else { return };
    let mut again = Command::new(called_as(&name, &program).unwrap_or(program));
    // Returns on failure only.
    let _ = again.arg0(name).args(words).env(VARIABLE, THRESHOLD).exec();
}

/// Returns the path that the program was called by, where it is one that leads to `program`: a
/// process goes by the name of the path that started it.
fn called_as(name: &OsStr, program: &Path) -> Option<PathBuf> {
    let path = PathBuf::from(name);
    let leads_here = || path.canonicalize().is_ok_and(|found| found == program);
    (path.components().count() > 1 && leads_here()).then_some(path)
}
