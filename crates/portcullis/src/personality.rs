//! What the binary is, by the name it is called by: `portcullis`, `opa` for scripts that were written
//! for it, or `opa-docker-authz`, which takes that program's flags.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches};

use crate::command::{Cli, GATE_COMMANDS, run_go_style};
use crate::environment;
use crate::exit::Exit;

/// Runs the command that the arguments, the program's name first, ask for.
pub(crate) fn run(mut arguments: Vec<OsString>) -> Result<Exit> {
    let name = called_by(&arguments);
    // The original passes over words that are no flags, so that none of its command lines begins
    // with one.
    let is_command = |word: &OsString| GATE_COMMANDS.iter().any(|command| word == command);
    if name == GATE && arguments.get(1).is_some_and(is_command) {
        arguments.insert(1, "docker-authz".into());
        return run_commands(arguments, "portcullis", "PORTCULLIS");
    }
    let (program, prefix) = match name.as_str() {
        GATE => {
            return run_go_style(&name, arguments.into_iter().skip(1).collect());
        }
        "opa" => ("opa", "OPA"),
        _ => ("portcullis", "PORTCULLIS"),
    };
    run_commands(arguments, program, prefix)
}

/// The name of the program whose place the gate can take.
const GATE: &str = "opa-docker-authz";

fn run_commands(arguments: Vec<OsString>, program: &'static str, prefix: &str) -> Result<Exit> {
    let table = || {
        let command = environment::with_variables(Cli::command(), prefix);
        command.name(program).bin_name(program)
    };
    let parsed =
        table().try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => cli.run(&table),
        Err(error) => {
            error.print()?;
            Ok(if error.use_stderr() { Exit::Failure } else { Exit::Success })
        }
    }
}

/// Returns the file name in `argv[0]`.
fn called_by(arguments: &[OsString]) -> String {
    let name = arguments.first().and_then(|program| Path::new(program).file_name());
    name.unwrap_or_default().to_string_lossy().into_owned()
}
