//! `portcullis run`: the server.
//!
//! Source: OPA documentation, "opa run".

mod arguments;
mod background;
mod initial;
mod local_bundle;
mod serve;

use std::io::Write;

use anyhow::{Result, bail};

pub(super) use self::arguments::{Args, LogFormat, LogLevel};
pub(super) use self::background::Background;
use crate::allocator::keep_blocks_at_hand;
use crate::exit::Exit;

pub(super) fn run(args: &Args) -> Result<Exit> {
    if !args.server {
        bail!(
            "the interactive shell is not part of this version yet: use `--server` for the server, \
             or `eval` for one query"
        );
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
