//! The gate's protection of itself: what would switch it off, or put something else in its place, is
//! refused whatever the policy says.
//!
//! Pure: what is to be protected is found out elsewhere, once. Must not know: policies, files.

pub mod containers;
pub mod own;
pub mod paths;
pub mod plugins;

use std::collections::BTreeSet;

use crate::facts::{Asked, Facts};

use self::containers::Containers;
use self::paths::Paths;
use self::plugins::Plugins;

/// What is protected, and from whom it is not. The default protects nothing.
#[derive(Clone, Debug, Default)]
pub struct Protection {
    /// The gate's plugin.
    pub plugins: Plugins,
    /// Its files.
    pub paths: Paths,
    /// Its container.
    pub containers: Containers,
    /// Who may do all of it. Nobody without a name is among them.
    pub break_glass: BTreeSet<String>,
}

impl Protection {
    /// Returns why a request is refused; none where it touches nothing of the gate's.
    pub fn refusal(&self, asked: &Asked<'_>, facts: &Facts) -> Option<String> {
        if !facts.identity.is_empty() && self.break_glass.contains(&facts.identity) {
            return None;
        }
        let what = self.plugins.touched(asked);
        let what = what.or_else(|| self.containers.touched(asked, &facts.sharing));
        let what = what.or_else(|| self.paths.touched(&facts.mounts))?;
        Some(format!(
            "the gate protects itself, whatever the policy says: {what}; who is named by \
             --break-glass may"
        ))
    }
}

#[cfg(test)]
mod tests;
