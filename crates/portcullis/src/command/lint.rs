//! `portcullis lint`: mistakes that bite in policies, though they compile.
//!
//! Must not know: what the mistakes are.

use std::io::{self, BufWriter, Write};

use anyhow::{Result, bail};
use clap::ValueEnum;
use portcullis_service::load::{self, LoadOptions};
use rego::lint::{self, Findings, RULES};
use rego::{Compiler, Diagnostic, RegoVersion, Severity};

use crate::bundles::{BundleSet, BundleSource, trusting_options};
use crate::exit::Exit;
use crate::json::{self, Json};
use crate::report::{self, Report};

/// How findings are shown.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Pretty,
    Json,
}

/// Look for mistakes in Rego source files that compile
///
/// Exits with 1 where something is found. A comment `# lint: ignore RULE` at the end of a line, or on
/// the line before, silences a rule there. Only `.rego` files are read, except of bundles.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Files and directories
    #[arg(required_unless_present_any = ["explain", "rules"], value_name = "PATH")]
    paths: Vec<String>,
    /// Take the paths as bundles, directories or archives
    #[arg(short, long)]
    bundle: bool,
    /// How findings are shown
    #[arg(short, long, value_enum, default_value = "pretty")]
    format: Format,
    /// Pass over files and directories of these names, inside directories
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Leave these rules out
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    disable: Vec<String>,
    /// Explain a rule
    #[arg(long, value_name = "RULE", conflicts_with = "paths")]
    explain: Option<String>,
    /// List the rules
    #[arg(long, conflicts_with_all = ["paths", "explain"])]
    rules: bool,
    /// Read policies as Rego v0
    #[arg(long)]
    v0_compatible: bool,
    /// Read policies as Rego v1, which is what happens anyway
    #[arg(long)]
    v1_compatible: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let mut out = BufWriter::new(io::stdout().lock());
    if let Some(id) = &args.explain {
        let rule = known(id)?;
        writeln!(out, "{}: {}\n\n{}", rule.id, rule.summary, rule.explanation)?;
        out.flush()?;
        return Ok(Exit::Success);
    }
    if args.rules {
        let width = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
        for rule in &RULES {
            writeln!(out, "{:width$}  {}", rule.id, rule.summary)?;
        }
        out.flush()?;
        return Ok(Exit::Success);
    }
    for id in &args.disable {
        known(id)?;
    }
    let findings = match find(args) {
        Ok(findings) => findings,
        Err(reports) => {
            writeln!(io::stderr(), "{}", report::list_with_source(&reports))?;
            return Ok(Exit::Failure);
        }
    };
    match args.format {
        Format::Pretty => {
            let Findings { diagnostics, sources } = &findings;
            let reports = report::of_diagnostics(diagnostics, sources, Severity::Warning);
            out.write_all(report::warnings(&reports).as_bytes())?;
        }
        Format::Json => write_json(&mut out, &findings)?,
    }
    out.flush()?;
    Ok(if findings.diagnostics.is_empty() { Exit::Success } else { Exit::Refused })
}

fn known(id: &str) -> Result<&'static lint::Rule> {
    match lint::rule(id) {
        Some(rule) => Ok(rule),
        None => bail!("no rule is called `{id}`; `lint --rules` lists them"),
    }
}

fn find(args: &Args) -> Result<Findings, Vec<Report>> {
    let version = if args.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 };
    let compiler = Compiler::new().rego_version(version);
    let compiler = if args.bundle {
        let sources = BundleSource::of_paths(&args.paths, &trusting_options(&args.ignore));
        BundleSet::load(sources)?.add_modules(compiler, version)
    } else {
        let options = LoadOptions { ignore: args.ignore.clone(), modules_only: true };
        let loaded =
            load::load(&args.paths, &options).map_err(|errors| report::of_load_errors(&errors))?;
        let modules = loaded.modules.into_iter();
        modules.fold(compiler, |compiler, (name, text)| compiler.module(name, text))
    };
    compiler.lint(&args.disable).map_err(|errors| report::of_errors(&errors))
}

/// Writes `{"findings": [{rule, message, hint, location: {file, row, col}}, …]}`.
fn write_json(out: &mut dyn Write, findings: &Findings) -> io::Result<()> {
    let list = findings.diagnostics.iter().map(|finding| object(finding, findings)).collect();
    json::write(out, &Json::Object(vec![("findings", Json::Array(list))]))
}

fn object<'a>(finding: &'a Diagnostic, findings: &'a Findings) -> Json<'a> {
    let mut entries =
        vec![("rule", Json::Text(finding.code)), ("message", Json::Text(&finding.message))];
    entries.extend(finding.hint.as_deref().map(|hint| ("hint", Json::Text(hint))));
    let place = finding.location.and_then(|location| findings.sources.resolve(location));
    if let Some((file, at)) = place {
        let location = vec![
            ("file", Json::Text(file)),
            ("row", Json::Integer(at.row.into())),
            ("col", Json::Integer(at.col.into())),
        ];
        entries.push(("location", Json::Object(location)));
    }
    Json::Object(entries)
}
