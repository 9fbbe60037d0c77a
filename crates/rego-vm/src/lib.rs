//! Runs a compiled program: program + base data + input + budget -> outcome. Always ends.
//!
//! Layer 4. Must not know: syntax trees, files, sockets, the clock (effects go through [`Host`]).
//!
//! Read first: `builtin.rs` (the calling convention), then `machine.rs`.
#![forbid(unsafe_code)]

mod build;
pub mod builtin;
mod call;
mod document;
mod failure;
mod fixed;
mod iter;
mod join;
mod machine;
mod ops;
mod record;
mod scope;
mod slot;
mod special;
mod trace;
mod usage;
mod with;
pub mod world;

pub use builtin::{Builtin, BuiltinError, Context, Halt, Host, Mismatch};
pub use failure::{Failure, FailureKind};
pub use fixed::{Fixed, FixedRules, FixedValues};
pub use machine::{Budget, Setting, run};
pub use record::{BUILTIN_ERRORS_MAX, BuiltinErrors, RECORD_BYTES_MAX, Recorder};
pub use rego_analysis::builtin::{Decl, Type};
pub use trace::{Event, EventOp, Tracer};
pub use usage::Usage;
