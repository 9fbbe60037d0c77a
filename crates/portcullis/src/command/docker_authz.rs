//! `portcullis docker-authz`, and the same called `opa-docker-authz` with that program's flags.

use std::ffi::OsString;
use std::io::{Write, stderr, stdout};

use anyhow::{Result, anyhow};
use portcullis_docker::cli::{
    self, DockerAuthzArgs, EXIT_FAILED, EXIT_OK, GoStyleError, Streams, parse_go_style,
};

use crate::allocator::give_back_memory;
use crate::exit::Exit;

pub(super) fn run(args: &DockerAuthzArgs) -> Result<Exit> {
    if !args.check && !args.version {
        give_back_memory();
    }
    let streams = Streams { out: Box::new(stdout()), err: &mut stderr() };
    Ok(match cli::run(args, streams) {
        EXIT_OK => Exit::Success,
        EXIT_FAILED => Exit::Refused,
        _ => Exit::Failure,
    })
}

/// Runs with the words after the program's name, spelled as Go programs take flags.
pub(crate) fn run_go_style(program: &str, words: Vec<OsString>) -> Result<Exit> {
    let into_text = |word: OsString| {
        word.into_string().map_err(|word| anyhow!("not UTF-8 text: `{}`", word.to_string_lossy()))
    };
    let words = words.into_iter().map(into_text).collect::<Result<Vec<_>>>()?;
    match parse_go_style(words) {
        Ok(args) => run(&args),
        Err(GoStyleError::Help) => {
            write!(stderr(), "{}", cli::usage(program))?;
            Ok(Exit::Success)
        }
        Err(GoStyleError::Usage(message)) => {
            write!(stderr(), "{message}\n{}", cli::usage(program))?;
            Ok(Exit::Failure)
        }
    }
}
