//! Rego text to syntax tree, for Rego v1 and v0.
//!
//! Layer 1. Knows: the grammar. Must not know: builtins, other modules, values beyond the text of
//! literals. Never fails: [`parse_module`] gives a tree and diagnostics, whatever it reads.
//!
//! Read first: `ast.rs`, then `parser.rs`, then `parser/module.rs`.
#![forbid(unsafe_code)]

pub mod ast;
pub mod format;
mod lexer;
mod parser;
mod token;
pub mod visit;

use rego_source::{Diagnostic, SourceId};

use ast::{Body, Module, RegoVersion};

/// How a text is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParseOptions {
    /// The grammar.
    pub version: RegoVersion,
    /// Whether v0's future keywords (`in`, `every`, `contains`, `if`) hold from the start, as for
    /// a query asked under `import future.keywords`. In v1 they always do.
    pub future_keywords: bool,
    /// Whether reading ends at the first statement that is wrong, as in OPA, instead of going on at
    /// the next.
    pub first_errors_only: bool,
    /// Whether a v0 module must be valid as v1, too, as if it had `import rego.v1` beside the
    /// imports that v0 needs.
    pub as_v1_too: bool,
    /// Which parts of the grammar may be used.
    pub features: Features,
}

/// Parts of the grammar that a caller may take away. All are there by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Template strings.
    pub template_strings: bool,
    /// Keywords as parts of references: `input.package`.
    pub keywords_in_refs: bool,
    /// `import rego.v1`
    pub rego_v1_import: bool,
    /// Which of `contains`, `every`, `if`, `in` a v0 module may import, in this order.
    pub future_keywords: [bool; 4],
}

impl Default for Features {
    fn default() -> Self {
        Self {
            template_strings: true,
            keywords_in_refs: true,
            rego_v1_import: true,
            future_keywords: [true; 4],
        }
    }
}

impl Features {
    /// The future keywords, in the order of [`Features::future_keywords`].
    pub const FUTURE_KEYWORDS: [&'static str; 4] = token::Keywords::FUTURE;
}

/// Returns the tree of a module, as far as it could be read, and every error, in OPA's order: the
/// first is the one OPA would report. The tree means something only where there is no error.
///
/// What OPA finds only once it has read the whole text (`package expected`, what v1 requires of a
/// rule) comes last and does not show its source line; OPA's complaints about METADATA come before
/// that. A METADATA block's YAML is not judged here. Depth is bounded, and so is the number of errors.
///
/// ```
/// use rego_source::SourceId;
/// use rego_syntax::{ParseOptions, parse_module};
///
/// let (module, errors) =
///     parse_module(SourceId(0), "package p\n\nq if input.x", &ParseOptions::default());
/// assert!(errors.is_empty());
/// assert_eq!(module.rules.len(), 1);
/// ```
pub fn parse_module(
    source: SourceId,
    text: &str,
    options: &ParseOptions,
) -> (Module, Vec<Diagnostic>) {
    parser::parse_module(source, text, options)
}

/// Returns the statements of a query, separated by `;` or line breaks, and the errors that OPA
/// reports for it.
pub fn parse_query(
    source: SourceId,
    text: &str,
    options: &ParseOptions,
) -> (Body, Vec<Diagnostic>) {
    parser::parse_query(source, text, options)
}
