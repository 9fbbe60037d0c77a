//! `portcullis deps`: what a query depends on.
//!
//! Must not know: how dependencies are found.
//!
//! Source: OPA documentation, "opa deps".

use std::io::Write;

use anyhow::Result;
use clap::ValueEnum;
use portcullis_service::load::{self, LoadOptions};
use rego::{Compiler, Dependencies, QueryOptions, RegoVersion, Value, reference_text};

use crate::bundles::{BundleSet, BundleSource, trusting_options};
use crate::exit::Exit;
use crate::json::{self, Json};
use crate::report::{self, Report};
use crate::table;

/// How it is shown.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Pretty,
    Json,
}

/// Show the documents and rules that a query depends on
#[derive(clap::Args)]
pub(super) struct Args {
    /// The query, such as `data.authz.allow`
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// Load policies from a file or a directory; may be repeated
    #[arg(short, long, value_name = "PATH")]
    data: Vec<String>,
    /// Load a bundle, a directory or an archive; may be repeated
    #[arg(short, long, value_name = "PATH")]
    bundle: Vec<String>,
    /// How it is shown
    #[arg(short, long, value_enum, default_value = "pretty")]
    format: Format,
    /// Pass over files and directories of these names, inside directories
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Read policies as Rego v0
    #[arg(long)]
    v0_compatible: bool,
    /// Read policies as Rego v1, which is what happens anyway
    #[arg(long)]
    v1_compatible: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let found = match args.query.as_slice() {
        [query] => find(args, query),
        _ => Err(vec![Report::plain(&"specify exactly one query argument")]),
    };
    let found = match found {
        Ok(found) => found,
        Err(reports) => {
            writeln!(std::io::stderr(), "{}", report::list(&reports))?;
            return Ok(Exit::Refused);
        }
    };
    let mut out = std::io::stdout().lock();
    match args.format {
        Format::Pretty => write_table(&mut out, &found)?,
        Format::Json => write_json(&mut out, &found)?,
    }
    out.flush()?;
    Ok(Exit::Success)
}

fn find(args: &Args, query: &str) -> Result<Dependencies, Vec<Report>> {
    let version = if args.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 };
    let options = LoadOptions { ignore: args.ignore.clone(), modules_only: false };
    let loaded =
        load::load(&args.data, &options).map_err(|errors| report::of_load_errors(&errors))?;
    let bundles =
        BundleSet::load(BundleSource::of_paths(&args.bundle, &trusting_options(&args.ignore)))?;
    let compiler = Compiler::new().rego_version(version);
    let compiler = loaded.modules.into_iter().fold(compiler, |compiler, (name, text)| {
        let version = loaded.versions.get(&name).copied().unwrap_or(version);
        compiler.module_of(name, text, version)
    });
    let told = |errors: rego::Errors| report::of_errors(&errors);
    let policy = bundles.add_modules(compiler, version).compile().map_err(told)?;
    let options = QueryOptions { version, ..QueryOptions::default() };
    policy.dependencies(query, &options).map_err(told)
}

/// A column for each kind that there is.
fn write_table(out: &mut dyn Write, found: &Dependencies) -> Result<()> {
    let columns = [("BASE DOCUMENTS", &found.base), ("VIRTUAL DOCUMENTS", &found.rules)];
    let columns = columns.into_iter().filter(|(_, paths)| !paths.is_empty());
    let (headers, columns): (Vec<&str>, Vec<Vec<String>>) = columns
        .map(|(header, paths)| (header, paths.iter().map(|path| reference_text(path)).collect()))
        .unzip();
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    if rows == 0 {
        return Ok(());
    }
    let cell = |column: &Vec<String>, at: usize| column.get(at).cloned().unwrap_or_default();
    let rows: Vec<Vec<String>> =
        (0..rows).map(|at| columns.iter().map(|column| cell(column, at)).collect()).collect();
    table::write(out, &headers, &rows)?;
    Ok(())
}

fn write_json(out: &mut dyn Write, found: &Dependencies) -> Result<()> {
    let term = |(at, part): (usize, &Value)| {
        let kind = if at == 0 { "var" } else { part.type_name() };
        Value::object_from_strs([("type", Value::from(kind)), ("value", part.clone())])
    };
    let reference = |path: &Vec<Value>| Value::array(path.iter().enumerate().map(term).collect());
    let lists = [("base", &found.base), ("virtual", &found.rules)]
        .map(|(name, paths)| (name, Value::array(paths.iter().map(reference).collect())));
    let present = lists.iter().filter(|(_, list)| list.as_array().is_some_and(|l| !l.is_empty()));
    let entries = present.map(|(name, list)| (*name, Json::Value(list))).collect();
    json::write(out, &Json::Object(entries))?;
    Ok(())
}
