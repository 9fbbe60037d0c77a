//! The command line: subcommands, personalities by the name it is called by, rendering, exit codes.
//!
//! The only room that reads arguments and prints. Must not know: how a decision is made.
//!
//! Read first: `personality.rs`, then `command.rs`, then one file of `command/`.
#![forbid(unsafe_code)]

mod allocator;
mod bundles;
mod capabilities;
mod command;
mod console_layer;
mod duration;
mod environment;
mod exit;
mod json;
mod measure;
mod network;
mod percentile;
mod personality;
mod repl;
mod report;
mod schemas;
mod table;

use std::io::Write;
use std::process::ExitCode;

use crate::exit::{Exit, is_broken_pipe};

fn main() -> ExitCode {
    match personality::run(std::env::args_os().collect()) {
        Ok(exit) => exit.into(),
        Err(error) if is_broken_pipe(&error) => Exit::BrokenPipe.into(),
        Err(error) => {
            // Where even the standard error is gone there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            Exit::Failure.into()
        }
    }
}
