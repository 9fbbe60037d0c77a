//! `portcullis docker-authz`, and the same called `opa-docker-authz` with that program's flags: the
//! gate, and commands to live with it.

mod check;
mod explain;
mod policy;
mod record;
mod replay;

use std::ffi::OsString;
use std::io::{Write, stderr, stdout};

use anyhow::{Result, anyhow};
use clap::Subcommand;
use portcullis_docker::cli::{
    self, DockerAuthzArgs, EXIT_FAILED, EXIT_OK, GoStyleError, Streams, parse_go_style,
};

use crate::allocator::give_back_memory;
use crate::exit::Exit;

/// Decide for a Docker daemon which requests it carries out
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    gate: DockerAuthzArgs,
}

#[derive(Subcommand)]
enum Command {
    Record(record::Args),
    Replay(replay::Args),
    Explain(explain::Args),
    Check(check::Args),
}

/// The names of the commands.
pub(crate) const COMMANDS: [&str; 4] = ["record", "replay", "explain", "check"];

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.command {
        None => run_gate(&args.gate),
        Some(Command::Record(args)) => record::run(args),
        Some(Command::Replay(args)) => replay::run(args),
        Some(Command::Explain(args)) => explain::run(args),
        Some(Command::Check(args)) => check::run(args),
    }
}

fn run_gate(args: &DockerAuthzArgs) -> Result<Exit> {
    if !args.check && !args.version {
        give_back_memory();
    }
    let streams = Streams { out: Box::new(stdout()), err: &mut stderr() };
    Ok(exit(cli::run(args, streams)))
}

fn exit(code: u8) -> Exit {
    match code {
        EXIT_OK => Exit::Success,
        EXIT_FAILED => Exit::Refused,
        _ => Exit::Failure,
    }
}

/// Runs with the words after the program's name, spelled as Go programs take flags.
pub(crate) fn run_go_style(program: &str, words: Vec<OsString>) -> Result<Exit> {
    let into_text = |word: OsString| {
        word.into_string().map_err(|word| anyhow!("not UTF-8 text: `{}`", word.to_string_lossy()))
    };
    let words = words.into_iter().map(into_text).collect::<Result<Vec<_>>>()?;
    match parse_go_style(words) {
        Ok(args) => run_gate(&args),
        Err(GoStyleError::Help) => {
            let commands = COMMANDS.join(", ");
            write!(stderr(), "{}", cli::usage(program))?;
            writeln!(stderr(), "Commands, each with --help: {commands}")?;
            Ok(Exit::Success)
        }
        Err(GoStyleError::Usage(message)) => {
            write!(stderr(), "{message}\n{}", cli::usage(program))?;
            Ok(Exit::Failure)
        }
    }
}
