//! Collects what the passes find, by the stage OPA would find it in.
//!
//! OPA runs stage after stage and stops behind the first one with an error. Several of its stages
//! are one walk here, so each finding names its stage, and only those of the first stage count.

use std::collections::BTreeMap;

use rego_source::{Diagnostic, Location, Sources};

/// The stages of OPA's compiler that can fail, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    ResolveRefs,
    KeywordOverrides,
    Imports,
    LocalVars,
    VoidCalls,
    PrintCalls,
    Metadata,
    WithValues,
    RuleConflicts,
    UndefinedFunctions,
    SafetyHeads,
    SafetyBodies,
    Recursion,
    Types,
    UnsafeBuiltins,
    DeprecatedBuiltins,
}

/// `rego_compile_error`
pub(crate) const COMPILE: &str = "rego_compile_error";
/// `rego_type_error`
pub(crate) const TYPE: &str = "rego_type_error";
/// `rego_unsafe_var_error`
pub(crate) const UNSAFE: &str = "rego_unsafe_var_error";

/// How many errors are told; 0 is no limit. One more says that there were too many.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// Also where there are no more than that: OPA stops a module set with the last one allowed,
    /// and does not know of others.
    Reached(usize),
    /// Only where there are more: a query.
    Exceeded(usize),
}

impl Limit {
    fn count(self) -> usize {
        match self {
            Self::Reached(count) | Self::Exceeded(count) => count,
        }
    }
}

/// All findings so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    errors: BTreeMap<Stage, Vec<Diagnostic>>,
    warnings: Vec<Diagnostic>,
}

impl Findings {
    /// Adds an error.
    pub(crate) fn add(&mut self, stage: Stage, diagnostic: Diagnostic) {
        self.errors.entry(stage).or_default().push(diagnostic);
    }

    /// Adds an error made of its parts.
    pub(crate) fn error(
        &mut self,
        stage: Stage,
        code: &'static str,
        location: Location,
        message: impl Into<String>,
    ) {
        self.add(stage, Diagnostic::error(code, location, message));
    }

    /// Whether a stage before `stage` has failed.
    pub(crate) fn failed_before(&self, stage: Stage) -> bool {
        self.errors.range(..stage).next().is_some()
    }

    /// Returns the warnings, or the errors of the first stage that failed: sorted by place, cut
    /// off at a limit as OPA does.
    pub(crate) fn finish(
        self,
        limit: Limit,
        sources: &Sources,
    ) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let Some((stage, mut errors)) = self.errors.into_iter().next() else {
            return Ok(self.warnings);
        };
        // Conflicts come in the order of the rule tree, those with packages last.
        if stage != Stage::RuleConflicts {
            errors.sort_by(|a, b| place(a, sources).cmp(&place(b, sources)));
        }
        let told = match limit {
            Limit::Reached(limit) => limit,
            Limit::Exceeded(limit) => limit.saturating_add(1),
        };
        if limit.count() > 0 && errors.len() >= told {
            errors.truncate(limit.count());
            let mut last = Diagnostic::error(COMPILE, Location::default(), "error limit reached");
            last.location = None;
            errors.push(last);
        }
        Err(errors)
    }
}

/// OPA sorts by file name, row and column.
fn place<'a>(diagnostic: &Diagnostic, sources: &'a Sources) -> (&'a str, u32) {
    let Some(location) = diagnostic.location else { return ("", 0) };
    let name = sources.get(location.source).map_or("", |file| file.name());
    (name, location.span.start)
}
