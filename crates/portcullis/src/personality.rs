//! What the binary is, by the name it is called by: `portcullis`, `opa` for scripts that were written
//! for it, or `opa-docker-authz`, which takes that program's flags.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches};

use crate::command::{Cli, run_go_style};
use crate::environment;
use crate::exit::Exit;

/// Runs the command that the arguments, the program's name first, ask for.
pub(crate) fn run(arguments: Vec<OsString>) -> Result<Exit> {
    let name = called_by(&arguments);
    let (program, prefix) = match name.as_str() {
        "opa-docker-authz" => {
            return run_go_style(&name, arguments.into_iter().skip(1).collect());
        }
        "opa" => ("opa", "OPA"),
        _ => ("portcullis", "PORTCULLIS"),
    };
    let command = environment::with_variables(Cli::command(), prefix);
    let command = command.name(program).bin_name(program);
    let table = command.clone();
    let parsed =
        command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => cli.run(table),
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
