//! `portcullis inspect`: what a bundle or a module holds.
//!
//! Must not know: how a bundle is decoded, what its policies decide.
//!
//! Source: OPA documentation, "opa inspect --help".

mod annotations;
mod namespaces;

use std::io::{BufWriter, Write};

use anyhow::{Result, bail};
use clap::ValueEnum;
use portcullis_bundle::{Bundle, ReadOptions, SIGNATURES_FILE, Verification, from_entries};
use portcullis_service::load::{
    self, BundleLoadOptions, LoadCause, LoadError, LoadOptions, WhichFiles,
};
use rego::ast_json::{AnnotationRef, AstModules, annotation_refs};
use rego::{Capabilities, RegoVersion, Value, package_of};

use self::namespaces::{Namespaces, package_text};
use crate::exit::Exit;
use crate::json::{self, Json};
use crate::table;

/// How it is shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Pretty,
    Json,
}

/// Show what a bundle or a module holds
///
/// Signatures are shown, not verified.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A bundle, directory or archive, or a `.rego` file
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// How it is shown
    #[arg(short, long, value_enum, default_value = "pretty")]
    format: Format,
    /// Show annotations
    #[arg(short, long)]
    annotations: bool,
    /// Read policies as Rego v0 where a manifest does not say otherwise
    #[arg(long)]
    v0_compatible: bool,
    /// Read policies as Rego v1, which is what happens anyway
    #[arg(long)]
    v1_compatible: bool,
}

/// Longest cell of a table, in characters.
const CELL_CHARS_MAX: usize = 50;

/// What there is to show.
struct Summary {
    /// Nothing where it is no bundle.
    bundle: Option<Bundle>,
    namespaces: Namespaces,
    /// Sorted by path; nothing where they are not asked for.
    annotations: Vec<AnnotationRef>,
    /// What the policies need.
    required: Capabilities,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let summary = match summarise(args) {
        Ok(summary) => summary,
        Err(error) => {
            writeln!(std::io::stderr(), "error: {error:#}")?;
            return Ok(Exit::Refused);
        }
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    match args.format {
        Format::Json => write_json(&mut out, &summary)?,
        Format::Pretty => write_tables(&mut out, &summary)?,
    }
    out.flush()?;
    Ok(Exit::Success)
}

fn summarise(args: &Args) -> Result<Summary> {
    let [path] = args.paths.as_slice() else {
        bail!("specify exactly one OPA bundle or path");
    };
    let version = if args.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 };
    let mut summary = match path.ends_with(".rego") {
        true => summarise_module(args, path, version)?,
        false => summarise_bundle(args, path, version)?,
    };
    summary.annotations.sort_by(|a, b| (&a.path, &a.file, a.row).cmp(&(&b.path, &b.file, b.row)));
    Ok(summary)
}

/// Returns the annotations of a module, where they are asked for.
fn annotations_of(
    args: &Args,
    (name, text): (&str, &str),
    version: RegoVersion,
) -> Result<Vec<AnnotationRef>> {
    Ok(if args.annotations { annotation_refs(name, text, version)? } else { Vec::new() })
}

fn summarise_bundle(args: &Args, path: &str, version: RegoVersion) -> Result<Summary> {
    let read = ReadOptions { verification: Verification::Skip, ..ReadOptions::default() };
    let options = BundleLoadOptions { follow_symlinks: true, read, ..Default::default() };
    let files = load::load_bundle_files(path, &options, WhichFiles::OfBundles)?;
    let plain = path.strip_prefix("file://").unwrap_or(path);
    let is_directory = std::path::Path::new(plain).is_dir();
    let mut namespaces = Namespaces::new(is_directory.then_some(plain));
    let data_files: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    let bundle = from_entries(files, &options.read)
        .map_err(|error| LoadError { path: path.to_string(), cause: LoadCause::Bundle(error) })?;
    let mut annotations = Vec::new();
    let mut trees = AstModules::new();
    for module in &bundle.modules {
        let version = module.rego_version.or(bundle.manifest.rego_version).unwrap_or(version);
        let package = package_of(&module.path, &module.text, version)?;
        bundle.manifest.check_module_root(&package, &module.path)?;
        namespaces.add_module(&package, &module.path);
        let name = match is_directory {
            true => {
                format!("{}/{}", plain.trim_end_matches('/'), module.path.trim_start_matches('/'))
            }
            false => module.path.clone(),
        };
        annotations.extend(annotations_of(args, (&name, &module.text), version)?);
        trees.add(&module.path, &module.text, version)?;
    }
    data_files.iter().for_each(|file| namespaces.add_data(file));
    for resolver in &bundle.manifest.wasm {
        namespaces.add_wasm(&resolver.entrypoint, &resolver.module);
    }
    Ok(Summary { bundle: Some(bundle), namespaces, annotations, required: trees.required() })
}

fn summarise_module(args: &Args, path: &str, version: RegoVersion) -> Result<Summary> {
    let options = LoadOptions { modules_only: true, ..LoadOptions::default() };
    let loaded = load::load(&[path], &options)?;
    let mut namespaces = Namespaces::new(None);
    let mut annotations = Vec::new();
    let mut trees = AstModules::new();
    for (name, text) in &loaded.modules {
        namespaces.add_module(&package_of(name, text, version)?, name);
        annotations.extend(annotations_of(args, (name, text), version)?);
        trees.add(name, text, version)?;
    }
    Ok(Summary { bundle: None, namespaces, annotations, required: trees.required() })
}

fn write_json(out: &mut dyn Write, summary: &Summary) -> Result<()> {
    let mut entries = Vec::new();
    let (manifest, signatures, wasm);
    if let Some(bundle) = &summary.bundle {
        manifest = bundle.manifest.to_json();
        entries.push(("manifest", Json::OneLine(&manifest)));
        signatures = signatures_of(bundle)?;
        entries.push(("signatures_config", Json::Value(&signatures)));
        wasm = wasm_modules(bundle);
        if !bundle.wasm.is_empty() {
            entries.push(("wasm_modules", Json::Value(&wasm)));
        }
    } else {
        signatures = Value::object(Vec::new());
        entries.push(("signatures_config", Json::Value(&signatures)));
    }
    let namespaces = summary.namespaces.to_value();
    if namespaces.as_object().is_some_and(|namespaces| !namespaces.is_empty()) {
        entries.push(("namespaces", Json::Value(&namespaces)));
    }
    let shown = Value::array(summary.annotations.iter().map(annotations::to_value).collect());
    if !summary.annotations.is_empty() {
        entries.push(("annotations", Json::Value(&shown)));
    }
    entries.push(("capabilities", super::capabilities::object(&summary.required)));
    json::write(out, &Json::Object(entries))?;
    Ok(())
}

/// Returns what `.signatures.json` says, as far as it is known what it means.
fn signatures_of(bundle: &Bundle) -> Result<Value> {
    let nothing = Value::object(Vec::new());
    let Some(bytes) = &bundle.signatures else { return Ok(nothing) };
    let file = Value::from_json(bytes).map_err(|e| anyhow::anyhow!("{SIGNATURES_FILE}: {e}"))?;
    let Some(object) = file.as_object() else {
        bail!("{SIGNATURES_FILE}: must be an object");
    };
    let known = ["signatures", "plugin"].into_iter();
    let entries = known.filter_map(|key| Some((Value::from(key), object.get_str(key)?.clone())));
    Ok(Value::object(entries.collect()))
}

fn wasm_modules(bundle: &Bundle) -> Value {
    let module = |(path, _): &(String, Vec<u8>)| {
        let name = |module: &str| module.trim_start_matches('/').to_string();
        let resolvers = bundle.manifest.wasm.iter();
        let of_this = resolvers.filter(|resolver| name(&resolver.module) == name(path));
        let entrypoints = of_this.map(|resolver| {
            let path: Vec<_> = resolver.entrypoint.split('/').map(str::to_string).collect();
            Value::from(package_text(&path))
        });
        Value::object_from_strs([
            ("entrypoints", Value::array(entrypoints.collect())),
            ("path", Value::from(path.as_str())),
            ("url", Value::from(path.as_str())),
        ])
    };
    Value::array(bundle.wasm.iter().map(module).collect())
}

fn write_tables(out: &mut dyn Write, summary: &Summary) -> Result<()> {
    let manifest = summary.bundle.as_ref().map(manifest_rows).unwrap_or_default();
    for (title, headers, rows) in [
        ("MANIFEST:", ["FIELD", "VALUE"], manifest),
        ("NAMESPACES:", ["NAMESPACE", "FILE"], namespace_rows(&summary.namespaces)),
    ] {
        if !rows.is_empty() {
            writeln!(out, "{title}")?;
            table::write(out, &headers, &rows)?;
        }
    }
    annotations::write(out, &summary.annotations)?;
    Ok(())
}

fn manifest_rows(bundle: &Bundle) -> Vec<Vec<String>> {
    let manifest = &bundle.manifest;
    let mut rows = Vec::new();
    let mut row = |field: &str, value: String| rows.push(vec![field.to_string(), value]);
    if let Some(version) = manifest.rego_version {
        row("Rego Version", u8::from(version != RegoVersion::V0).to_string());
    }
    if !manifest.revision.is_empty() {
        row("Revision", cut(&manifest.revision));
    }
    let mut roots: Vec<_> = manifest.roots.iter().filter(|root| !root.is_empty()).collect();
    roots.sort();
    for (position, root) in roots.into_iter().enumerate() {
        row(if position == 0 { "Roots" } else { "" }, cut_path(root));
    }
    if manifest.metadata != Value::NULL {
        row("Metadata", cut(&manifest.metadata.to_json()));
    }
    rows
}

fn namespace_rows(namespaces: &Namespaces) -> Vec<Vec<String>> {
    let rows = namespaces.iter().flat_map(|(namespace, files)| {
        files.iter().enumerate().map(move |(position, file)| {
            let namespace = if position == 0 { namespace.to_string() } else { String::new() };
            vec![namespace, cut_path(file)]
        })
    });
    rows.collect()
}

/// Cuts the end off a text that is too long for a cell.
fn cut(text: &str) -> String {
    if text.chars().count() < CELL_CHARS_MAX {
        return text.to_string();
    }
    let kept: String = text.chars().take(CELL_CHARS_MAX - 3).collect();
    format!("{kept}...")
}

/// Cuts directories off the front of a path that is too long for a cell.
fn cut_path(path: &str) -> String {
    let mut rest = path;
    let mut shown = path.to_string();
    while shown.chars().count() >= CELL_CHARS_MAX {
        let Some((_, after)) = rest.trim_start_matches('/').split_once('/') else { break };
        rest = after;
        shown = format!(".../{after}");
    }
    shown
}
