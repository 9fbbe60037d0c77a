//! `portcullis check`: do these files compile?

use std::io::Write;

use anyhow::Result;
use clap::ValueEnum;
use portcullis_service::load::{self, LoadOptions};
use rego::{Annotations, Compiler, RegoVersion, Severity, Value};

use crate::bundles::{BundleSet, BundleSource, trusting_options};
use crate::capabilities::CapabilitiesArgs;
use crate::exit::Exit;
use crate::json::{self, Json};
use crate::report::{self, Report};
use crate::schemas;

/// How errors are shown.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Pretty,
    Json,
}

/// Check Rego source files for parse and compilation errors
///
/// Prints nothing where all files compile. Only `.rego` files are read, except of bundles.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Files and directories
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    /// Take the paths as bundles, directories or archives: rules must not disagree with data, either
    #[arg(short, long)]
    bundle: bool,
    /// How errors are shown, on the standard error
    #[arg(short, long, value_enum, default_value = "pretty")]
    format: Format,
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
    /// Refuse unused locals and imports, and other likely mistakes
    #[arg(short = 'S', long)]
    strict: bool,
    /// Read policies as Rego v0, and require that they are valid as v1, too
    #[arg(long, visible_alias = "rego-v1")]
    v0_v1: bool,
    /// Read policies as Rego v0
    #[arg(long)]
    v0_compatible: bool,
    /// Read policies as Rego v1, which is what happens anyway
    #[arg(long)]
    v1_compatible: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let mut err = std::io::stderr().lock();
    match compile(args) {
        Ok(warnings) => {
            if matches!(args.format, Format::Pretty) {
                err.write_all(report::warnings(&warnings).as_bytes())?;
            }
            Ok(Exit::Success)
        }
        Err(reports) => {
            match args.format {
                Format::Pretty => writeln!(err, "{}", report::list_with_source(&reports))?,
                Format::Json => {
                    let errors = reports.iter().map(Report::json).collect();
                    let document = Json::Object(vec![("errors", Json::Array(errors))]);
                    json::write(&mut err, &document)?;
                }
            }
            Ok(Exit::Refused)
        }
    }
}

/// Returns the warnings.
fn compile(args: &Args) -> Result<Vec<Report>, Vec<Report>> {
    let version = if args.v0_compatible || args.v0_v1 { RegoVersion::V0 } else { RegoVersion::V1 };
    let compiler = Compiler::new()
        .rego_version(version)
        .annotations(Annotations::Check)
        .strict(args.strict)
        .errors_max(args.max_errors);
    let compiler = match &args.schema {
        Some(path) => compiler.schemas(schemas::load(path)?),
        None => compiler,
    };
    // People want to know of everything that is wrong; programs what OPA would tell them.
    let compiler = match args.format {
        Format::Json => compiler.first_errors_only(),
        Format::Pretty => compiler,
    };
    let compiler = if args.v0_v1 { compiler.valid_as_both() } else { compiler };
    let compiler = args.capabilities.apply(compiler)?;
    let policy = if args.bundle {
        let sources = BundleSource::of_paths(&args.paths, &trusting_options(&args.ignore));
        let bundles = BundleSet::load(sources)?;
        let compiler = compiler.data(bundles.data(Value::object(Vec::new()))?);
        let compiler = bundles.add_modules(compiler, version);
        let policy = compiler.compile().map_err(|errors| report::of_errors(&errors))?;
        bundles.check_roots(policy.packages())?;
        policy
    } else {
        let options = LoadOptions { ignore: args.ignore.clone(), modules_only: true };
        let loaded =
            load::load(&args.paths, &options).map_err(|errors| report::of_load_errors(&errors))?;
        let modules = loaded.modules.into_iter();
        let compiler = modules.fold(compiler, |compiler, (name, text)| compiler.module(name, text));
        compiler.compile().map_err(|errors| report::of_errors(&errors))?
    };
    Ok(report::of_diagnostics(policy.warnings(), &policy.sources(), Severity::Warning))
}
