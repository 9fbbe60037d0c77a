//! What a caller chooses of the analysis. Must not know: how any of it is done.

use std::collections::BTreeSet;

use rego_value::Value;

use crate::builtin::Decl;
use crate::schemas::SchemaSet;

/// What to do with calls of `print`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Print {
    /// They run.
    #[default]
    Keep,
    /// They vanish.
    Erase,
}

/// Which heads rules may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeadForms {
    /// Any: `a.b[x].c`.
    #[default]
    All,
    /// References of constant strings: `a.b.c`, and `a[x]`.
    StringPrefixes,
    /// Names, and `a[x]`.
    Names,
}

/// How to analyse.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// Finds a builtin by its name.
    pub builtins: fn(&str) -> Option<&'static Decl>,
    /// The names of all builtins, for hints.
    pub builtin_names: &'a [&'static str],
    /// Those of them that there are; nothing for all.
    pub allowed_builtins: Option<&'a BTreeSet<String>>,
    /// Builtins that may not be called.
    pub unsafe_builtins: &'a [&'a str],
    /// Whether OPA's strict checks apply.
    pub strict: bool,
    /// How many errors are reported before `error limit reached`; 0 is no limit. OPA's default: 10.
    pub error_limit: usize,
    /// The base documents that the rules must not be in conflict with.
    pub base_data: Option<&'a Value>,
    /// Which heads rules may have.
    pub head_forms: HeadForms,
    /// What to do with calls of `print`.
    pub print: Print,
    /// Whether rules that are tests are to be run as such: those of one name are kept apart, and
    /// each of their cases announces itself.
    pub tests: bool,
    /// The schemas of documents.
    pub schemas: Option<&'a SchemaSet>,
}

impl Options<'_> {
    /// Returns the builtin of a name, if it may be known.
    pub(crate) fn builtin(&self, name: &str) -> Option<&'static Decl> {
        let allowed = self.allowed_builtins.is_none_or(|allowed| allowed.contains(name));
        if allowed { (self.builtins)(name) } else { None }
    }

    /// Returns OPA's defaults over a table of builtins.
    pub fn new(builtins: fn(&str) -> Option<&'static Decl>) -> Self {
        Self {
            builtins,
            builtin_names: &[],
            allowed_builtins: None,
            unsafe_builtins: &[],
            strict: false,
            error_limit: 10,
            base_data: None,
            head_forms: HeadForms::All,
            print: Print::Keep,
            tests: false,
            schemas: None,
        }
    }
}
