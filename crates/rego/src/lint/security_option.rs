//! Security options in one spelling only.

use std::collections::{BTreeMap, BTreeSet};

use rego_source::Diagnostic;
use rego_syntax::ast::Term;

use super::Rule;
use super::constant::text;
use super::reference::call;
use super::view::{Site, View};
use super::walk::{Node, nodes};

const ID: &str = "one-spelling-of-option";

pub(super) const RULE: Rule = Rule {
    id: ID,
    summary: "a security option is looked for in one of its two spellings",
    explanation: "\
Docker takes security options with a colon and with an equals sign: `seccomp:unconfined` and \
`seccomp=unconfined` are the same. Today's clients send what the user wrote. A policy that knows one \
of the two does not see the other.

    unconfined := {\"seccomp:unconfined\", \"seccomp=unconfined\"}
    some option in input.Body.HostConfig.SecurityOpt
    option in unconfined",
    check,
};

/// The options that come in both spellings.
const OPTIONS: [&str; 4] = ["seccomp", "apparmor", "label", "no-new-privileges"];

/// What of a package is known of its options.
#[derive(Default)]
struct Package<'v> {
    /// Spelled in these ways.
    spelled: BTreeSet<(&'static str, char)>,
    /// Where.
    places: Vec<(Site<'v, 'v>, &'v Term, (&'static str, char))>,
    /// Whether spellings are made one before they are compared.
    unified: bool,
}

fn check(view: &View<'_>, out: &mut Vec<Diagnostic>) {
    let mut packages: BTreeMap<&[&str], Package<'_>> = BTreeMap::new();
    for site in view.sites().filter(|site| !site.is_test()) {
        let package = packages.entry(&site.unit.package).or_default();
        for node in nodes(site.rule) {
            let Node::Term(term) = node else { continue };
            if let Some(spelling) = text(term).and_then(spelling) {
                package.spelled.insert(spelling);
                package.places.push((site, term, spelling));
            }
            package.unified |= replaces_separator(term);
        }
    }
    for package in packages.into_values().filter(|package| !package.unified) {
        for (site, term, (option, separator)) in package.places {
            let other = if separator == ':' { '=' } else { ':' };
            if package.spelled.contains(&(option, other)) {
                continue;
            }
            let message = format!(
                "`{option}{separator}…` may also be spelled `{option}{other}…`, which this policy does \
                 not know"
            );
            let hint = "look for both spellings";
            out.push(site.finding(ID, term.span, message).with_hint(hint));
        }
    }
}

/// Returns the option and the separator of a text such as `seccomp:unconfined`.
fn spelling(text: &str) -> Option<(&'static str, char)> {
    OPTIONS.iter().find_map(|option| {
        let rest = text.strip_prefix(option)?;
        let separator = rest.chars().next().filter(|char| matches!(char, ':' | '='))?;
        // A sentence may begin like an option.
        (!rest.contains(' ')).then_some((*option, separator))
    })
}

/// Whether a term makes one separator of the other.
fn replaces_separator(term: &Term) -> bool {
    let Some((name, [_, from, to])) = call(term) else { return false };
    let pair = (text(from).unwrap_or_default(), text(to).unwrap_or_default());
    name == "replace" && matches!(pair, (":", "=") | ("=", ":"))
}
