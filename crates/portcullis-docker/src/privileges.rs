//! What the gate gives up at its start: all of root's capabilities but one, and the way to any more.
//!
//! What stays is to look into every directory. The gate resolves the sources of bind mounts as the
//! daemon would, and one that it could not follow would be a mount whose end no policy sees. Where
//! that capability is not granted, the wider `CAP_DAC_OVERRIDE` stays in its place, if there is one.
//!
//! Must not know: policies, sockets. Has to run while the process has one thread: what a thread gives
//! up is its own affair and that of the threads it starts.
//!
//! Source: `capabilities(7)`, `PR_SET_NO_NEW_PRIVS(2const)`.

use std::fmt;

use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set,
    clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
    set_no_new_privs,
};

/// Beyond this bit there is no capability: the kernel has two words of 32.
const CAPABILITIES_MAX: u32 = 64;

/// Why something could not be given up: what, and what the system said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptError {
    what: &'static str,
    error: Errno,
}

impl fmt::Display for KeptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot give up {}: {}", self.what, self.error)
    }
}

impl std::error::Error for KeptError {}

/// Gives up what the gate does not need; returns the names of the capabilities that stay, as
/// `CAP_DAC_READ_SEARCH`; none for a process that never had any.
///
/// Errors: the system refuses. What was given up by then is gone.
pub fn give_up() -> Result<Vec<String>, KeptError> {
    let failed = |what| move |error| KeptError { what, error };
    set_no_new_privs(true).map_err(failed("new privileges"))?;
    let had = capabilities(None).map_err(failed("capabilities"))?;
    let kept = needed(had.permitted);
    if had.permitted.contains(CapabilitySet::SETPCAP) {
        drop_bounding(kept).map_err(failed("the bounding set"))?;
    }
    // Kernels before 4.3 have no ambient set.
    match clear_ambient_capability_set() {
        Ok(()) | Err(Errno::INVAL) => {}
        Err(error) => return Err(failed("the ambient set")(error)),
    }
    let sets =
        CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets).map_err(failed("capabilities"))?;
    Ok(kept.iter_names().map(|(name, _)| format!("CAP_{name}")).collect())
}

/// Returns what stays of these.
fn needed(permitted: CapabilitySet) -> CapabilitySet {
    let preferred = [CapabilitySet::DAC_READ_SEARCH, CapabilitySet::DAC_OVERRIDE];
    preferred.into_iter().find(|one| permitted.contains(*one)).unwrap_or(CapabilitySet::empty())
}

/// Takes everything but `kept` out of what a program could ever be given.
fn drop_bounding(kept: CapabilitySet) -> Result<(), Errno> {
    let all = (0..CAPABILITIES_MAX).map(|bit| CapabilitySet::from_bits_retain(1 << bit));
    for one in all.filter(|one| !kept.contains(*one)) {
        match capability_is_in_bounding_set(one) {
            Ok(true) => remove_capability_from_bounding_set(one)?,
            Ok(false) => {}
            Err(Errno::INVAL) => break, // the kernel knows no further ones
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn keeps_the_narrower_one() {
        let (search, all) = (CapabilitySet::DAC_READ_SEARCH, CapabilitySet::DAC_OVERRIDE);
        assert_eq!(needed(search | all | CapabilitySet::SYS_ADMIN), search);
        assert_eq!(needed(all | CapabilitySet::KILL), all);
        assert_eq!(needed(CapabilitySet::SYS_ADMIN), CapabilitySet::empty());
    }

    #[test]
    fn a_thread_that_gave_up_has_nothing_else() {
        // In a thread of its own, since what is given up here is not to be had back.
        let status = std::thread::spawn(|| {
            let kept = give_up().unwrap();
            assert!(kept.len() <= 1, "{kept:?}");
            give_up().unwrap(); // once more is nothing new
            fs::read_to_string("/proc/thread-self/status").unwrap()
        });
        let status = status.join().unwrap();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().last().unwrap().to_owned()
        };
        assert_eq!(field("NoNewPrivs:"), "1");
        let allowed = ["0000000000000000", "0000000000000004", "0000000000000002"];
        for set in ["CapEff:", "CapPrm:"] {
            assert!(allowed.contains(&field(set).as_str()), "{set} {}", field(set));
        }
        assert_eq!(field("CapInh:"), "0000000000000000");
        assert_eq!(field("CapAmb:"), "0000000000000000");
    }
}
