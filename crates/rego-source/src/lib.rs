//! Source text: spans, rows and columns, diagnostics and their renderings.
//!
//! Layer 0. Knows: bytes, rows, columns. Must not know: any language, files, sockets.
//!
//! Read first: `span.rs`, then `diagnostic.rs`, then `render/line.rs`.
#![forbid(unsafe_code)]

mod diagnostic;
pub mod render;
mod span;

pub use diagnostic::{Diagnostic, Note, Severity};
pub use span::{Location, Position, SourceFile, SourceId, Sources, Span};
