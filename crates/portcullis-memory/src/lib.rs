//! Gives memory back to the system that a long-running program has needed, and needs no more: pages
//! of code that ran at its start, and what the allocator keeps of what was freed.
//!
//! A courtesy: where the system refuses, everything works as before. Must not know: what the program
//! does, when it has become idle.
//!
//! Read first: `release.rs`, then `mapping.rs`.
#![deny(unsafe_code)]

mod mapping;
mod release;

pub use self::release::give_back;
