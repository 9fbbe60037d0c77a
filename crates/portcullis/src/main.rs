//! The command line: subcommands, personalities by the name it is called by, rendering, exit codes.
//!
//! The only room that reads arguments and prints. Must not know: how a decision is made.
//!
//! Read first: `personality.rs`, then `command.rs`, then one file of `command/`.
#![forbid(unsafe_code)]

mod command;
mod duration;
mod environment;
mod exit;
mod json;
mod personality;
mod report;
mod table;

use std::io::Write;
use std::process::ExitCode;
use std::thread;

use crate::exit::{Exit, is_broken_pipe};

/// Stack of the thread that works, in bytes: values may nest deeply, and writing one takes a call
/// for each level. Only what is used is ever backed by memory.
const STACK_BYTES: usize = 256 << 20;

fn main() -> ExitCode {
    let worker = thread::Builder::new()
        .name("main".to_string())
        .stack_size(STACK_BYTES);
    let work = || personality::run(std::env::args_os().collect());
    let outcome = match worker.spawn(work).map(thread::JoinHandle::join) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => return Exit::Failure.into(), // the panic has said so itself
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) if is_broken_pipe(&error) => Exit::BrokenPipe.into(),
        Err(error) => {
            // Where even the standard error is gone there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            Exit::Failure.into()
        }
    }
}
