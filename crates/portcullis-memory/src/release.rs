//! Tells the system, and the allocator, what is not needed any more.
//!
//! One of the two modules of the workspace with `unsafe`: the system is told to forget pages by their
//! addresses.
//!
//! Source: `madvise(2)`, `MADV_DONTNEED`; `malloc_trim(3)`.
#![allow(unsafe_code)]

use std::fs;
use std::ops::Range;

use rustix::mm::{Advice, madvise};

use crate::mapping;

/// Gives back what can be: pages of the program that show its file, which the system brings back
/// where they are used again, and what was freed but kept by the allocator. Takes about a
/// millisecond, and other threads go on meanwhile.
///
/// Meant for the moment after a start, or after other rare work: the code that ran for it would stay
/// resident.
pub fn give_back() {
    trim();
    let Ok(program) = fs::read_link("/proc/self/exe") else { return };
    let (Some(program), Ok(smaps)) = (program.to_str(), fs::read_to_string("/proc/self/smaps"))
    else {
        return;
    };
    for addresses in mapping::unchanged(&smaps, program) {
        forget(&addresses);
    }
}

/// Removes the pages of one of [`mapping::unchanged`] from memory.
fn forget(addresses: &Range<usize>) {
    let start = std::ptr::with_exposed_provenance_mut(addresses.start);
    // SAFETY: the addresses are those of a mapping that is private, not writable, and without a page
    // of its own: every page in it is one of the file's, as it is in the system's cache. Forgetting
    // such a page takes away how it is found and not what it holds; the next access finds the same
    // page again, and may come from any thread at any time. That holds at the time of the call, too,
    // and not only when the list was made: the program and the C library it is linked with stay
    // mapped where they are until the process ends, and nothing makes their code or constants
    // writable after the loader is done. (A debugger may, to set a breakpoint; it would lose it.)
    let forgotten = unsafe { madvise(start, addresses.len(), Advice::LinuxDontNeed) };
    // Where the system does not (the pages are locked), they stay.
    let _ = forgotten;
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    unsafe extern "C" {
        // Sound to call at any time: it takes the allocator's locks, and gives back free blocks only.
        safe fn malloc_trim(pad: usize) -> std::ffi::c_int;
    }
    // It says whether there was anything.
    let _ = malloc_trim(0);
}

/// Other allocators have no such call.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something of the program's constants, of more than a page.
    static CONSTANT: [u8; 64 << 10] = [7; 64 << 10];

    #[test]
    fn everything_is_still_there() {
        let text = "freed and used again".repeat(1000);
        give_back();
        assert!(CONSTANT.iter().all(|byte| *byte == 7));
        assert!(text.ends_with("used again"));
        let other =
            std::thread::spawn(|| (0..1000).map(|n: u32| n.to_string().len()).sum::<usize>());
        (0..100).for_each(|_| give_back());
        assert_eq!(other.join().unwrap(), 2890);
    }

    #[test]
    fn the_program_is_among_what_is_forgotten() {
        let program = fs::read_link("/proc/self/exe").unwrap();
        let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
        let found = mapping::unchanged(&smaps, program.to_str().unwrap());
        let code = give_back as fn() as usize;
        assert!(found.iter().any(|addresses| addresses.contains(&code)), "{smaps}");
    }
}
