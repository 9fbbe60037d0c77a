//! The built-in functions of Rego, one family a file.
//!
//! Layer 5. Knows: values, the machine's calling convention. Must not know: trees, spans, other
//! families, the clock and the network (they come through the [`rego_vm::Context`]).
//!
//! Read first: `table.rs`, then any family.
#![forbid(unsafe_code)]

mod bytes;
mod cache;
mod charge;
mod civil;
mod decimal;
mod duration;
mod gofmt;
mod keys;
mod operand;
mod pattern;
mod pem;
mod shown;
mod sorted;
mod table;
#[cfg(test)]
mod testing;
mod url;

mod aggregates;
mod arrays;
mod aws;
mod bits;
mod certificates;
mod comparison;
mod conversions;
mod crypto;
mod encoding;
mod glob;
mod graph;
mod graphql;
mod http;
mod json;
mod json_schema;
mod jwt;
mod member;
mod metadata;
mod net;
mod numbers;
mod objects;
mod print;
mod regex;
mod render_template;
mod semver;
mod sets;
mod sprintf;
mod strings;
mod template;
mod time;
mod types;
mod units;
mod uri;
mod uuid;
mod walk;

pub use table::{all, find};
