//! Resolves, checks and orders a set of modules: every compile-time error of Rego comes from here.
//!
//! Layer 2. Knows: syntax trees, declarations of builtins. Must not know: instructions, builtin
//! bodies, files.
//!
//! Read first: `tree.rs` (what comes out), `builtin.rs` (what builtins declare), then
//! `pipeline.rs` (the passes in order).
#![forbid(unsafe_code)]

pub mod annotation;
pub mod builtin;
mod catalog;
mod conflicts;
mod definition;
mod dependencies;
mod finding;
mod heads;
mod imports;
mod keywords;
mod lower;
mod options;
mod pipeline;
mod prints;
mod query;
mod recursion;
mod safety;
mod scan;
mod schemas;
mod scope;
mod suggest;
mod test_rules;
pub mod tree;
mod types;
mod types_text;
mod unit;
mod v1_checks;
mod walk;
mod wildcards;

pub use conflicts::base_conflicts;
pub use dependencies::{Dependencies, dependencies};
pub use lower::reference_text;
pub use options::{HeadForms, Options, Print};
pub use pipeline::{Analysed, ParsedModule, analyse};
pub use query::{QuerySource, analyse_query};
pub use schemas::SchemaSet;
pub use test_rules::{TestForm, TestRule};
pub use v1_checks::v1_findings;
