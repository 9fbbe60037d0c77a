//! Runs a compiled program: program + base data + input + budget -> outcome. Always ends.
//!
//! Layer 4. Must not know: syntax trees, files, sockets, the clock (effects go through [`Host`]).
//!
//! Read first: `builtin.rs` (the calling convention), then `machine.rs`.
#![forbid(unsafe_code)]

pub mod builtin;

pub use builtin::{Builtin, BuiltinError, Context, Host};
pub use rego_analysis::builtin::{Decl, Type};
