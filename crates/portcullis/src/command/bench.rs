//! `portcullis bench`: one query, evaluated over and over.
//!
//! Source: OPA documentation, "opa bench" and "Policy Performance".

mod client;
mod histogram;
mod local;
mod server;

use std::io::{self, Read, Write};

use anyhow::{Result, bail};
use clap::{ArgAction, ValueEnum};
use portcullis_service::load;
use rego::Value;

use crate::exit::Exit;
use crate::json::{self, Json};
use crate::measure::{Measured, Memory};
use crate::report::{self, Report};

/// Longest query and largest input that are read from the standard input, in bytes. Ours.
const STDIN_BYTES_MAX: u64 = 1 << 30;

/// How the result is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Pretty,
    /// Go's result of a benchmark, as JSON
    Json,
    /// As Go's benchmarks, for its tools
    Gobench,
}

/// Measure the evaluation of a Rego query
///
/// The query is prepared once and evaluated for a second. With --e2e a server is asked in place of
/// the engine, so that what a request costs is measured, too.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The query, such as `data.authz.allow`
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// Read the query from the standard input
    #[arg(long)]
    stdin: bool,
    /// Load policies and data from a file or a directory; may be repeated
    #[arg(short, long, value_name = "PATH")]
    data: Vec<String>,
    /// Load a bundle, a directory or an archive; may be repeated
    #[arg(short, long, value_name = "PATH")]
    bundle: Vec<String>,
    /// Read `input` from a file, JSON or YAML
    #[arg(short, long, value_name = "PATH")]
    input: Option<String>,
    /// Read `input` from the standard input
    #[arg(short = 'I', long)]
    stdin_input: bool,
    /// How the result is shown
    #[arg(short, long, value_enum, default_value = "pretty")]
    format: Format,
    /// Exit with 1 where the result is undefined
    #[arg(long, value_name = "BOOL", default_value_t = true, num_args = 0..=1,
          require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    fail: bool,
    /// The package whose names the query sees
    #[arg(long, value_name = "PACKAGE")]
    package: Option<String>,
    /// An import for the query; may be repeated
    #[arg(long, value_name = "REF")]
    import: Vec<String>,
    /// Pass over files and directories of these names, inside directories
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Measure this many times
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    count: u32,
    /// Show the memory that an evaluation takes, too; not with --e2e
    #[arg(long, value_name = "BOOL", default_value_t = true, num_args = 0..=1,
          require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    benchmem: bool,
    /// Show how the times are distributed, too
    #[arg(long, value_name = "BOOL", default_value_t = true, num_args = 0..=1,
          require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    metrics: bool,
    /// Ask a server over HTTP, which is started for that
    #[arg(long)]
    e2e: bool,
    /// Configuration file of that server (YAML or JSON)
    #[arg(short, long, value_name = "PATH")]
    config_file: Option<String>,
    /// Longest time, in seconds, for that server's requests to end once it stops
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    shutdown_grace_period: u64,
    /// Time, in seconds, for that server to go on serving once it is told to stop
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    shutdown_wait_period: u64,
    /// JSON schema of `input`, or a directory of schemas that annotations name
    #[arg(short, long, value_name = "PATH")]
    schema: Option<String>,
    /// What evaluates: `rego` is all there is
    #[arg(short, long, value_name = "TARGET", default_value = "rego",
          value_parser = ["rego", "wasm"])]
    target: String,
    /// Keep data as it is evaluated, which is what happens anyway
    #[arg(long)]
    optimize_store_for_read_speed: bool,
    /// Read policies and query as Rego v0
    #[arg(long)]
    v0_compatible: bool,
    /// Read policies and query as Rego v1, which is what happens anyway
    #[arg(long)]
    v1_compatible: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    check_usage(args)?;
    let query = match args.query.first() {
        Some(query) => query.clone(),
        None => String::from_utf8(read_stdin()?)?,
    };
    let measured = read_input(args).and_then(|input| match args.e2e {
        true => server::measure(args, &query, input.as_ref(), &mut |one| show(args, one)),
        false => local::measure(args, &query, input.as_ref(), &mut |one| show(args, one)),
    });
    match measured {
        Ok(()) => Ok(Exit::Success),
        Err(Failed::Io(error)) => Err(error.into()),
        Err(Failed::Told(errors)) => {
            tell(args, &errors)?;
            Ok(Exit::Refused)
        }
    }
}

/// Why there is no measurement.
enum Failed {
    /// What is to be told in the format that was asked for.
    Told(Vec<Report>),
    /// The results cannot be shown.
    Io(io::Error),
}

impl Failed {
    fn plain(message: &impl ToString) -> Self {
        Self::Told(vec![Report::plain(message)])
    }
}

impl From<Vec<Report>> for Failed {
    fn from(errors: Vec<Report>) -> Self {
        Self::Told(errors)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Refuses flags that contradict each other, in OPA's words.
fn check_usage(args: &Args) -> Result<()> {
    match args.query.as_slice() {
        [] if !args.stdin => bail!("specify query argument or --stdin"),
        [_, _, ..] => bail!("specify at most one query argument"),
        [_] if args.stdin => bail!("specify query argument or --stdin but not both"),
        _ => {}
    }
    if args.target == "wasm" {
        bail!("wasm target not supported");
    }
    if args.stdin && args.stdin_input {
        bail!("specify --stdin or --stdin-input but not both");
    }
    if args.stdin_input && args.input.is_some() {
        bail!("specify --stdin-input or --input but not both");
    }
    Ok(())
}

fn read_input(args: &Args) -> Result<Option<Value>, Failed> {
    if args.stdin_input {
        let text = read_stdin().map_err(|error| Failed::plain(&error))?;
        let value = load::parse_document(&text);
        return value.map(Some).map_err(|e| Failed::plain(&format!("standard input: {e}")));
    }
    let read = |path: &String| load::read_document(path).map_err(|error| Failed::plain(&error));
    args.input.as_ref().map(read).transpose()
}

fn read_stdin() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(STDIN_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > STDIN_BYTES_MAX {
        bail!("standard input: larger than {STDIN_BYTES_MAX} bytes");
    }
    Ok(bytes)
}

fn show(args: &Args, measured: &Measured) -> io::Result<()> {
    let mut out = io::stdout().lock();
    // What a server uses is not known here.
    let memory = Memory::of_flag(args.benchmem && !args.e2e);
    match args.format {
        Format::Json => json::write(&mut out, &measured.json())?,
        Format::Gobench => writeln!(out, "BenchmarkOPAEval\t{}", measured.line(memory))?,
        Format::Pretty => write_table(&mut out, &measured.rows(memory))?,
    }
    out.flush()
}

/// Writes a table without headers: names to the left, numbers to the right.
fn write_table(out: &mut dyn Write, rows: &[[String; 2]]) -> io::Result<()> {
    let width = |of: fn(&[String; 2]) -> &str| rows.iter().map(|row| of(row).len()).max();
    let names = width(|[name, _]| name).unwrap_or(0);
    let numbers = width(|[_, number]| number.as_str()).unwrap_or(0);
    let rule = format!("+{}+{}+", "-".repeat(names + 2), "-".repeat(numbers + 2));
    writeln!(out, "{rule}")?;
    for [name, number] in rows {
        writeln!(out, "| {name:names$} | {number:>numbers$} |")?;
    }
    writeln!(out, "{rule}")
}

fn tell(args: &Args, errors: &[Report]) -> io::Result<()> {
    if args.format == Format::Json {
        let errors = errors.iter().map(Report::json).collect();
        let document = Json::Object(vec![("errors", Json::Array(errors))]);
        return json::write(&mut io::stdout().lock(), &document);
    }
    writeln!(io::stderr(), "{}", report::list(errors))
}
