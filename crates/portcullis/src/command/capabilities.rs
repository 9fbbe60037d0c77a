//! `portcullis capabilities`: which built-in functions and parts of the language there are.
//!
//! Must not know: where they come from.
//!
//! Source: OPA documentation, "opa capabilities".

use std::io::{BufWriter, Write};

use anyhow::{Result, bail};
use rego::{Capabilities, RegoVersion, Value};

use crate::capabilities;
use crate::exit::Exit;
use crate::json::{self, Json};

/// Show the built-in functions and the parts of the language that there are
///
/// Without a flag, lists the versions of OPA whose capabilities are known.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Show the capabilities of this program
    #[arg(long)]
    current: bool,
    /// Show the capabilities of a version of OPA, such as `v1.7.0`
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Show the capabilities that a file lists
    #[arg(long, value_name = "PATH")]
    file: Option<String>,
    /// With --current, those for policies in Rego v0
    #[arg(long)]
    v0_compatible: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    match find(args) {
        Ok(Some(capabilities)) => write(&mut out, &capabilities)?,
        Ok(None) => {
            for version in Capabilities::versions() {
                writeln!(out, "{version}")?;
            }
        }
        Err(error) => {
            writeln!(std::io::stderr(), "error: {error}")?;
            return Ok(Exit::Refused);
        }
    }
    out.flush()?;
    Ok(Exit::Success)
}

/// Returns what is to be shown; nothing where it is the list of versions.
fn find(args: &Args) -> Result<Option<Capabilities>> {
    if let Some(version) = &args.version {
        return match Capabilities::of_version(version) {
            Some(capabilities) => Ok(Some(capabilities)),
            None => bail!("no capabilities version found {version}"),
        };
    }
    if let Some(path) = &args.file {
        return match capabilities::read_file(path) {
            Ok(capabilities) => Ok(Some(capabilities)),
            Err(Some(why)) => bail!("{path}: {why}"),
            Err(None) => bail!("open {path}: no such file or directory"),
        };
    }
    let version = if args.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 };
    Ok(args.current.then(|| Capabilities::current(version)))
}

fn write(out: &mut dyn Write, capabilities: &Capabilities) -> Result<()> {
    json::write(out, &object(capabilities))?;
    Ok(())
}

/// Returns OPA's object of capabilities, in its order.
pub(super) fn object<'c>(capabilities: &'c Capabilities) -> Json<'c> {
    let texts = |texts: &'c [String]| texts.iter().map(|text| Json::Text(text)).collect();
    let allowed = capabilities.allow_net().unwrap_or_default();
    let lists: [(&str, Vec<Json<'c>>); 5] = [
        ("builtins", capabilities.builtins().iter().map(builtin).collect()),
        ("future_keywords", texts(capabilities.future_keywords())),
        ("wasm_abi_versions", capabilities.wasm_abi_versions().iter().map(abi).collect()),
        ("features", texts(capabilities.features())),
        ("allow_net", texts(allowed)),
    ];
    let present = lists.into_iter().filter(|(_, items)| !items.is_empty());
    Json::Object(present.map(|(name, items)| (name, Json::Array(items))).collect())
}

/// The fields of a builtin, in OPA's order.
const BUILTIN: [&str; 8] = [
    "name",
    "description",
    "categories",
    "decl",
    "infix",
    "relation",
    "deprecated",
    "nondeterministic",
];

fn builtin(value: &Value) -> Json<'_> {
    fields(value, &BUILTIN)
}

fn abi(value: &Value) -> Json<'_> {
    fields(value, &["version", "minor_version"])
}

fn fields<'v>(value: &'v Value, names: &[&'static str]) -> Json<'v> {
    let field = |name: &&'static str| Some((*name, Json::Value(value.get_path(&[name])?)));
    Json::Object(names.iter().filter_map(field).collect())
}
