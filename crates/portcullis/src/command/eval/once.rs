//! Load, compile, prepare, evaluate: once, with a timer for each.

use std::io::Write;
use std::time::Instant;

use portcullis_service::host::{SystemHost, runtime_document};
use portcullis_service::load::{self, LoadOptions};
use rego::{Annotations, Compiler, EvalOptions, QueryOptions, RegoVersion, Row, Value};

use super::Args;
use super::format::Output;
use super::metrics::Timers;
use crate::bundles::{BundleSet, BundleSource, trusting_options};
use crate::command::version;
use crate::report::{self, Report};

/// Evaluates the query; what goes wrong is part of the output.
pub(super) fn evaluate(
    args: &Args,
    query: &str,
    input: Option<&Value>,
    deadline: Option<Instant>,
) -> Output {
    let mut timers = Timers::default();
    let (rows, errors) = match solve(args, query, input, deadline, &mut timers) {
        Ok(rows) => (rows, Vec::new()),
        Err(errors) => (Vec::new(), errors),
    };
    let timers = if args.metrics { timers } else { Timers::default() };
    Output { rows, errors, timers, aggregates: Vec::new() }
}

fn solve(
    args: &Args,
    query: &str,
    input: Option<&Value>,
    deadline: Option<Instant>,
    timers: &mut Timers,
) -> Result<Vec<Row>, Vec<Report>> {
    let version = if args.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 };
    let load_options = LoadOptions { ignore: args.ignore.clone(), modules_only: false };
    let loaded = timers
        .time("timer_rego_load_files_ns", || load::load(&args.data, &load_options))
        .map_err(|errors| report::of_load_errors(&errors))?;

    let bundles = timers.time("timer_rego_load_bundles_ns", || {
        BundleSet::load(BundleSource::of_paths(&args.bundle, &trusting_options(&args.ignore)))
    })?;
    let files_len = loaded.modules.len();
    let compiler = Compiler::new()
        .data(bundles.data(loaded.data)?)
        .rego_version(version)
        .annotations(Annotations::Check)
        .strict(args.strict);
    let compiler = loaded.modules.into_iter().fold(compiler, |compiler, (name, text)| {
        let version = loaded.versions.get(&name).copied().unwrap_or(version);
        compiler.module_of(name, text, version)
    });
    let compiler = bundles.add_modules(compiler, version);
    let policy = timers
        .time("timer_rego_module_compile_ns", || compiler.compile())
        .map_err(|errors| report::of_errors(&errors))?;
    bundles.check_roots(policy.packages().get(files_len..).unwrap_or_default())?;

    let options = QueryOptions {
        package: args.package.clone(),
        imports: args.import.clone(),
        version,
        strict: args.strict,
        print: true,
    };
    let prepared = timers
        .time("timer_rego_query_compile_ns", || policy.prepare_with(query, &options))
        .map_err(|errors| report::of_errors(&errors))?;

    let host = host().with_deadline(deadline);
    let options = EvalOptions {
        strict_builtin_errors: args.strict_builtin_errors,
        host: &host,
        ..EvalOptions::default()
    };
    let result = timers.time("timer_rego_query_eval_ns", || prepared.eval(input, &options));
    let rows = result.map_err(|error| vec![report::of_eval_error(&error)])?.rows;
    if rows.iter().any(|row| row.expressions.is_empty()) {
        return Err(vec![Report::plain(&"cannot evaluate empty query")]);
    }
    Ok(rows)
}

fn host() -> SystemHost {
    SystemHost::new()
        .with_runtime(runtime_document(env!("CARGO_PKG_VERSION"), version::commit()))
        // A policy must not fail because nobody reads what it prints.
        .with_print(|_place, line| drop(writeln!(std::io::stderr(), "{line}")))
}
