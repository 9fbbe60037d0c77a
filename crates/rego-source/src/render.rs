//! Diagnostics as text: for OPA's readers, for programs, for people.
//!
//! Must not know: where the text goes, colours.

mod excerpt;
mod explained;
mod full;
mod json;
mod line;

pub use explained::explained;
pub use full::full;
pub use json::json;
pub use line::{line, lines};
