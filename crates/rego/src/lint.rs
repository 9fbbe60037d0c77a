//! Mistakes that bite in policies that guard something: valid Rego that does not say what it seems
//! to say.
//!
//! Modules are read, not compiled: one file of a policy may be looked at alone. Must not know:
//! where policies come from, how findings are shown.
//!
//! Read first: [`RULES`], then `lint/view.rs` (what a rule may ask), then any rule.

mod constant;
mod default_shadowed;
mod denial;
mod ignored;
mod port;
mod prefix;
mod raw_path;
mod reference;
mod security_option;
mod set_condition;
mod split_shape;
mod test_cannot_fail;
mod undefined_denial;
mod unreachable;
mod view;
mod walk;

use std::collections::BTreeSet;
use std::fmt;

use rego_source::{Diagnostic, Sources};

use crate::compiler::Compiler;
use crate::errors::Errors;
use view::View;

/// A mistake that is looked for.
pub struct Rule {
    /// Its name, for `# lint: ignore NAME` and the like; also the code of its findings.
    pub id: &'static str,
    /// What is wrong, in a line.
    pub summary: &'static str,
    /// Why that bites, and what to write instead: paragraphs of plain text, with an example.
    pub explanation: &'static str,
    check: fn(&View<'_>, &mut Vec<Diagnostic>),
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Every rule, in the order of names.
pub const RULES: [Rule; 10] = [
    default_shadowed::RULE,
    split_shape::RULE,
    security_option::RULE,
    port::RULE,
    prefix::RULE,
    raw_path::RULE,
    set_condition::RULE,
    test_cannot_fail::RULE,
    undefined_denial::RULE,
    unreachable::RULE,
];

/// Returns the rule of this name.
pub fn rule(id: &str) -> Option<&'static Rule> {
    const ALL: &[Rule] = &RULES;
    ALL.iter().find(|rule| rule.id == id)
}

/// What is found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// A warning each, with the rule's name as its code and a hint, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that they point into.
    pub sources: Sources,
}

impl Compiler {
    /// Looks for mistakes in the modules, which are read but not compiled. Rules named in `disabled`
    /// are left out; names of no rule count for nothing. A comment `# lint: ignore NAME, …` at the end
    /// of a line, or on the line before, silences these rules there.
    ///
    /// Errors: modules that cannot be read.
    ///
    /// ```
    /// use rego::Compiler;
    ///
    /// let text = "package p\n\ndeny contains \"no\" if input.bad\n\nallow if not deny\n";
    /// let found = Compiler::new().module("p.rego", text).lint(&[]).unwrap();
    /// assert_eq!(found.diagnostics[0].code, "set-as-condition");
    /// ```
    pub fn lint(&self, disabled: &[String]) -> Result<Findings, Errors> {
        let (modules, sources, _) = self.parse()?;
        let view = View::new(&modules, &sources);
        let mut diagnostics = Vec::new();
        for rule in RULES.iter().filter(|rule| disabled.iter().all(|id| id != rule.id)) {
            (rule.check)(&view, &mut diagnostics);
        }
        let silenced = ignored::read(&modules, &sources);
        diagnostics.retain(|finding| !silenced.holds(finding, &sources));
        diagnostics.sort_by_key(|finding| (finding.location, finding.code));
        let mut seen = BTreeSet::new();
        diagnostics.retain(|finding| seen.insert((finding.location, finding.code)));
        Ok(Findings { diagnostics, sources })
    }
}
