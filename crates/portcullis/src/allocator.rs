//! Sets glibc's allocator up for what the program is about to do.
//!
//! It reads its settings from the environment only, and before `main`, so that a command begins by
//! starting itself once more, as the same process.
//!
//! Must not know: what the program does.
//!
//! Source: `mallopt(3)`, "M_MMAP_THRESHOLD" and "Environment variables"; glibc manual, "Memory
//! Allocation Tunables".

use std::env;
use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Above which size, in bytes, blocks come from the system and go back to it: glibc's first mark.
const MMAP_THRESHOLD: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "131072");

/// How many freed blocks of each size a thread keeps at hand: glibc's own number is 7.
const THREAD_CACHE: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=256");

/// Keeps the allocator from holding on to the memory of big requests: glibc raises its mark to the
/// size of the first big block that is freed, and each thread's arena keeps megabytes for good. With
/// the mark set it stays.
pub(crate) fn give_back_memory() {
    start_again(MMAP_THRESHOLD);
}

/// Lets threads keep the blocks of a whole request at hand: its documents are hundreds of small
/// blocks, freed at once and wanted again for the next. Measured at a sixth of the time of a
/// request with 3.5 KB, for some megabytes of memory.
pub(crate) fn keep_blocks_at_hand() {
    start_again(THREAD_CACHE);
}

/// Starts the program again with a variable set, in place of itself. Returns where it is set, or
/// where that is not possible: everything works without it.
fn start_again((variable, value): (&str, &str)) {
    if cfg!(not(target_env = "gnu")) || env::var_os(variable).is_some() {
        return;
    }
    let mut words = env::args_os();
    let (Some(name), Ok(program)) = (words.next(), env::current_exe()) else { return };
    let mut again = Command::new(called_as(&name, &program).unwrap_or(program));
    // Returns on failure only.
    let _ = again.arg0(name).args(words).env(variable, value).exec();
}

/// Returns the path that the program was called by, where it is one that leads to `program`: a
/// process goes by the name of the path that started it.
fn called_as(name: &OsStr, program: &Path) -> Option<PathBuf> {
    let path = PathBuf::from(name);
    let leads_here = || path.canonicalize().is_ok_and(|found| found == program);
    (path.components().count() > 1 && leads_here()).then_some(path)
}
