//! The built-in functions of Rego, one family a file.
//!
//! Layer 5. Knows: values, the machine's calling convention. Must not know: trees, spans, other
//! families, the clock and the network (they come through the [`rego_vm::Context`]).
//!
//! Read first: `table.rs`, then any family.
#![forbid(unsafe_code)]

mod bytes;
mod charge;
mod decimal;
mod gofmt;
mod operand;
mod sorted;
mod table;
#[cfg(test)]
mod testing;

mod aggregates;
mod arrays;
mod bits;
mod comparison;
mod conversions;
mod crypto;
mod encoding;
mod graph;
mod member;
mod net;
mod numbers;
mod objects;
mod sets;
mod sprintf;
mod strings;
mod time;
mod types;
mod walk;

pub use table::{all, find};
