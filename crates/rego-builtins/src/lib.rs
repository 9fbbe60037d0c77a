//! The built-in functions of Rego, one family a file.
//!
//! Layer 5. Knows: values, the machine's calling convention. Must not know: trees, spans, other
//! families, the clock and the network (they come through the [`rego_vm::Context`]).
//!
//! Read first: `table.rs`, then any family.
#![forbid(unsafe_code)]

mod operand;
mod table;

mod aggregates;
mod arrays;
mod bits;
mod graph;
mod numbers;
mod objects;
mod sets;
mod walk;

pub use table::{all, find};
