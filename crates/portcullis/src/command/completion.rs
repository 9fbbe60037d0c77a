//! `portcullis completion`: what a shell needs to complete commands and flags.
//!
//! Source: OPA documentation, "opa completion"; the scripts come from the table of flags.

use std::io::{self, Write};

use anyhow::Result;
use clap::Command;
use clap_complete::{Shell, generate};

use crate::exit::Exit;

/// The shells that OPA knows, too.
#[derive(Clone, Copy, clap::ValueEnum)]
enum ShellName {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// Print a script that completes commands and flags in a shell
///
/// For bash: `source <(portcullis completion bash)`. Called as `opa`, it completes `opa`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: ShellName,
    /// Leave the descriptions out
    #[arg(long)]
    no_descriptions: bool,
}

/// Prints the script for `table`, which has the program's name.
pub(super) fn run(args: &Args, table: Command) -> Result<Exit> {
    let shell = match args.shell {
        ShellName::Bash => Shell::Bash,
        ShellName::Zsh => Shell::Zsh,
        ShellName::Fish => Shell::Fish,
        ShellName::Powershell => Shell::PowerShell,
    };
    let name = table.get_name().to_string();
    let mut table = if args.no_descriptions { undescribed(table) } else { table };
    // Into memory first: the generator does not expect a pipe to close.
    let mut script = Vec::new();
    generate(shell, &mut table, name, &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Exit::Success)
}

/// Returns the table without what describes commands and flags.
fn undescribed(table: Command) -> Command {
    const NOTHING: Option<&str> = None;
    table
        .about(NOTHING)
        .long_about(NOTHING)
        .mut_args(|arg| arg.help(NOTHING).long_help(NOTHING))
        .mut_subcommands(undescribed)
}
