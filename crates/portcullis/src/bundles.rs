//! Bundles that are compiled together: what the commands share that read them from paths.
//!
//! Must not know: which command it is, how a bundle is read.
//!
//! Source: OPA documentation, "Bundles", "Multiple Sources of Policy and Data".

use portcullis_bundle::{Bundle, BundleError, Manifest, ReadOptions, Verification, overlaps};
use portcullis_service::load::{BundleLoadOptions, LoadCause, LoadError, load_bundle};
use portcullis_service::load::{LoadErrors, merge_documents};
use rego::{Compiler, RegoVersion, Value};

use crate::report::{self, Report};

/// Bundles by the path they come from.
#[derive(Default)]
pub(crate) struct BundleSet {
    bundles: Vec<(String, Bundle)>,
}

/// Returns how a bundle is read that somebody names on the command line to use it at once: links
/// are followed, since mounted volumes consist of them, and signatures are not looked at, as in
/// OPA.
pub(crate) fn trusting_options(ignore: &[String]) -> BundleLoadOptions {
    let read = ReadOptions { verification: Verification::Skip, ..ReadOptions::default() };
    BundleLoadOptions { ignore: ignore.to_vec(), follow_symlinks: true, read }
}

impl BundleSet {
    /// Reads the bundles at these paths; one that is named twice counts once.
    ///
    /// Errors: each that cannot be read, and roots that overlap.
    pub(crate) fn load(paths: &[String], options: &BundleLoadOptions) -> Result<Self, Vec<Report>> {
        let mut paths = paths.to_vec();
        paths.sort();
        paths.dedup();
        let (mut bundles, mut errors) = (Vec::new(), Vec::new());
        for path in paths {
            match load_bundle(&path, options) {
                Ok(bundle) if bundle.is_delta() => {
                    let cause = LoadCause::Unsupported("a delta bundle changes data, and has none");
                    errors.push(LoadError { path, cause });
                }
                Ok(bundle) => bundles.push((path, bundle)),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(report::of_load_errors(&LoadErrors(errors)));
        }
        let manifests: Vec<(&str, &Manifest)> =
            bundles.iter().map(|(path, bundle)| (path.as_str(), &bundle.manifest)).collect();
        match overlaps(&manifests) {
            Some(overlaps) => Err(vec![Report::plain(&overlaps)]),
            None => Ok(Self { bundles }),
        }
    }

    /// Returns the bundles, by path.
    pub(crate) fn into_inner(self) -> Vec<(String, Bundle)> {
        self.bundles
    }

    /// Returns the data of all with `base`, and their manifests where activated bundles have them,
    /// below `system.bundles`.
    ///
    /// Errors: documents that disagree.
    pub(crate) fn data(&self, base: Value) -> Result<Value, Vec<Report>> {
        let mut data = base;
        for (path, bundle) in &self.bundles {
            let manifest = Value::object_from_strs([("manifest", bundle.manifest.to_value())]);
            let system = ["bundles", "system"].into_iter().fold(
                Value::object(vec![(Value::from(path.as_str()), manifest)]),
                |value, key| Value::object_from_strs([(key, value)]),
            );
            for document in [&bundle.data, &system] {
                data = merge_documents(&data, document).map_err(|at| {
                    let cause = LoadCause::Conflict(at);
                    report::of_load_errors(&LoadErrors(vec![LoadError {
                        path: path.clone(),
                        cause,
                    }]))
                })?;
            }
        }
        Ok(data)
    }

    /// Adds the modules of all; those without a grammar of their own have `otherwise`.
    pub(crate) fn add_modules(&self, compiler: Compiler, otherwise: RegoVersion) -> Compiler {
        let modules = self.bundles.iter().flat_map(|(_, bundle)| &bundle.modules);
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
        let modules = self.bundles.iter().flat_map(|(_, bundle)| {
            bundle.modules.iter().map(move |module| (module, &bundle.manifest))
        });
        let outside = |((module, manifest), package): ((_, &Manifest), &Vec<String>)| {
            let module: &portcullis_bundle::BundleModule = module;
            manifest.check_module_root(package, &module.id).err()
        };
        let errors: Vec<BundleError> = modules.zip(packages).filter_map(outside).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors.iter().map(Report::plain).collect()) }
    }
}
