//! Which mappings of this process show a file and nothing else, and stay until it ends: those of the
//! program itself and of the C library it is linked with.
//!
//! Must not know: what is done with them.
//!
//! Source: `proc_pid_smaps(5)`, `proc_pid_maps(5)`.

use std::ops::Range;

/// The libraries that the loader maps before `main` and never lets go of: those that the standard
/// library is linked with. Others may be unloaded at any time.
const LIBRARIES: [&str; 3] = ["libc.so.6", "libm.so.6", "libgcc_s.so.1"];

/// How the names of loaders begin.
const LOADER: &str = "ld-linux-";

/// Fields that count pages which are no longer those of the file.
const CHANGED: [&str; 2] = ["Anonymous:", "Swap:"];

/// Returns the addresses of those mappings that are not writable, private, and of which no page was
/// ever changed (`smaps` counts them), among those of `program` and its C library. What cannot be
/// read is left out.
pub(crate) fn unchanged(smaps: &str, program: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut current: Option<Candidate> = None;
    for line in smaps.lines() {
        if is_field(line) {
            if let Some(candidate) = &mut current {
                candidate.note(line);
            }
        } else {
            found.extend(current.take().and_then(Candidate::accept));
            current = Candidate::of_head(line, program);
        }
    }
    found.extend(current.and_then(Candidate::accept));
    found
}

/// Whether a line of `smaps` tells about the mapping above it, as `Rss:  12 kB`; the head of one
/// begins with its addresses.
fn is_field(line: &str) -> bool {
    line.split_whitespace().next().is_some_and(|word| word.ends_with(':'))
}

/// A mapping that might do.
struct Candidate {
    addresses: Range<usize>,
    /// How many of the fields that must be zero are.
    unchanged_fields: usize,
}

impl Candidate {
    /// Reads a head: `start-end perms offset device inode path`.
    fn of_head(line: &str, program: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let address = |text| usize::from_str_radix(text, 16).ok();
        let addresses = address(start)?..address(end)?;
        let is_read_only = matches!(words.next()?, "r-xp" | "r--p");
        let mut rest = words.skip(2);
        let (inode, path) = (rest.next()?, rest.collect::<Vec<_>>().join(" "));
        let is_kept = path == program || is_of_c_library(&path);
        let fits = is_read_only && inode != "0" && is_kept && addresses.start < addresses.end;
        fits.then_some(Self { addresses, unchanged_fields: 0 })
    }

    fn note(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let counts = words.next().is_some_and(|name| CHANGED.contains(&name));
        if counts && words.next() == Some("0") {
            self.unchanged_fields += 1;
        }
    }

    /// Returns the addresses, where every field was there and zero.
    fn accept(self) -> Option<Range<usize>> {
        (self.unchanged_fields == CHANGED.len()).then_some(self.addresses)
    }
}

fn is_of_c_library(path: &str) -> bool {
    // A program without a loader maps these only for a while, to look names up.
    let has_loader = cfg!(all(target_env = "gnu", not(target_feature = "crt-static")));
    let name = path.rsplit('/').next().unwrap_or_default();
    has_loader && path.starts_with('/') && (LIBRARIES.contains(&name) || name.starts_with(LOADER))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: &str = "/opt/a program";

    fn mapping(head: &str, anonymous: &str, swap: &str) -> String {
        format!(
            "{head}\nSize:   8 kB\nRss:   8 kB\nAnonymous:   {anonymous} kB\nSwap:   {swap} kB\n\
             SwapPss:   0 kB\nVmFlags: rd ex mr mw me\n"
        )
    }

    fn count(head: &str, anonymous: &str, swap: &str) -> usize {
        unchanged(&mapping(head, anonymous, swap), PROGRAM).len()
    }

    #[test]
    fn finds_what_only_shows_the_program() {
        let text = mapping("1000-3000 r-xp 00000000 fd:00 123   /opt/a program", "0", "0")
            + &mapping("3000-4000 r--p 00002000 fd:00 123   /opt/a program", "4", "0")
            + &mapping("4000-5000 r--p 00003000 fd:00 123   /opt/a program", "0", "0");
        assert_eq!(unchanged(&text, PROGRAM), [0x1000..0x3000, 0x4000..0x5000]);
    }

    #[test]
    fn leaves_out_what_may_hold_more_than_the_file() {
        let ours = "1000-3000 r-xp 00000000 fd:00 123   /opt/a program";
        assert_eq!(count(ours, "0", "0"), 1);
        assert_eq!(count(ours, "4", "0"), 0, "a page was written: relocations, a breakpoint");
        assert_eq!(count(ours, "0", "4"), 0, "one that was is swapped out");
        for head in [
            "1000-3000 rw-p 00000000 fd:00 123   /opt/a program",
            "1000-3000 r--s 00000000 fd:00 123   /opt/a program",
            "1000-3000 ---p 00000000 fd:00 123   /opt/a program",
            "1000-3000 r-xp 00000000 fd:00 123   /opt/another",
            "1000-3000 r-xp 00000000 00:00 0",
            "1000-3000 r-xp 00000000 00:00 0   [vdso]",
            "3000-3000 r-xp 00000000 fd:00 123   /opt/a program",
            "no mapping at all",
        ] {
            assert_eq!(count(head, "0", "0"), 0, "{head}");
        }
        assert!(unchanged(&format!("{ours}\nRss:   8 kB\n"), PROGRAM).is_empty(), "no counts");
    }

    #[test]
    fn knows_the_libraries_that_stay() {
        let has_loader = cfg!(all(target_env = "gnu", not(target_feature = "crt-static")));
        for name in ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"] {
            let head = format!("1000-3000 r-xp 00000000 fd:00 9 /usr/lib/{name}");
            assert_eq!(count(&head, "0", "0"), usize::from(has_loader), "{name}");
        }
        assert_eq!(count("1000-3000 r-xp 00000000 fd:00 9 /usr/lib/libnss_dns.so.2", "0", "0"), 0);
    }
}
