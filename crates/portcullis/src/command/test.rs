//! `portcullis test`: runs the tests of policies.
//!
//! Must not know: how a test is found and judged (`rego::testing`).
//!
//! Source: OPA documentation, "Policy Testing" and "opa test".

mod coverage;
mod json_report;
mod junit;
mod pretty;
mod progress;
mod report;
mod runner;
mod sources;
mod traced;
mod watch;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::ValueEnum;
use regex::Regex;
use rego::trace::Explain;

use self::report::Sink;
use self::runner::Runner;
use self::sources::Sources;
use super::run::{LogFormat, LogLevel};
use crate::capabilities::CapabilitiesArgs;
use crate::console_layer;
use crate::duration;
use crate::exit::Exit;
use crate::report::{self as reports, Report};

/// Longest time of one test, unless told otherwise. OPA's.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The same where tests are measured.
const TIMEOUT_OF_BENCHMARKS: Duration = Duration::from_secs(30);

/// Longest regular expression of `--run` once compiled, in bytes. Ours.
const PATTERN_BYTES_MAX: usize = 10 << 20;

/// How the results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Pretty,
    /// An array of results
    Json,
    /// As Go's benchmarks, for its tools; with --bench
    Gobench,
    /// JUnit's XML, for build servers
    Junit,
}

/// How much of a trace is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExplainMode {
    /// Statements without a solution, and how they were come to
    Fails,
    /// Everything
    Full,
    /// Calls of `trace`, and how they were come to
    Notes,
    /// Everything
    Debug,
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Order {
    /// The slowest test
    Duration,
}

/// Run the tests of policies
///
/// Tests are rules whose names begin with `test_`: each must be true. Those whose names begin with
/// `todo_test_` are skipped. A test such as `test_x[note]` has cases, which pass and fail on their
/// own.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Files and directories, or with --bundle bundles
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    /// Take the paths as bundles, directories or archives
    #[arg(short, long)]
    bundle: bool,
    /// Show each test, not only those that do not pass
    #[arg(short, long)]
    verbose: bool,
    /// How the results are shown
    #[arg(short, long, value_enum, default_value = "pretty")]
    format: Format,
    /// What comes first, with --format=json; by default the order of files
    #[arg(long, value_enum, value_name = "KEY")]
    sort: Option<Order>,
    /// Run only tests whose whole names (`data.a.test_x`) match this regular expression
    #[arg(short, long, value_name = "REGEX")]
    run: Option<String>,
    /// Exit with 0 although tests were skipped
    #[arg(short = 'z', long)]
    exit_zero_on_skipped: bool,
    /// Exit with 1 where there was no test to run
    #[arg(long)]
    fail_on_empty: bool,
    /// Run all tests this many times
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    count: u32,
    /// Tests that run at once; 0 for one on each processor, which is what happens anyway
    #[arg(short, long, value_name = "NUMBER", default_value_t = 0)]
    parallel: usize,
    /// Longest time of one test, such as `1.5s`; 0 for 5s, and 30s with --bench
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "0")]
    timeout: Duration,
    /// Measure tests that pass
    #[arg(long)]
    bench: bool,
    /// Show the memory that measured tests take, too
    #[arg(long, value_name = "BOOL", default_value_t = true, num_args = 0..=1,
          require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    benchmem: bool,
    /// Show which rows of the policies the tests run, in place of results
    #[arg(short, long)]
    coverage: bool,
    /// Exit with 2 where less than so many percent of the rows are run; shows coverage, too
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    threshold: f64,
    /// Show how tests that fail came to it, and every test; by default, with --verbose, notes and
    /// fails
    #[arg(long, value_enum, value_name = "MODE")]
    explain: Option<ExplainMode>,
    /// Show the statement that made a test fail with the values of its variables
    #[arg(long)]
    var_values: bool,
    /// Run the tests again when files change
    #[arg(short, long)]
    watch: bool,
    /// Pass over files and directories of these names, inside directories
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Most errors to report; 0 for all
    #[arg(short, long, value_name = "NUMBER", default_value_t = 10)]
    max_errors: usize,
    /// JSON schema of `input`, or a directory of schemas that annotations name
    #[arg(short, long, value_name = "PATH")]
    schema: Option<String>,
    #[command(flatten)]
    capabilities: CapabilitiesArgs,
    /// What evaluates: `rego` is all there is
    #[arg(short, long, value_name = "TARGET", default_value = "rego",
          value_parser = ["rego", "wasm"])]
    target: String,
    /// What is told of the work itself, on the standard error
    #[arg(long, value_enum, default_value = "info")]
    log_level: LogLevel,
    /// How it looks
    #[arg(long, value_enum, default_value = "json")]
    log_format: LogFormat,
    /// Read policies as Rego v0
    #[arg(long)]
    v0_compatible: bool,
    /// Read policies as Rego v1, which is what happens anyway
    #[arg(long)]
    v1_compatible: bool,
}

pub(super) fn run(args: Args) -> Result<Exit> {
    if args.target == "wasm" {
        bail!("wasm target not supported");
    }
    console_layer::to_stderr(args.log_format.into(), args.log_level.into());
    if args.format == Format::Gobench && !args.bench {
        let message = "cannot use output format gobench without running benchmarks (--bench)";
        writeln!(io::stderr(), "{message}")?;
        return Ok(Exit::Refused);
    }
    if !(0.0..=100.0).contains(&args.threshold) {
        writeln!(io::stderr(), "Code coverage threshold must be between 0 and 100")?;
        return Ok(Exit::Refused);
    }
    if args.coverage() && args.bench {
        let message = "coverage reporting is not supported when benchmarking tests";
        writeln!(io::stderr(), "{message}")?;
        return Ok(Exit::Refused);
    }
    let args = Arc::new(args);
    let sources = Sources::load(&args);
    let exit = once(&args, sources.as_ref())?;
    if args.watch { watch::until_stopped(args, sources) } else { Ok(exit) }
}

impl Args {
    fn timeout(&self) -> Duration {
        match (self.timeout.is_zero(), self.bench) {
            (false, _) => self.timeout,
            (true, false) => TIMEOUT,
            (true, true) => TIMEOUT_OF_BENCHMARKS,
        }
    }

    fn verbose(&self) -> bool {
        self.verbose || self.explain.is_some()
    }

    fn coverage(&self) -> bool {
        self.coverage || self.threshold > 0.0
    }

    /// Whether tests are traced: what is measured, and what is covered, is not.
    fn traces(&self) -> bool {
        (self.verbose() || self.var_values) && !self.coverage() && !self.bench
    }

    /// Returns which events of a trace are shown.
    fn explain(&self) -> Explain {
        match self.explain {
            Some(ExplainMode::Fails) => Explain::Fails,
            Some(ExplainMode::Full) => Explain::Full,
            Some(ExplainMode::Notes) => Explain::Notes,
            Some(ExplainMode::Debug) => Explain::Debug,
            None if self.verbose => Explain::NotesAndFails,
            None => Explain::Fails,
        }
    }

    fn parallel(&self) -> usize {
        match self.parallel {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            some => some,
        }
    }
}

/// Compiles what was read and runs its tests, as often as asked for or until one does not pass.
fn once(args: &Args, sources: Result<&Sources, &Vec<Report>>) -> Result<Exit> {
    let ready = sources.map_err(Vec::clone).and_then(|sources| Runner::new(args, sources));
    let runner = match ready {
        Ok(runner) => runner,
        Err(errors) => {
            writeln!(io::stderr(), "{}", reports::list_with_source(&errors))?;
            return Ok(Exit::Refused);
        }
    };
    for _ in 0..args.count {
        let mut sink = Sink::new(args);
        let tally = runner.run(&mut |result| sink.take(args, result))?;
        let exit = sink.finish(args, &runner)?.unwrap_or_else(|| tally.exit(args));
        if args.fail_on_empty && tally.is_empty() {
            writeln!(io::stderr(), "no tests were run")?;
        }
        if exit != Exit::Success {
            return Ok(exit);
        }
    }
    Ok(Exit::Success)
}

/// Returns the filter of `--run`.
fn pattern(args: &Args) -> Result<Option<Regex>, Vec<Report>> {
    let build =
        |text: &String| regex::RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build();
    args.run.as_ref().map(build).transpose().map_err(|error| vec![Report::plain(&error)])
}
