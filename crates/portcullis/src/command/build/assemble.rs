//! What the bundle holds: paths read, compiled, and put together.
//!
//! Must not know: signatures, where the bundle is written.
//!
//! Source: OPA documentation, "opa build --help"; the archives that it makes.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow, bail};
use portcullis_bundle::{
    Bundle, BundleFiles, Manifest, ReadOptions, Verification, VerificationConfig,
};
use portcullis_service::load::{self, BundleLoadOptions, LoadOptions, merge_documents};
use rego::{Annotations, Compiler, Errors, Policy, RegoVersion, Value, render};

use super::{Args, debug};
use crate::bundles::{BundleSet, BundleSource};
use crate::report;

/// A module on its way into the bundle.
struct Module {
    /// Its name in messages and, below `/`, its place in the bundle.
    name: String,
    text: String,
    version: RegoVersion,
}

/// Returns the bundle of files and directories, whose manifest says nothing but the grammar.
pub(super) fn from_files(args: &Args) -> Result<BundleFiles> {
    let options = LoadOptions { ignore: args.ignore.clone(), modules_only: false };
    let loaded = load::load(&args.paths, &options).map_err(|e| anyhow!("load error: {e}"))?;
    let otherwise = version_of(args);
    let mut modules: Vec<Module> = loaded
        .modules
        .into_iter()
        .map(|(name, text)| {
            let version = loaded.versions.get(&name).copied().unwrap_or(otherwise);
            Module { name, text, version }
        })
        .collect();
    modules.sort_by(|a, b| a.name.cmp(&b.name));
    compile(args, &modules, &loaded.data)?;
    let manifest = with_versions(Manifest::default(), otherwise, &modules);
    Ok(BundleFiles { manifest, data: loaded.data, modules: placed(modules), ..Default::default() })
}

/// Returns the bundle of bundles. The signatures they come with are verified where there is a key.
pub(super) fn from_bundles(
    args: &Args,
    verification: Option<VerificationConfig>,
) -> Result<BundleFiles> {
    let verification = verification.map_or(Verification::NoKeys, Verification::Verify);
    let options = BundleLoadOptions {
        ignore: args.ignore.clone(),
        follow_symlinks: args.follow_symlinks,
        read: ReadOptions { verification, ..ReadOptions::default() },
    };
    let bundles = BundleSet::load(BundleSource::of_paths(&args.paths, &options))
        .map_err(|reports| anyhow!("load error: {}", report::lines(&reports)))?;
    let mut merged = Merged::default();
    for bundle in bundles.into_inner().into_values() {
        merged.add(bundle, version_of(args))?;
    }
    merged.finish(args)
}

/// Bundles put together so far.
#[derive(Default)]
struct Merged {
    manifests: Vec<Manifest>,
    data: Option<Value>,
    modules: Vec<Module>,
    /// For each module, the position of the manifest that it must agree with.
    owners: Vec<usize>,
    extra: Vec<(String, Vec<u8>)>,
}

impl Merged {
    fn add(&mut self, bundle: Bundle, otherwise: RegoVersion) -> Result<()> {
        let otherwise = bundle.manifest.rego_version.unwrap_or(otherwise);
        for module in bundle.modules {
            let version = module.rego_version.unwrap_or(otherwise);
            self.modules.push(Module { name: module.id, text: module.text, version });
            self.owners.push(self.manifests.len());
        }
        for (path, bytes) in bundle.wasm.into_iter().chain(bundle.plans) {
            if self.extra.iter().any(|(other, _)| *other == path) {
                bail!("bundle merge failed: more than one bundle has a file `{path}`");
            }
            self.extra.push((path, bytes));
        }
        let data = match &self.data {
            None => bundle.data,
            Some(data) => merge_documents(data, &bundle.data).map_err(|at| {
                anyhow!("bundle merge failed: `data.{}` is in more than one bundle", at.join("."))
            })?,
        };
        self.data = Some(data);
        self.manifests.push(bundle.manifest);
        Ok(())
    }

    fn finish(self, args: &Args) -> Result<BundleFiles> {
        let data = self.data.unwrap_or_else(|| Value::object(Vec::new()));
        let mut modules = self.modules;
        let policy = compile(args, &modules, &data)?;
        let places = policy.packages().iter().zip(&modules).zip(&self.owners);
        for ((package, module), owner) in places {
            if let Some(manifest) = self.manifests.get(*owner) {
                manifest.check_module_root(package, &module.name)?;
            }
        }
        modules.sort_by(|a, b| a.name.cmp(&b.name));
        let manifest = merge_manifests(self.manifests);
        let version = manifest.rego_version.unwrap_or_else(|| version_of(args));
        let manifest = with_versions(manifest, version, &modules);
        let modules = placed(modules);
        Ok(BundleFiles { manifest, data, modules, extra: self.extra, ..BundleFiles::default() })
    }
}

/// One manifest stays what it is. Of several, only roots and what WebAssembly answers mean
/// something for all.
fn merge_manifests(mut manifests: Vec<Manifest>) -> Manifest {
    if manifests.len() <= 1 {
        return manifests.pop().unwrap_or_default();
    }
    let (mut roots, mut wasm) = (Vec::new(), Vec::new());
    for manifest in manifests {
        roots.extend(manifest.roots);
        wasm.extend(manifest.wasm);
    }
    Manifest { roots, wasm, ..Manifest::default() }
}

fn version_of(args: &Args) -> RegoVersion {
    if args.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 }
}

/// Returns the modules at their places in the bundle: below `/`, where they were found.
fn placed(modules: Vec<Module>) -> Vec<(String, String)> {
    let place = |module: Module| (place_of(&module.name), module.text);
    modules.into_iter().map(place).collect()
}

fn place_of(name: &str) -> String {
    format!("/{}", name.trim_start_matches('/'))
}

/// Returns the manifest with the grammar of all modules, and of each that has another.
fn with_versions(manifest: Manifest, version: RegoVersion, modules: &[Module]) -> Manifest {
    let others = modules.iter().filter(|module| module.version != version);
    let file_rego_versions: BTreeMap<_, _> =
        others.map(|module| (place_of(&module.name), module.version)).collect();
    Manifest { rego_version: Some(version), file_rego_versions, ..manifest }
}

/// Compiles the modules over the data, and looks for the entrypoints.
///
/// Errors: everything that is wrong with the modules, and the first entrypoint that is not there.
fn compile(args: &Args, modules: &[Module], data: &Value) -> Result<Policy> {
    debug(args, || modules.iter().map(|module| format!("compiling {}", module.name)).collect())?;
    let mut compiler = Compiler::new().data(data.clone()).annotations(Annotations::Check);
    if let Some(capabilities) = args.capabilities.load().map_err(|message| anyhow!(message))? {
        compiler = compiler.capabilities(capabilities);
    }
    let compiler = modules.iter().fold(compiler, |compiler, module| {
        compiler.module_of(module.name.as_str(), module.text.as_str(), module.version)
    });
    let policy = compiler.compile().map_err(|errors| anyhow!(shown(&errors)))?;
    for entrypoint in &args.entrypoint {
        let path = data_path(entrypoint)?;
        debug(args, || vec![format!("entrypoint data.{}", path.join("."))])?;
        let is_package = policy.packages().iter().any(|package| package.starts_with(&path));
        let keys: Vec<Value> = path.iter().map(|key| Value::from(key.as_str())).collect();
        if !is_package && !policy.has_rule(&keys) {
            bail!("undefined entrypoint data.{}", path.join("."));
        }
    }
    Ok(policy)
}

/// OPA finds what does not parse while it loads, and says so.
fn shown(errors: &Errors) -> String {
    let lines = render::lines(&errors.sources, &errors.diagnostics);
    if errors.code() != "rego_parse_error" {
        return lines;
    }
    format!("load error: {}", lines.replacen(" occurred:", " occurred during loading:", 1))
}

/// Returns the segments of `a/b/rule`.
///
/// Errors: a path without any, or with an escape that is none.
fn data_path(entrypoint: &str) -> Result<Vec<String>> {
    let invalid = || anyhow!("entrypoint {entrypoint} not valid: use <package>/<rule>");
    let path = entrypoint.trim_matches('/');
    if path.is_empty() {
        return Err(invalid());
    }
    path.split('/').map(|segment| unescaped(segment).ok_or_else(invalid)).collect()
}

/// Decodes `%2F` and the like.
fn unescaped(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    loop {
        rest = match rest {
            [] => return String::from_utf8(bytes).ok(),
            [b'%', high, low, rest @ ..] => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                bytes.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
                rest
            }
            [b'%', ..] => return None,
            [byte, rest @ ..] => {
                bytes.push(*byte);
                rest
            }
        };
    }
}
