//! `portcullis eval`: one query, evaluated and printed.
//!
//! Source: OPA documentation, "opa eval".

mod format;
mod metrics;
mod observe;
mod once;

use std::io::{BufWriter, Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use portcullis_service::load;
use rego::Value;

use self::format::Output;
pub(crate) use self::format::{pretty_rows, row as row_json};
pub(crate) use self::once::host;
use super::run::{LogFormat, LogLevel};
use crate::capabilities::CapabilitiesArgs;
use crate::console_layer;
use crate::duration;
use crate::exit::Exit;

/// Longest query and largest input that are read from the standard input, in bytes. Ours.
const STDIN_BYTES_MAX: u64 = 1 << 30;

/// How the result is shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The whole result as JSON
    Json,
    /// For each solution an array of the values of its statements
    Values,
    /// For each solution an object of its variables
    Bindings,
    /// For people
    Pretty,
    /// What partial evaluation leaves, as source
    Source,
    /// For scripts: strings as they are, other values as compact JSON
    Raw,
    /// Only whether there is a result
    Discard,
}

impl Format {
    /// Whether programs read it.
    fn is_json(self) -> bool {
        matches!(self, Format::Json | Format::Discard)
    }
}

/// Evaluate a Rego query and print the result
#[derive(clap::Args)]
pub(super) struct Args {
    /// The query, such as `data.authz.allow` or `x := 1; y := x + 1`
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
    #[arg(short, long, value_enum, default_value = "json")]
    format: Format,
    /// Exit with 1 where the result is undefined
    #[arg(long)]
    fail: bool,
    /// Exit with 1 where the result is defined
    #[arg(long)]
    fail_defined: bool,
    /// Let the first error of a built-in function end evaluation
    #[arg(long)]
    strict_builtin_errors: bool,
    /// Collect the errors of built-in functions, and show them beside the result
    #[arg(long)]
    show_builtin_errors: bool,
    #[command(flatten)]
    observe: observe::Flags,
    /// The package whose names the query sees
    #[arg(long, value_name = "PACKAGE")]
    package: Option<String>,
    /// An import for the query; may be repeated
    #[arg(long, value_name = "REF")]
    import: Vec<String>,
    /// Pass over files and directories of these names, inside directories
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Read policies and query as Rego v0
    #[arg(long)]
    v0_compatible: bool,
    /// Read policies and query as Rego v1, which is what happens anyway
    #[arg(long)]
    v1_compatible: bool,
    /// JSON schema of `input`, or a directory of schemas that annotations name
    #[arg(short, long, value_name = "PATH")]
    schema: Option<String>,
    #[command(flatten)]
    capabilities: CapabilitiesArgs,
    /// Refuse unused locals and imports, and other likely mistakes
    #[arg(short = 'S', long)]
    strict: bool,
    /// Give up after this time, such as `1.5s`; 0 for never
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "0")]
    timeout: Duration,
    /// Show how long each stage takes
    #[arg(long)]
    metrics: bool,
    /// Evaluate this many times; with --metrics, show the statistics
    #[arg(long, value_name = "NUMBER", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// What evaluates: `rego` is all there is
    #[arg(short, long, value_name = "TARGET", default_value = "rego", value_parser = ["rego", "wasm"])]
    target: String,
    /// Keep data as it is evaluated, which is what happens anyway
    #[arg(long)]
    optimize_store_for_read_speed: bool,
    /// What is told of the work itself, on the standard error
    #[arg(long, value_enum, default_value = "info")]
    log_level: LogLevel,
    /// How it looks
    #[arg(long, value_enum, default_value = "json")]
    log_format: LogFormat,
    /// Longest cell of --format=pretty; 0 for all of it
    #[arg(long, value_name = "CHARACTERS", default_value_t = 80)]
    pretty_limit: usize,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    check_usage(args)?;
    console_layer::to_stderr(args.log_format.into(), args.log_level.into());
    let deadline = (!args.timeout.is_zero()).then(|| Instant::now() + args.timeout);
    let query = match args.query.first() {
        Some(query) => query.clone(),
        None => String::from_utf8(read_stdin()?).context("the query is not UTF-8 text")?,
    };
    let input = read_input(args)?;
    let mut outputs = Vec::new();
    for _ in 0..args.count {
        outputs.push(once::evaluate(args, &query, input.as_ref(), deadline));
    }
    let output = if args.count > 1 { metrics::aggregate(outputs) } else { outputs.pop() };
    present(args, &output.unwrap_or_default())
}

/// Refuses flags that contradict each other, in OPA's words.
fn check_usage(args: &Args) -> Result<()> {
    match args.query.as_slice() {
        [] if !args.stdin => bail!("specify query argument or --stdin"),
        [] => {}
        [_, _, ..] => bail!("specify at most one query argument"),
        [_] if args.stdin => bail!("specify query argument or --stdin but not both"),
        [_] => {}
    }
    if args.stdin && args.stdin_input {
        bail!("specify --stdin or --stdin-input but not both");
    }
    if args.stdin_input && args.input.is_some() {
        bail!("specify --stdin-input or --input but not both");
    }
    if args.fail && args.fail_defined {
        bail!("specify --fail or --fail-defined but not both");
    }
    if args.show_builtin_errors && args.strict_builtin_errors {
        bail!("specify --show-builtin-errors or --strict-builtin-errors but not both");
    }
    if args.target == "wasm" {
        bail!("wasm target not supported");
    }
    if args.format == Format::Source {
        bail!("invalid output format for evaluation: `source` shows partial evaluation only");
    }
    Ok(())
}

fn read_input(args: &Args) -> Result<Option<Value>> {
    if args.stdin_input {
        let text = read_stdin()?;
        return load::parse_document(&text)
            .map(Some)
            .map_err(|message| anyhow::anyhow!("standard input: {message}"));
    }
    let Some(path) = &args.input else {
        return Ok(None);
    };
    Ok(Some(load::read_document(path)?))
}

fn read_stdin() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(STDIN_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > STDIN_BYTES_MAX {
        bail!("standard input: larger than {STDIN_BYTES_MAX} bytes");
    }
    Ok(bytes)
}

fn present(args: &Args, output: &Output) -> Result<Exit> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    format::write(args, output, &mut out, &mut std::io::stderr().lock())?;
    out.flush()?;
    let defined = !output.rows.is_empty();
    Ok(if !output.errors.is_empty() {
        Exit::Failure
    } else if (args.fail && !defined) || (args.fail_defined && defined) {
        Exit::Refused
    } else {
        Exit::Success
    })
}
