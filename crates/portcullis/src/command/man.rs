//! `portcullis man`: manual pages, from the table of flags.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Command;
use clap_mangen::{Man, generate_to};

use crate::exit::Exit;

/// Print the manual page, or write those of all commands to a directory
///
/// With a directory there is a page for each command, such as `portcullis-eval.1`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Where the pages go; it must be there
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Writes the pages of `table`, which has the program's name.
pub(super) fn run(args: &Args, table: Command) -> Result<Exit> {
    match &args.directory {
        Some(directory) => generate_to(table, directory)
            .with_context(|| format!("cannot write to `{}`", directory.display()))?,
        None => {
            let mut page = Vec::new();
            Man::new(table).render(&mut page)?;
            io::stdout().lock().write_all(&page)?;
        }
    }
    Ok(Exit::Success)
}
