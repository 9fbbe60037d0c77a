//! What the paths hold, read and compiled.

use portcullis_service::load::{self, LoadOptions};
use rego::{Annotations, Compiler, Lowering, Policy, RegoVersion, Value};

use super::Args;
use crate::bundles::{BundleSet, BundleSource, trusting_options};
use crate::report::{self, Report};
use crate::schemas;

/// Modules and data.
#[derive(PartialEq)]
pub(super) struct Sources {
    modules: Vec<(String, String, RegoVersion)>,
    data: Value,
}

impl Sources {
    /// Reads the paths.
    ///
    /// Errors: each file that cannot be read.
    pub(super) fn load(args: &Args) -> Result<Self, Vec<Report>> {
        let version = if args.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 };
        if args.bundle {
            let options = trusting_options(&args.ignore);
            let bundles = BundleSet::load(BundleSource::of_paths(&args.paths, &options))?;
            let data = bundles.data(Value::object(Vec::new()))?;
            let modules = bundles.into_inner().into_values().flat_map(|bundle| bundle.modules);
            let module = |module: portcullis_bundle::BundleModule| {
                (module.id, module.text, module.rego_version.unwrap_or(version))
            };
            return Ok(Self { modules: modules.map(module).collect(), data });
        }
        let options = LoadOptions { ignore: args.ignore.clone(), modules_only: false };
        let loaded =
            load::load(&args.paths, &options).map_err(|errors| report::of_load_errors(&errors))?;
        let modules = loaded.modules.into_iter().map(|(name, text)| {
            let version = loaded.versions.get(&name).copied().unwrap_or(version);
            (name, text, version)
        });
        Ok(Self { modules: modules.collect(), data: loaded.data })
    }

    /// Compiles them with their tests.
    ///
    /// Errors: what is wrong with the modules.
    pub(super) fn compile(&self, args: &Args) -> Result<Policy, Vec<Report>> {
        let compiler = Compiler::new()
            .data(self.data.clone())
            .annotations(Annotations::Check)
            .errors_max(if args.max_errors == 0 { usize::MAX } else { args.max_errors })
            .lowering(Lowering { trace: args.traces() || args.coverage(), ..Lowering::default() })
            .with_tests();
        let compiler = match &args.schema {
            Some(path) => compiler.schemas(schemas::load(path)?),
            None => compiler,
        };
        let compiler = args.capabilities.apply(compiler)?;
        let compiler = if args.bench { compiler.without_print() } else { compiler };
        let modules = self.modules.iter();
        let compiler = modules.fold(compiler, |compiler, (name, text, version)| {
            compiler.module_of(name.as_str(), text.as_str(), *version)
        });
        compiler.compile().map_err(|errors| report::of_errors(&errors))
    }
}
