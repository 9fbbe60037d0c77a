//! `portcullis parse`: the tree of a module.
//!
//! Must not know: the shape of the tree.
//!
//! Source: OPA documentation, "opa parse".

use std::io::Write;

use anyhow::Result;
use clap::ValueEnum;
use portcullis_service::load::{self, LoadOptions};
use rego::RegoVersion;
use rego::ast_json::{self, Shown};

use crate::exit::Exit;
use crate::json::{self, Json};
use crate::report::{self, Report};

/// How it is shown.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// An indented list of nodes
    Pretty,
    /// OPA's JSON
    Json,
}

/// Parse a Rego file and show its tree
#[derive(clap::Args)]
pub(super) struct Args {
    /// The file
    #[arg(value_name = "PATH")]
    path: Option<String>,
    /// How it is shown
    #[arg(short, long, value_enum, default_value = "pretty")]
    format: Format,
    /// What is shown beside the tree: `locations`, `comments`; with `-` in front, what is not
    #[arg(long, value_name = "ELEMENTS", default_value = "", allow_hyphen_values = true)]
    json_include: String,
    /// Read the file as Rego v0
    #[arg(long)]
    v0_compatible: bool,
    /// Read the file as Rego v1, which is what happens anyway
    #[arg(long)]
    v1_compatible: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let Some(path) = &args.path else {
        writeln!(std::io::stderr(), "error: no source file specified")?;
        return Ok(Exit::Refused);
    };
    match parse(args, path) {
        Ok(text) => {
            let mut out = std::io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()?;
            Ok(Exit::Success)
        }
        Err(reports) => {
            let errors = reports.iter().map(Report::json).collect();
            let document = Json::Object(vec![("errors", Json::Array(errors))]);
            json::write(&mut std::io::stderr().lock(), &document)?;
            Ok(Exit::Refused)
        }
    }
}

fn parse(args: &Args, path: &str) -> Result<String, Vec<Report>> {
    let version = if args.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 };
    let shown = shown(&args.json_include);
    let options = LoadOptions { modules_only: true, ..LoadOptions::default() };
    let loaded = load::load(&[path], &options).map_err(|errors| report::of_load_errors(&errors))?;
    let Some((name, text)) = loaded.modules.first() else {
        return Err(vec![Report::plain(&format!("{path}: not a Rego file"))]);
    };
    let told = |errors: rego::Errors| report::of_errors(&errors);
    match args.format {
        Format::Pretty => ast_json::pretty(name, text, version, shown).map_err(told),
        Format::Json => {
            let value = ast_json::parsed_with(name, text, version, shown).map_err(told)?;
            Ok(value.to_json_pretty("  ") + "\n")
        }
    }
}

/// Reads the elements: each is on, or off with `-` in front; others mean nothing, as in OPA.
fn shown(elements: &str) -> Shown {
    let mut shown = Shown { comments: true, locations: false };
    for element in elements.split(',') {
        let on = !element.starts_with('-');
        match element.trim_start_matches('-') {
            "locations" => shown.locations = on,
            "comments" => shown.comments = on,
            _ => {}
        }
    }
    shown
}
