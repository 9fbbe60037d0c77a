//! What a caller chooses of the analysis. Must not know: how any of it is done.

use rego_value::Value;

use crate::builtin::Decl;

/// What to do with calls of `print`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Print {
    /// They run.
    #[default]
    Keep,
    /// They vanish.
    Erase,
}

/// How to analyse.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// Finds a builtin by its name.
    pub builtins: fn(&str) -> Option<&'static Decl>,
    /// The names of all builtins, for hints.
    pub builtin_names: &'a [&'static str],
    /// Builtins that may not be called.
    pub unsafe_builtins: &'a [&'a str],
    /// Whether OPA's strict checks apply.
    pub strict: bool,
    /// How many errors are reported before `error limit reached`; 0 is no limit. OPA's default: 10.
    pub error_limit: usize,
    /// The base documents that the rules must not be in conflict with.
    pub base_data: Option<&'a Value>,
    /// What to do with calls of `print`.
    pub print: Print,
    /// Whether rules that are tests are to be run as such: those of one name are kept apart, and
    /// each of their cases announces itself.
    pub tests: bool,
}

impl Options<'_> {
    /// Returns OPA's defaults over a table of builtins.
    pub fn new(builtins: fn(&str) -> Option<&'static Decl>) -> Self {
        Self {
            builtins,
            builtin_names: &[],
            unsafe_builtins: &[],
            strict: false,
            error_limit: 10,
            base_data: None,
            print: Print::Keep,
            tests: false,
        }
    }
}
