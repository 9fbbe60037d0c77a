//! Load, compile, prepare, evaluate: once, with a timer for each.

use std::io::Write;
use std::time::Instant;

use portcullis_service::host::{SystemHost, runtime_document};
use portcullis_service::load::{self, LoadOptions};
use rego::trace::Tracer;
use rego::{
    Annotations, BuiltinErrors, Compiler, EvalOptions, QueryOptions, RegoVersion, Row, Value,
};

use super::Args;
use super::format::Output;
use super::metrics::Timers;
use super::observe::{self, Seen, Watch};
use crate::bundles::{BundleSet, BundleSource, trusting_options};
use crate::command::version;
use crate::network::network;
use crate::report::{self, Report};
use crate::schemas;

/// Evaluates the query; what goes wrong is part of the output.
pub(super) fn evaluate(
    args: &Args,
    query: &str,
    input: Option<&Value>,
    deadline: Option<Instant>,
) -> Output {
    let mut timers = Timers::default();
    let solved = solve(args, query, input, deadline, &mut timers);
    let Solved { rows, errors, seen } =
        solved.unwrap_or_else(|errors| Solved { errors, ..Solved::default() });
    let wanted = args.metrics || args.observe.wants_timers();
    let mut timers = if wanted { timers } else { Timers::default() };
    timers.extend(seen.counters());
    Output { rows, errors, seen, timers, aggregates: Vec::new() }
}

/// What came of it.
#[derive(Default)]
struct Solved {
    rows: Vec<Row>,
    errors: Vec<Report>,
    seen: Seen,
}

fn solve(
    args: &Args,
    query: &str,
    input: Option<&Value>,
    deadline: Option<Instant>,
    timers: &mut Timers,
) -> Result<Solved, Vec<Report>> {
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
        .strict(args.strict)
        .lowering(args.observe.lowering());
    let compiler = match &args.schema {
        Some(path) => compiler.schemas(schemas::load(path)?),
        None => compiler,
    };
    let compiler = if args.format.is_json() { compiler.first_errors_only() } else { compiler };
    let compiler = args.capabilities.apply(compiler)?;
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
        ..QueryOptions::default()
    };
    let prepared = timers
        .time("timer_rego_query_compile_ns", || policy.prepare_with(query, &options))
        .map_err(|errors| report::of_errors(&errors))?;

    let host = host().with_deadline(deadline);
    let clock = observe::clock(Instant::now());
    let watch = Watch::new(&args.observe, &clock);
    let (tracer, builtin_errors) = (watch.tracer(), BuiltinErrors::new());
    let options = EvalOptions {
        strict_builtin_errors: args.strict_builtin_errors,
        host: &host,
        tracer: args.observe.lowering().trace.then_some(&tracer as &dyn Tracer),
        builtin_errors: args.show_builtin_errors.then_some(&builtin_errors),
        ..EvalOptions::default()
    };
    let result = timers.time("timer_rego_query_eval_ns", || prepared.eval(input, &options));
    let seen = watch.seen(&policy, &prepared);
    let mut errors: Vec<Report> =
        prepared.errors_of(&builtin_errors).iter().map(report::of_eval_error).collect();
    let rows = match result {
        Ok(found) => found.rows,
        Err(error) => {
            errors.push(report::of_eval_error(&error));
            return Ok(Solved { rows: Vec::new(), errors, seen });
        }
    };
    if rows.iter().any(|row| row.expressions.is_empty()) {
        return Err(vec![Report::plain(&"cannot evaluate empty query")]);
    }
    Ok(Solved { rows, errors, seen })
}

/// Returns the world that a query sees.
pub(crate) fn host() -> SystemHost {
    SystemHost::new()
        .with_network(network())
        .with_runtime(runtime_document(env!("CARGO_PKG_VERSION"), version::commit()))
        // A policy must not fail because nobody reads what it prints.
        .with_print(|_place, line| drop(writeln!(std::io::stderr(), "{line}")))
}
