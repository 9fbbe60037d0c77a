//! The commands as users meet them: what they print, what they complain about, how they exit.
#![cfg(test)]

mod check;
mod eval;
mod names;
mod place;
mod version;
