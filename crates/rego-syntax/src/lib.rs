//! Rego text to syntax tree, for Rego v1 and v0.
//!
//! Layer 1. Knows: the grammar. Must not know: builtins, other modules, values beyond the text of
//! literals. Never fails: [`parse_module`] gives a tree and diagnostics, whatever it reads.
//!
//! Read first: `ast.rs`.
#![forbid(unsafe_code)]

pub mod ast;
