//! The subcommands, one file each.

mod bench;
mod build;
mod capabilities;
mod check;
mod completion;
mod deps;
mod docker_authz;
mod eval;
mod exec;
mod fmt;
mod inspect;
mod keys;
mod lint;
mod man;
mod oracle;
mod parse;
mod refactor;
mod run;
mod sign;
mod test;
mod version;

use anyhow::Result;
use clap::{Parser, Subcommand};

pub(crate) use self::docker_authz::{COMMANDS as GATE_COMMANDS, run_go_style};
pub(crate) use self::eval::{host, pretty_rows, row_json};

use crate::exit::Exit;

/// A policy gate with its own Rego engine.
#[derive(Parser)]
#[command(disable_version_flag = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Eval(eval::Args),
    Exec(exec::Args),
    Check(check::Args),
    Test(test::Args),
    Fmt(fmt::Args),
    Bench(bench::Args),
    Build(build::Args),
    Sign(sign::Args),
    Inspect(inspect::Args),
    Parse(parse::Args),
    Deps(deps::Args),
    #[command(hide = true)]
    Refactor(refactor::Args),
    #[command(hide = true)]
    Oracle(oracle::Args),
    Capabilities(capabilities::Args),
    Lint(lint::Args),
    Version(version::Args),
    Completion(completion::Args),
    Man(man::Args),
    DockerAuthz(Box<docker_authz::Args>),
}

impl Cli {
    /// Runs the command. `table` makes the whole command line, under the name it is called by: most
    /// have no use for it, and those that run for long should not keep it.
    pub(crate) fn run(self, table: &dyn Fn() -> clap::Command) -> Result<Exit> {
        match self.command {
            Command::Run(args) => run::run(&args),
            Command::Eval(args) => eval::run(&args),
            Command::Exec(args) => exec::run(&args),
            Command::Check(args) => check::run(&args),
            Command::Test(args) => test::run(args),
            Command::Fmt(args) => fmt::run(&args),
            Command::Bench(args) => bench::run(&args),
            Command::Build(args) => build::run(&args),
            Command::Sign(args) => sign::run(&args),
            Command::Inspect(args) => inspect::run(&args),
            Command::Parse(args) => parse::run(&args),
            Command::Deps(args) => deps::run(&args),
            Command::Refactor(args) => refactor::run(&args),
            Command::Oracle(args) => oracle::run(&args),
            Command::Capabilities(args) => capabilities::run(&args),
            Command::Lint(args) => lint::run(&args),
            Command::Version(args) => version::run(&args),
            Command::Completion(args) => completion::run(&args, table()),
            Command::Man(args) => man::run(&args, table()),
            Command::DockerAuthz(args) => docker_authz::run(&args),
        }
    }
}
