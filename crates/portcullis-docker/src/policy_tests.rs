//! Runs the tests of a policy: rules whose names begin with `test_`, in its own modules and in those
//! beside it.
//!
//! Must not know: how results are shown; what a test is (`rego::testing`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_service::files::PolicyFiles;
use portcullis_service::host::{SystemHost, runtime_document};
use portcullis_service::load::LoadErrors;
use portcullis_service::snapshot::SnapshotError;
use portcullis_service::source::PolicySource;
use portcullis_service::state::State;
use rego::testing::{Outcome, Test, TestLog, Verdict};
use rego::{Compiler, Errors, EvalOptions, Policy};

use crate::cli::{ArgumentError, DockerAuthzArgs};
use crate::lint::findings;

/// Longest time of one test.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a policy is not fit to be used.
#[derive(Debug)]
pub enum CheckError {
    /// Arguments that make no sense.
    Arguments(ArgumentError),
    /// Modules or queries that do not compile, files that cannot be read.
    Policy(SnapshotError),
    /// Tests that cannot be read.
    Load(LoadErrors),
    /// Tests that do not compile.
    Tests(Errors),
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(error) => error.fmt(f),
            Self::Policy(error) => write!(f, "cannot load the policy: {error}"),
            Self::Load(error) => write!(f, "cannot load the tests: {error}"),
            Self::Tests(errors) => write!(f, "the tests do not compile: {errors}"),
        }
    }
}

impl std::error::Error for CheckError {}

/// What a test came to.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// Its name, `data.a.test_x`.
    pub name: String,
    /// Where it stands: file and row.
    pub place: (String, u32),
    /// Whether it holds.
    pub verdict: Verdict,
    /// What it printed.
    pub output: String,
}

/// What was found in a policy that compiles.
#[derive(Debug)]
pub struct Checked {
    /// Likely mistakes, a line each.
    pub findings: Vec<String>,
    /// What the compiler accepts, and warns of.
    pub warnings: Vec<String>,
    /// Tests, in the order of their places.
    pub tests: Vec<TestResult>,
}

/// Compiles the policy that these arguments ask for, looks for likely mistakes, and runs its tests;
/// those in `tests` (files and directories), too.
///
/// Errors: what does not compile or cannot be read.
pub fn check(args: &DockerAuthzArgs, tests: &[String]) -> Result<Checked, CheckError> {
    let options = args.to_options().map_err(CheckError::Arguments)?;
    let source = options.source.clone();
    let queries = options.gate.question.queries();
    let files = PolicyFiles::open(options.source, queries).map_err(CheckError::Policy)?;
    let snapshot = files.store().snapshot();
    let beside = PolicySource { paths: tests.to_vec(), ..PolicySource::default() };
    let beside = beside.state().map_err(CheckError::Load)?;
    let policy = compile(&source, snapshot.state(), &beside).map_err(CheckError::Tests)?;
    let mut found = policy.tests();
    found.sort_by(|a, b| (&a.file, a.position).cmp(&(&b.file, b.position)));
    Ok(Checked {
        findings: findings(&snapshot),
        warnings: snapshot.warnings(),
        tests: found.iter().map(|test| run(test, &policy)).collect(),
    })
}

/// Compiles the policy once more, with its tests and with what stands beside it.
fn compile(source: &PolicySource, own: &State, beside: &State) -> Result<Policy, Errors> {
    let modules: BTreeMap<_, _> = beside.modules.iter().chain(&own.modules).collect();
    let compiler = Compiler::new()
        .data(own.data.clone())
        .rego_version(source.rego_version)
        .annotations(source.annotations)
        .with_tests();
    let compiler = modules.values().fold(compiler, |compiler, record| {
        let version = record.version.unwrap_or(source.rego_version);
        compiler.module_of(record.file.as_str(), &*record.text, version)
    });
    compiler.compile()
}

fn run(test: &Test, policy: &Policy) -> TestResult {
    let outcome = if test.skipped {
        Outcome::skipped()
    } else {
        match test.prepare(policy) {
            Err(error) => Outcome::errored(error),
            Ok(prepared) => {
                let log = Arc::new(TestLog::default());
                let (lines, cases) = (Arc::clone(&log), Arc::clone(&log));
                let host = SystemHost::new()
                    .with_runtime(runtime_document(env!("CARGO_PKG_VERSION"), ""))
                    .with_deadline(Some(Instant::now() + TEST_TIMEOUT))
                    .with_print(move |_place, line| lines.print(line))
                    .with_test_case(move |name| cases.test_case(name));
                prepared.run(&EvalOptions { host: &host, ..EvalOptions::default() }, &log)
            }
        }
    };
    TestResult {
        name: test.full_name(),
        place: (test.file.clone(), test.position.row),
        verdict: outcome.verdict,
        output: outcome.output,
    }
}
