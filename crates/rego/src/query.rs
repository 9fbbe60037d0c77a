//! A prepared query and its evaluation.

use std::sync::Arc;

use rego_analysis::{Print, QuerySource, analyse_query};
use rego_program::{FunctionId, QueryProgram, extend};
use rego_source::{Position, SourceFile, Sources};
use rego_syntax::ast::{Import, RegoVersion as Grammar};
use rego_syntax::{ParseOptions, parse_module, parse_query};
use rego_value::Value;
use rego_vm::{Builtin, BuiltinErrors, Failure, Host, Recorder, Setting, Tracer, Usage};

use crate::builtins;
use crate::capabilities::Capabilities;
use crate::compiler::{Policy, QueryOptions, RegoVersion, analysis_options, internal};
use crate::errors::{Errors, EvalError};

/// How much one evaluation may use. Crossing a bound is an error, never a crash.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Most steps: loop turns, calls, and work inside builtins.
    pub steps_max: u64,
    /// Most bytes of results made on the way.
    pub bytes_max: u64,
    /// Deepest nesting of rule and function calls.
    pub depth_max: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps_max: 1_000_000_000, bytes_max: 4 << 30, depth_max: 100_000 }
    }
}

/// How to evaluate.
#[derive(Clone, Copy)]
pub struct EvalOptions<'h> {
    /// Whether an error in a builtin ends evaluation, instead of making the call undefined.
    pub strict_builtin_errors: bool,
    /// How much it may use.
    pub budget: Budget,
    /// The world outside.
    pub host: &'h dyn Host,
    /// Takes down what the nondeterministic builtins answer, where wanted: one recorder for each
    /// evaluation, read after it, also where it ended in an error.
    pub recorder: Option<&'h Recorder>,
    /// Is told what happens; only of a policy lowered for that ([`crate::Policy::lowered`]).
    pub tracer: Option<&'h dyn Tracer>,
    /// Takes down the errors of builtins that made a call undefined, where wanted.
    pub builtin_errors: Option<&'h BuiltinErrors>,
    /// Whether the value of a rule is kept for the rest of the evaluation. Without, results are
    /// the same, and slow.
    pub memo: bool,
    /// Whether the values of rules that depend on data alone, neither on input nor on the world, are
    /// kept for later evaluations over that data. Without, results are the same.
    pub keep: bool,
    /// Adds up what evaluations use, where wanted.
    pub usage: Option<&'h Usage>,
}

impl Default for EvalOptions<'_> {
    fn default() -> Self {
        Self {
            strict_builtin_errors: false,
            budget: Budget::default(),
            host: &crate::IdleHost,
            recorder: None,
            tracer: None,
            builtin_errors: None,
            memo: true,
            keep: true,
            usage: None,
        }
    }
}

/// The solutions of a query; none means undefined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultSet {
    /// One a solution.
    pub rows: Vec<Row>,
}

/// One solution.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The value of each statement, in the order of the text.
    pub expressions: Vec<ExpressionValue>,
    /// The named variables, in order of appearance.
    pub bindings: Vec<(Arc<str>, Value)>,
}

/// The value of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpressionValue {
    /// The value; `true` for a statement that has none of its own (`x = 1`, `not p`).
    pub value: Value,
    /// The text of the statement.
    pub text: Arc<str>,
    /// Where it stands in the query.
    pub position: Position,
}

/// A query prepared against a policy. Cheap to clone; evaluates from any number of threads.
#[derive(Clone, Debug)]
pub struct Query {
    prepared: Arc<Prepared>,
    policy: Policy,
}

struct Prepared {
    query: QueryProgram,
    builtins: Vec<Builtin>,
    arith: [Builtin; 3],
    positions: Vec<Position>,
    v0: bool,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("layout", &self.query.layout).finish_non_exhaustive()
    }
}

/// Resolves a query against a policy; the sources are those that its locations point into.
pub(crate) fn analysed(
    policy: &Policy,
    text: &str,
    options: &QueryOptions,
) -> Result<(rego_analysis::tree::Query, Sources), Errors> {
    let compiled = &policy.compiled;
    let mut sources = compiled.resolved.sources.clone();
    let source = sources.add(Arc::new(SourceFile::new("", text)));
    let version = grammar_of(options);
    let mut parse = ParseOptions { version, ..ParseOptions::default() };
    let known = compiled.capabilities.as_deref();
    match known.map(|known| known.grammar(version)) {
        Some(Ok(features)) => parse.features = features,
        Some(Err(error)) => return Err(Errors { diagnostics: vec![*error], sources }),
        None => {}
    }
    let (body, found) = parse_query(source, text, &parse);
    if !found.is_empty() {
        return Err(Errors { diagnostics: found, sources });
    }
    let around = surroundings(options, &mut sources)?;
    let query = QuerySource {
        source,
        body: &body,
        text,
        version,
        package: around.package.as_deref(),
        imports: &around.imports,
    };
    let analysis = rego_analysis::Options {
        strict: options.strict,
        allowed_builtins: known.map(Capabilities::names),
        print: if options.print { Print::Keep } else { Print::Erase },
        unsafe_builtins: options.unsafe_builtins,
        ..analysis_options()
    };
    let resolved = &compiled.resolved;
    let query = analyse_query(resolved, query, &sources, &analysis)
        .map_err(|diagnostics| Errors { diagnostics, sources: sources.clone() })?;
    Ok((query, sources))
}

fn grammar_of(options: &QueryOptions) -> Grammar {
    match options.version {
        RegoVersion::V0 => Grammar::V0,
        RegoVersion::V1 | RegoVersion::Auto => Grammar::V1,
    }
}

/// Compiles a query against a policy.
pub(crate) fn prepare(
    policy: &Policy,
    text: &str,
    options: &QueryOptions,
) -> Result<Query, Errors> {
    let compiled = &policy.compiled;
    let (query, sources) = analysed(policy, text, options)?;
    let query = extend(&compiled.program, &compiled.resolved, &query, sources.clone())
        .map_err(|error| internal(&error, &sources))?;
    link(query, policy, grammar_of(options))
        .ok_or_else(|| Errors { diagnostics: Vec::new(), sources })
}

/// The package and the imports that a query sees.
#[derive(Default)]
struct Surroundings {
    package: Option<Vec<Value>>,
    imports: Vec<Import>,
}

/// Reads them as a module would say them.
fn surroundings(options: &QueryOptions, sources: &mut Sources) -> Result<Surroundings, Errors> {
    if options.package.is_none() && options.imports.is_empty() {
        return Ok(Surroundings::default());
    }
    let package = options.package.as_deref().map(|name| name.strip_prefix("data.").unwrap_or(name));
    let imports: String = options.imports.iter().map(|path| format!("import {path}\n")).collect();
    let text = format!("package {}\n{imports}", package.unwrap_or("query"));
    let source = sources.add(Arc::new(SourceFile::new("", text.clone())));
    let (module, found) = parse_module(source, &text, &ParseOptions::default());
    if !found.is_empty() {
        return Err(Errors { diagnostics: found, sources: sources.clone() });
    }
    let path = module.package.path.iter().map(|name| Value::from(&*name.text)).collect();
    Ok(Surroundings { package: package.map(|_| path), imports: module.imports })
}

/// Finds the bodies of the builtins that a program calls. All declarations come from the same
/// table, so none is missing.
fn link(query: QueryProgram, policy: &Policy, version: Grammar) -> Option<Query> {
    let find = |name: &str| builtins::find(name).copied();
    let builtins = query.program.builtins.iter().map(|name| find(name)).collect::<Option<_>>()?;
    let place = |(location, _): &(rego_source::Location, _)| {
        let resolved = query.program.sources.resolve(*location);
        resolved.map_or(Position { row: 1, col: 1 }, |(_, position)| position)
    };
    let positions = query.layout.expressions.iter().map(place).collect();
    let arith = [find("plus")?, find("minus")?, find("mul")?];
    let v0 = version == Grammar::V0;
    let prepared = Prepared { query, builtins, arith, positions, v0 };
    Some(Query { prepared: Arc::new(prepared), policy: policy.clone() })
}

impl Query {
    /// Returns the same query over the data of `policy`, which must have the program that this was
    /// prepared against ([`Policy::with_data`]).
    #[must_use]
    pub fn over(&self, policy: &Policy) -> Query {
        Query { prepared: Arc::clone(&self.prepared), policy: policy.clone() }
    }

    /// Returns all solutions for this input (`None`: `input` is undefined).
    ///
    /// Errors: a conflict, a builtin error where strict, a crossed budget, a cancelled caller.
    pub fn eval(
        &self,
        input: Option<&Value>,
        options: &EvalOptions<'_>,
    ) -> Result<ResultSet, EvalError> {
        let rows = self.run(self.prepared.query.rows, input, options)?;
        let rows = rows.as_ref().and_then(Value::as_array).unwrap_or_default();
        Ok(ResultSet { rows: rows.iter().map(|row| self.row(row)).collect() })
    }

    /// Returns the value of a query that is one reference (`data.a.b`), or nothing where it is
    /// undefined: what a gate asks. The value of the first statement of the first solution.
    ///
    /// Errors: as for [`Query::eval`].
    pub fn value(
        &self,
        input: Option<&Value>,
        options: &EvalOptions<'_>,
    ) -> Result<Option<Value>, EvalError> {
        self.run(self.prepared.query.first, input, options)
    }

    fn row(&self, row: &Value) -> Row {
        let layout = &self.prepared.query.layout;
        let values = row.as_array().unwrap_or_default();
        let (expressions, bindings) =
            values.split_at_checked(layout.expressions.len()).unwrap_or_default();
        let expression = |(((_, text), position), value): ((&(_, Arc<str>), &Position), &Value)| {
            ExpressionValue { value: value.clone(), text: text.clone(), position: *position }
        };
        let places = layout.expressions.iter().zip(&self.prepared.positions);
        Row {
            expressions: places.zip(expressions).map(expression).collect(),
            bindings: layout.bindings.iter().cloned().zip(bindings.iter().cloned()).collect(),
        }
    }

    fn run(
        &self,
        function: FunctionId,
        input: Option<&Value>,
        options: &EvalOptions<'_>,
    ) -> Result<Option<Value>, EvalError> {
        let Budget { steps_max, bytes_max, depth_max } = options.budget;
        let setting = Setting {
            builtins: &self.prepared.builtins,
            arith: &self.prepared.arith,
            data: &self.policy.data,
            input,
            host: options.host,
            budget: rego_vm::Budget { steps_max, bytes_max, depth_max },
            strict_builtin_errors: options.strict_builtin_errors,
            recorder: options.recorder,
            tracer: options.tracer,
            errors: options.builtin_errors,
            memo: options.memo,
            fixed: self.keeps(options).then(|| self.policy.fixed()),
            usage: options.usage,
            allow_net: self.policy.compiled.allow_net.as_deref(),
            v0: self.prepared.v0,
        };
        let run = rego_vm::run(&self.prepared.query.program, function, &setting);
        run.map_err(|failure| self.error(failure))
    }

    /// Whether an evaluation may use what others over the same data have worked out. One that is traced
    /// must show everything, and builtins answer queries of v0 in another way.
    fn keeps(&self, options: &EvalOptions<'_>) -> bool {
        options.keep && options.memo && options.tracer.is_none() && !self.prepared.v0
    }

    /// Returns the errors of builtins that were taken down in an evaluation of this query.
    pub fn errors_of(&self, errors: &BuiltinErrors) -> Vec<EvalError> {
        errors.to_list().into_iter().map(|failure| self.error(failure)).collect()
    }

    /// Returns the texts that locations of its events and errors point into.
    pub fn sources(&self) -> &Sources {
        &self.prepared.query.program.sources
    }

    fn error(&self, failure: Failure) -> EvalError {
        let resolved = self.prepared.query.program.sources.resolve(failure.location);
        EvalError {
            code: failure.kind.code(),
            message: failure.message,
            location: Some(failure.location),
            place: resolved.map(|(file, position)| (file.to_string(), position)),
        }
    }
}
