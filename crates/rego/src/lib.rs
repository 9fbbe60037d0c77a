//! The face of the Rego engine: load modules and data, compile, prepare a query once, evaluate it
//! many times from many threads.
//!
//! Pure: no file, socket, clock or thread of its own. What evaluation needs of the world it asks
//! of a [`Host`]; a caller without needs passes [`IdleHost`].
//!
//! Read first: `compiler.rs`, then `query.rs`.
#![forbid(unsafe_code)]

mod annotations;
pub mod ast_json;
mod builtins;
mod capabilities;
mod compiler;
pub mod cover;
mod errors;
pub mod format;
mod host;
pub mod lint;
pub mod oracle;
pub mod profile;
mod query;
pub mod refactor;
pub mod testing;
pub mod trace;

pub use annotations::Annotations;
pub use builtins::extend_builtins;
pub use capabilities::{Capabilities, CapabilitiesError};
pub use compiler::{Compiler, Policy, QueryOptions, RegoVersion, package_of};
pub use errors::{Errors, EvalError, diagnostic_value};
pub use host::IdleHost;
pub use query::{Budget, EvalOptions, ExpressionValue, Query, ResultSet, Row};
pub use rego_analysis::{Dependencies, SchemaSet, reference_text};
pub use rego_program::LowerOptions as Lowering;
pub use rego_source::{Diagnostic, Location, Position, Severity, Sources, render};
pub use rego_value::{JsonError, JsonReader, Keys, Number, ObjectRef, Value, View, YamlError};
pub use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};
pub use rego_vm::{BuiltinErrors, Host, RECORD_BYTES_MAX, Recorder, Usage, world};
