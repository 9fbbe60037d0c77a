//! `portcullis run`: the server, or the interactive shell.
//!
//! Source: OPA documentation, "opa run".

mod arguments;
mod background;
mod initial;
mod local_bundle;
mod serve;

use std::io::Write;

use anyhow::Result;

pub(super) use self::arguments::{Args, LogFormat, LogLevel};
pub(super) use self::background::Background;
use crate::allocator::keep_blocks_at_hand;
use crate::exit::Exit;
use crate::repl;

pub(super) fn run(args: &Args) -> Result<Exit> {
    if !args.server {
        return repl::run(args.shell(), args.history.as_deref());
    }
    keep_blocks_at_hand();
    match serve::serve(args) {
        Ok(()) => Ok(Exit::Success),
        Err(error) => {
            writeln!(std::io::stderr(), "error: {error:#}")?;
            Ok(Exit::Refused)
        }
    }
}
