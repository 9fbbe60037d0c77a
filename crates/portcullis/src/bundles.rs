//! Bundles that are compiled together: what the commands share that read them from paths.
//!
//! Must not know: which command it is, how a bundle is read.
//!
//! Source: OPA documentation, "Bundles", "Multiple Sources of Policy and Data".

use std::collections::BTreeMap;

use portcullis_bundle::{
    Bundle, BundleError, BundleModule, Manifest, ReadOptions, Verification, overlaps,
};
use portcullis_service::load::{
    BundleLoadOptions, LoadCause, LoadError, LoadErrors, load_bundle, merge_documents,
};
use rego::{Compiler, RegoVersion, Value};

use crate::report::{self, Report};

/// Bundles by name.
#[derive(Default)]
pub(crate) struct BundleSet {
    bundles: BTreeMap<String, Bundle>,
}

/// A bundle to be read.
pub(crate) struct BundleSource {
    /// What it is called among bundles: the path, where nobody has given it a name.
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) options: BundleLoadOptions,
}

impl BundleSource {
    /// Returns the bundles at these paths, called by them, all read in the same way.
    pub(crate) fn of_paths(paths: &[String], options: &BundleLoadOptions) -> Vec<Self> {
        let source = |path: &String| Self {
            name: path.clone(),
            path: path.clone(),
            options: options.clone(),
        };
        paths.iter().map(source).collect()
    }
}

/// Returns how a bundle is read that somebody names on the command line to use it at once: links
/// are followed, since mounted volumes consist of them, and signatures are not looked at, as in
/// OPA.
pub(crate) fn trusting_options(ignore: &[String]) -> BundleLoadOptions {
    let read = ReadOptions { verification: Verification::Skip, ..ReadOptions::default() };
    BundleLoadOptions { ignore: ignore.to_vec(), follow_symlinks: true, read }
}

impl BundleSet {
    /// Reads bundles; one of a name that was read already is passed over.
    ///
    /// Errors: each that cannot be read, and roots that overlap.
    pub(crate) fn load(sources: Vec<BundleSource>) -> Result<Self, Vec<Report>> {
        let (mut bundles, mut errors) = (BTreeMap::new(), Vec::new());
        for BundleSource { name, path, options } in sources {
            if bundles.contains_key(&name) {
                continue;
            }
            match load_bundle(&path, &options) {
                Ok(bundle) if bundle.is_delta() => {
                    let cause = LoadCause::Unsupported("a delta bundle changes data, and has none");
                    errors.push(LoadError { path, cause });
                }
                Ok(bundle) => drop(bundles.insert(name, bundle)),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(report::of_load_errors(&LoadErrors(errors)));
        }
        let manifests: Vec<(&str, &Manifest)> =
            bundles.iter().map(|(name, bundle)| (name.as_str(), &bundle.manifest)).collect();
        match overlaps(&manifests) {
            Some(overlaps) => Err(vec![Report::plain(&overlaps)]),
            None => Ok(Self { bundles }),
        }
    }

    /// Returns the bundles, by name.
    pub(crate) fn into_inner(self) -> BTreeMap<String, Bundle> {
        self.bundles
    }

    /// Returns the data of all with `base`, and their manifests where activated bundles have them,
    /// below `system.bundles`.
    ///
    /// Errors: documents that disagree.
    pub(crate) fn data(&self, base: Value) -> Result<Value, Vec<Report>> {
        let mut data = base;
        for (name, bundle) in &self.bundles {
            let manifest = Value::object_from_strs([("manifest", bundle.manifest.to_value())]);
            let system = ["bundles", "system"]
                .into_iter()
                .fold(Value::object(vec![(Value::from(name.as_str()), manifest)]), |value, key| {
                    Value::object_from_strs([(key, value)])
                });
            for document in [&bundle.data, &system] {
                data = merge_documents(&data, document).map_err(|at| {
                    let error = LoadError { path: name.clone(), cause: LoadCause::Conflict(at) };
                    vec![Report::plain(&error)]
                })?;
            }
        }
        Ok(data)
    }

    /// Adds the modules of all; those without a grammar of their own have `otherwise`.
    pub(crate) fn add_modules(&self, compiler: Compiler, otherwise: RegoVersion) -> Compiler {
        let modules = self.bundles.values().flat_map(|bundle| &bundle.modules);
        modules.fold(compiler, |compiler, module| {
            let version = module.rego_version.unwrap_or(otherwise);
            compiler.module_of(module.id.as_str(), module.text.as_str(), version)
        })
    }

    /// Checks that modules lie under their bundle's roots; `packages` are those of the modules that
    /// [`BundleSet::add_modules`] added, in that order.
    ///
    /// Errors: each that does not.
    pub(crate) fn check_roots(&self, packages: &[Vec<String>]) -> Result<(), Vec<Report>> {
        let modules = self
            .bundles
            .values()
            .flat_map(|bundle| bundle.modules.iter().map(move |module| (module, &bundle.manifest)));
        let outside = |((module, manifest), package): ((&BundleModule, &Manifest), &Vec<_>)| {
            manifest.check_module_root(package, &module.id).err()
        };
        let errors: Vec<BundleError> = modules.zip(packages).filter_map(outside).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors.iter().map(Report::plain).collect()) }
    }
}
