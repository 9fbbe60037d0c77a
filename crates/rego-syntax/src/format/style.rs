//! What the whole module decides about how its parts are printed.
//!
//! Must not know: the page.

use super::tree::{Head, Rule};

/// How the parts of a module are printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Style {
    /// Whether the result is Rego v1, or valid as both.
    pub(super) v1: bool,
    /// Whether bodies follow `if`.
    pub(super) ifs: bool,
    /// Whether partial sets are written with `contains`.
    pub(super) contains: bool,
    /// Whether heads are printed as references: one of them needs it.
    pub(super) ref_heads: bool,
    /// Whether a keyword may follow a dot.
    pub(super) keywords_in_refs: bool,
    /// The keywords that were imported one by one.
    pub(super) imported: Vec<String>,
}

/// The keywords of v0.
const KEYWORDS: [&str; 11] =
    ["as", "default", "else", "false", "import", "package", "not", "null", "true", "with", "some"];

/// Those that came later, all of which v1 has.
const FUTURE_KEYWORDS: [&str; 4] = ["contains", "every", "if", "in"];

impl Style {
    /// Returns whether a name is a keyword.
    pub(super) fn is_keyword(&self, name: &str) -> bool {
        let is_future = if self.v1 {
            FUTURE_KEYWORDS.contains(&name)
        } else {
            self.imported.iter().any(|imported| imported == name)
        };
        is_future || KEYWORDS.contains(&name)
    }

    /// Returns whether the body of a rule with this head follows `if`. That of v0's `p[x] { … }`
    /// does not.
    pub(super) fn has_if(&self, head: &Head<'_>) -> bool {
        (self.v1 || self.ifs) && (self.contains || head.value.is_some())
    }

    /// Looks for heads that only the form of references has room for.
    pub(super) fn see_heads(&mut self, rules: &[Rule<'_>]) {
        self.ref_heads = rules.iter().any(|rule| {
            let parts = rule.head.reference.len();
            parts > 2 || parts == 2 && rule.head.element.is_some()
        });
    }
}
