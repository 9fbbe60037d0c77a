//! `portcullis exec`: one decision for each input file.
//!
//! Must not know: how a decision is made, what plugins do.
//!
//! Source: OPA documentation, "opa exec --help".

mod decide;
mod inputs;
mod plugins;
mod report;

use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use portcullis_service::console::{Console, Level};
use portcullis_service::service::Service;
use rego::Value;

use self::decide::Decider;
use self::report::Report;
use super::run::{LogFormat, LogLevel};
use crate::console_layer;
use crate::duration;
use crate::exit::{Exit, is_broken_pipe};

/// How the results are shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
}

/// Decide on input files
///
/// Asks for one decision for each JSON or YAML file; directories are read with what is in them.
/// Bundles of a configuration are fetched first, logged decisions are uploaded last.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Files and directories of inputs
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Load a bundle, a directory or an archive; may be repeated
    #[arg(short, long, value_name = "PATH")]
    bundle: Vec<String>,
    /// Configuration file (YAML or JSON)
    #[arg(short, long, value_name = "PATH")]
    config_file: Option<String>,
    /// Set a key of the configuration (a.b=c); may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Set a key of the configuration to the content of a file; may be repeated
    #[arg(long, value_name = "KEY=PATH")]
    set_file: Vec<String>,
    /// The decision to ask for, such as `/authz/allow`; by default that of the configuration
    #[arg(long, value_name = "PATH")]
    decision: Option<String>,
    /// How the results are shown
    #[arg(short, long, value_enum, default_value = "json")]
    format: Format,
    /// Read an input from the standard input, too
    #[arg(short = 'I', long)]
    stdin_input: bool,
    /// Exit with 1 where a result is undefined or null
    #[arg(long)]
    fail: bool,
    /// Exit with 1 where a result is defined and not null, or an error
    #[arg(long)]
    fail_defined: bool,
    /// Exit with 1 where a result is anything but null or an empty array, or an error
    #[arg(long)]
    fail_non_empty: bool,
    /// Give up after this time, such as `1.5s`; 0 for never
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "0")]
    timeout: Duration,
    /// What is told, on the standard error
    #[arg(short, long, value_enum, default_value = "error")]
    log_level: LogLevel,
    /// How it looks
    #[arg(long, value_enum, default_value = "json")]
    log_format: LogFormat,
    /// Read policies as Rego v0 where a manifest does not say otherwise
    #[arg(long)]
    v0_compatible: bool,
    /// Read policies as Rego v1, which is what happens anyway
    #[arg(long)]
    v1_compatible: bool,
}

/// Longest time for what is left to be uploaded at the end. Ours; as long as a server has.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// Threads beside the one that decides: plugins wait more than they work.
const WORKERS: usize = 2;

/// Stack of every thread that evaluates.
const STACK_BYTES: usize = 8 << 20;

pub(super) fn run(args: &Args) -> Result<Exit> {
    let console = console_layer::to_stderr(args.log_format.into(), args.log_level.into());
    match decide_all(args, &console) {
        Ok(()) => Ok(Exit::Success),
        Err(error) if is_broken_pipe(&error) => Err(error),
        Err(error) => {
            let fields = Value::object_from_strs([("err", Value::from(format!("{error:#}")))]);
            console.line(Level::Error, "Unexpected error.", &fields);
            Ok(Exit::Refused)
        }
    }
}

/// Refuses flags that contradict each other, in OPA's words.
fn check_usage(args: &Args) -> Result<()> {
    if !args.stdin_input && args.paths.is_empty() {
        bail!("requires at least 1 path arg, or the --stdin-input flag");
    }
    if args.fail && args.fail_defined {
        bail!("exec error: specify --fail or --fail-defined but not both");
    }
    if args.fail_non_empty && args.fail {
        bail!("exec error: specify --fail-non-empty or --fail but not both");
    }
    if args.fail_non_empty && args.fail_defined {
        bail!("exec error: specify --fail-non-empty or --fail-defined but not both");
    }
    Ok(())
}

fn decide_all(args: &Args, console: &Console) -> Result<()> {
    check_usage(args)?;
    let deadline = (!args.timeout.is_zero()).then(|| Instant::now() + args.timeout);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    runtime.block_on(async {
        let manager = plugins::start(args, console, deadline).await?;
        let report = decide_on_inputs(args, manager.service(), deadline).await;
        // What was decided so far is logged whatever comes next.
        let uploaded = plugins::trigger(&manager, "decision_logs").await;
        manager.shutdown(SHUTDOWN_GRACE).await;
        let report = report.context("exec error")?;
        uploaded?;
        report.failure(args)
    })
}

/// Decides on each input, and writes the results.
async fn decide_on_inputs(
    args: &Args,
    service: Arc<Service>,
    deadline: Option<Instant>,
) -> Result<Report> {
    let items = inputs::all(args)?;
    let settings = service.settings();
    let path = args.decision.clone().unwrap_or_else(|| settings.default_decision.clone());
    // Evaluation may take long, and would keep plugins from their work.
    let work = tokio::task::spawn_blocking(move || {
        let decider = Decider::new(service, path, deadline);
        items.map(|input| Ok(decider.item(input?))).collect::<Result<Vec<_>>>()
    });
    let report = Report::new(work.await.context("evaluation panicked")??);
    let mut out = BufWriter::new(std::io::stdout().lock());
    match args.format {
        Format::Json => report.write(&mut out)?,
    }
    out.flush()?;
    Ok(report)
}
