//! `portcullis oracle find-definition`: where a name at a place is defined.
//!
//! Must not know: how it is found.
//!
//! Source: OPA documentation, "opa oracle find-definition".

use std::io::{Read, Write};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use portcullis_service::load::FILE_BYTES_MAX;
use rego::RegoVersion;
use rego::oracle::Oracle;

use crate::bundles::{BundleSet, BundleSource, trusting_options};
use crate::exit::Exit;
use crate::json::{self, Json};
use crate::report;

/// Answer questions about policies
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    FindDefinition(FindArgs),
}

/// Show where what stands at a place is defined
#[derive(clap::Args)]
struct FindArgs {
    /// The place: `file:offset`, the offset in bytes, decimal or with `0x` in front
    #[arg(value_name = "PLACE")]
    place: Vec<String>,
    /// A bundle with the other modules, a directory or an archive
    #[arg(short, long, value_name = "PATH")]
    bundle: Vec<String>,
    /// Read the text of the file from the standard input
    #[arg(long)]
    stdin_buffer: bool,
    /// Read policies as Rego v0
    #[arg(long)]
    v0_compatible: bool,
    /// Read policies as Rego v1, which is what happens anyway
    #[arg(long)]
    v1_compatible: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let Command::FindDefinition(args) = &args.command;
    if let Err(error) = answer(args) {
        writeln!(std::io::stderr(), "error: {error:#}")?;
        return Ok(Exit::Refused);
    }
    Ok(Exit::Success)
}

fn answer(args: &FindArgs) -> Result<()> {
    let [place] = args.place.as_slice() else {
        bail!("expected exactly one position <filename>:<offset>");
    };
    let (name, offset) = parse_place(place)?;
    let version = if args.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 };
    let mut oracle = Oracle::default();
    let mut known = false;
    if args.bundle.len() > 1 {
        bail!("not implemented: multiple bundle paths");
    }
    let sources = BundleSource::of_paths(&args.bundle, &trusting_options(&[]));
    let told = |reports: Vec<report::Report>| anyhow::anyhow!(report::lines(&reports));
    for bundle in BundleSet::load(sources).map_err(told)?.into_inner().into_values() {
        for module in bundle.modules {
            known |= module.id == name;
            let version = module.rego_version.unwrap_or(version);
            oracle.add(&module.id, &module.text, version)?;
        }
    }
    let buffer = if args.stdin_buffer { read(std::io::stdin().lock())? } else { String::new() };
    if !buffer.is_empty() {
        oracle.add(name, &buffer, version)?;
    } else if !known {
        let file = std::fs::File::open(name).with_context(|| name.to_owned())?;
        oracle.add(name, &read(file)?, version)?;
    }
    write(oracle.find_definition(name, offset))
}

fn write(found: Result<(String, rego::Position), rego::oracle::NoAnswer>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let document = match &found {
        Ok((file, at)) => Json::Object(vec![(
            "result",
            Json::Object(vec![
                ("file", Json::Text(file)),
                ("row", Json::Integer(i64::from(at.row))),
                ("col", Json::Integer(i64::from(at.col))),
            ]),
        )]),
        Err(why) => {
            let code = Json::Object(vec![("code", Json::Text(why.code()))]);
            Json::Object(vec![("error", code)])
        }
    };
    json::write(&mut out, &document)?;
    out.flush()?;
    Ok(())
}

fn read(from: impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    from.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        bail!("larger than {FILE_BYTES_MAX} bytes");
    }
    Ok(String::from_utf8(bytes)?)
}

/// Reads `file:offset`.
fn parse_place(place: &str) -> Result<(&str, u32)> {
    let place = place.strip_prefix("file://").unwrap_or(place);
    let Some((name, offset)) = place.split_once(':').filter(|(_, rest)| !rest.contains(':')) else {
        bail!("expected <filename>:<offset> argument");
    };
    let parsed = match offset.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => offset.parse(),
    };
    Ok((name, parsed.with_context(|| format!("offset {offset}"))?))
}
