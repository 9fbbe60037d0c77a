//! `portcullis refactor move`: packages under another name, in all files at once.
//!
//! Must not know: how a module is rewritten or laid out.
//!
//! Source: OPA documentation, "opa refactor move".

use std::io::Write;

use anyhow::Result;
use clap::Subcommand;
use portcullis_service::load::{self, LoadOptions};
use rego::format::{FormatOptions, Grammar, Target, format};
use rego::refactor::{Move, move_packages};
use rego::{Compiler, RegoVersion};

use crate::exit::Exit;
use crate::report::{self, Report};

/// Rewrite policies
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Move(MoveArgs),
}

/// Rename packages, in their modules and in all that refers to them
///
/// Prints the modules, formatted; all are compiled before anything is printed or written.
#[derive(clap::Args)]
struct MoveArgs {
    /// Files and directories
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// What is renamed, such as `data.lib.foo:data.baz`; may be repeated
    #[arg(short, long, value_name = "FROM:TO")]
    path: Vec<String>,
    /// Write the result to the files instead of printing it
    #[arg(short, long)]
    write: bool,
    /// Pass over files and directories of these names, inside directories
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Read and write Rego v0
    #[arg(long)]
    v0_compatible: bool,
    /// Read policies as Rego v1, which is what happens anyway
    #[arg(long)]
    v1_compatible: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let Command::Move(args) = &args.command;
    let moved = match moved(args) {
        Ok(moved) => moved,
        Err(reports) => {
            writeln!(std::io::stderr(), "error: {}", report::list(&reports))?;
            return Ok(Exit::Refused);
        }
    };
    let mut out = std::io::stdout().lock();
    for (name, text) in moved {
        match args.write {
            true => std::fs::write(name.strip_prefix("file://").unwrap_or(&name), text)?,
            false => out.write_all(text.as_bytes())?,
        }
    }
    out.flush()?;
    Ok(Exit::Success)
}

/// Returns the new text of each module, by name.
fn moved(args: &MoveArgs) -> Result<Vec<(String, String)>, Vec<Report>> {
    let plain = |message: &str| vec![Report::plain(&message)];
    if args.paths.is_empty() {
        return Err(plain("specify at least one path containing policy files"));
    }
    if args.path.is_empty() {
        return Err(plain("specify at least one mapping of the form <from>:<to>"));
    }
    let moves = args.path.iter().map(|mapping| Move::parse(mapping)).collect::<Result<Vec<_>, _>>();
    let moves = moves.map_err(|message| plain(&message))?;
    let options = LoadOptions { ignore: args.ignore.clone(), modules_only: true };
    let loaded =
        load::load(&args.paths, &options).map_err(|errors| report::of_load_errors(&errors))?;
    let (version, grammar, target) = match args.v0_compatible {
        true => (RegoVersion::V0, Grammar::V0, Target::V0),
        false => (RegoVersion::V1, Grammar::V1, Target::V1),
    };
    let layout = FormatOptions { version: grammar, target, ..FormatOptions::default() };
    let told = |errors: rego::Errors| report::of_errors(&errors);
    let mut compiler = Compiler::new().rego_version(version);
    let mut all = Vec::new();
    for (name, text) in &loaded.modules {
        let text = move_packages(name, text, version, &moves).map_err(told)?;
        let text = format(name, &text, &layout).map_err(told)?;
        compiler = compiler.module(name.as_str(), text.as_str());
        all.push((name.clone(), text));
    }
    compiler.compile().map_err(told)?;
    Ok(all)
}
