//! The commands as users meet them: what they print, what they complain about, how they exit.

mod check;
mod eval;
mod names;
mod place;
mod version;
