//! The query, evaluated by the engine.

use std::io;
use std::time::Instant;

use portcullis_service::host::{SystemHost, runtime_document};
use portcullis_service::load::{self, LoadOptions};
use rego::{Annotations, Compiler, EvalOptions, Query, QueryOptions, RegoVersion, Usage, Value};

use super::histogram::Histograms;
use super::{Args, Failed};
use crate::bundles::{BundleSet, BundleSource, trusting_options};
use crate::command::version;
use crate::measure::{self, Measured, Try};
use crate::network::network;
use crate::report;
use crate::schemas;

/// The metric that OPA has for an evaluation.
const TIMER: &str = "timer_rego_query_eval_ns";

/// Measures the query as often as asked for.
pub(super) fn measure(
    args: &Args,
    query: &str,
    input: Option<&Value>,
    show: &mut dyn FnMut(&Measured) -> io::Result<()>,
) -> Result<(), Failed> {
    let query = prepare(args, query)?;
    let host = SystemHost::new()
        .with_network(network())
        .with_runtime(runtime_document(env!("CARGO_PKG_VERSION"), version::commit()));
    let usage = Usage::default();
    let options = EvalOptions { host: &host, usage: Some(&usage), ..EvalOptions::default() };
    for _ in 0..args.count {
        let mut histograms = Histograms::default();
        let measured = measure::measure(&usage, |which| {
            if which == Try::First {
                histograms.clear();
            }
            let start = Instant::now();
            let result = query.eval(input, &options);
            let elapsed = start.elapsed();
            let result = result.map_err(|error| vec![report::of_eval_error(&error)])?;
            if result.rows.is_empty() && args.fail {
                return Err(Failed::plain(&"undefined result"));
            }
            if args.metrics {
                let ns = i64::try_from(elapsed.as_nanos()).unwrap_or(i64::MAX);
                histograms.add(TIMER, ns);
            }
            Ok(())
        })?;
        show(&histograms.add_to(measured))?;
    }
    Ok(())
}

fn prepare(args: &Args, query: &str) -> Result<Query, Failed> {
    let version = if args.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 };
    let load_options = LoadOptions { ignore: args.ignore.clone(), modules_only: false };
    let loaded =
        load::load(&args.data, &load_options).map_err(|errors| report::of_load_errors(&errors))?;
    let sources = BundleSource::of_paths(&args.bundle, &trusting_options(&args.ignore));
    let bundles = BundleSet::load(sources)?;
    let files_len = loaded.modules.len();
    let compiler = Compiler::new()
        .data(bundles.data(loaded.data)?)
        .rego_version(version)
        .annotations(Annotations::Check)
        .without_print();
    let compiler = match &args.schema {
        Some(path) => compiler.schemas(schemas::load(path)?),
        None => compiler,
    };
    let compiler = loaded.modules.into_iter().fold(compiler, |compiler, (name, text)| {
        let version = loaded.versions.get(&name).copied().unwrap_or(version);
        compiler.module_of(name, text, version)
    });
    let compiler = bundles.add_modules(compiler, version);
    let policy = compiler.compile().map_err(|errors| report::of_errors(&errors))?;
    bundles.check_roots(policy.packages().get(files_len..).unwrap_or_default())?;
    let options = QueryOptions {
        package: args.package.clone(),
        imports: args.import.clone(),
        version,
        ..QueryOptions::default()
    };
    let query = policy.prepare_with(query, &options);
    Ok(query.map_err(|errors| report::of_errors(&errors))?)
}
