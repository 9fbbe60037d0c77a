//! `bench [--json] [--no-big] [--filter TEXT]`: the workloads beside the peer, as a table of ratios.
//! `bench gate [--count N] [--binary FILE] [--profile NAME]`: decisions on the socket of a running gate.
//!
//! Times of the table are CPU time of this process; those of the gate are as a client sees them.
#![forbid(unsafe_code)]

mod canonical;
mod clock;
mod failure;
mod gate;
mod load;
mod ours;
mod peer;
mod table;
mod tree;
mod workload;

use std::io::{self, Write};
use std::process::ExitCode;

use failure::Failure;

const USAGE: &str = "usage: bench [--json] [--no-big] [--filter TEXT]\n       \
                     bench gate [--count N] [--binary FILE] [--profile NAME]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["gate", rest @ ..] => gate::Options::parse(rest).map(|options| gate::run(&options)),
        ["load", engine, dir] => Some(load::child(engine, dir)),
        rest => table::Options::parse(rest).map(|options| table::run(&options)),
    };
    match outcome {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(Failure(message))) => {
            let _ = writeln!(io::stderr(), "bench: {message}");
            ExitCode::FAILURE
        }
        None => {
            let _ = writeln!(io::stderr(), "{USAGE}");
            ExitCode::from(2)
        }
    }
}
