//! Which rules refuse: by their names.

use super::view::{Site, rule_name};

/// What the names of rules that refuse begin with.
const PREFIXES: [&str; 9] =
    ["deny", "denied", "denies", "violation", "reject", "refus", "forbid", "disallow", "prohibit"];

/// Whether a rule refuses something: it is no function, and its name says so.
pub(super) fn is_denial(site: Site<'_, '_>) -> bool {
    let rule = site.rule;
    let name = rule_name(rule).last().map(|name| name.to_lowercase()).unwrap_or_default();
    rule.head.args.is_none()
        && !rule.default
        && !site.is_test()
        && PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
