//! Tests of policies: which there are, what one of them comes to.
//!
//! Pure: who runs tests gives the host, measures time and shows results. Must not know: threads,
//! clocks, output.
//!
//! Source: OPA documentation, "Policy Testing"; `v1/tester/runner.go`.

mod cases;
mod log;

use std::fmt;

use rego_analysis::{TestForm, TestRule};
use rego_source::{Position, Sources};
use rego_value::Value;

pub use self::cases::{CASE_DEPTH_MAX, Case, Cases, name_of};
pub use self::log::{CASES_MAX, OUTPUT_BYTES_MAX, TestLog};
use crate::compiler::Policy;
use crate::errors::{Errors, EvalError};
use crate::query::{EvalOptions, Query};

/// A test of a policy that was compiled with [`crate::Compiler::with_tests`].
#[derive(Clone, Debug)]
pub struct Test {
    /// Its package: `data.a.b`.
    pub package: String,
    /// Its reference below the package: `test_x`, `a.test_x`, `test_x#01`.
    pub name: String,
    /// The name of its module.
    pub file: String,
    /// Where in the module it stands.
    pub position: Position,
    /// Whether it is only to be counted (`todo_test_…`).
    pub skipped: bool,
    /// Its whole path, as a reference of Rego: `data.p["test_x#01"]`.
    pub reference: String,
    form: TestForm,
    query: String,
}

impl Test {
    fn new(policy: &Policy, rule: &TestRule) -> Self {
        let place = policy.compiled.resolved.sources.resolve(rule.location);
        let (file, position) = place
            .map_or((String::new(), Position { row: 0, col: 0 }), |(file, position)| {
                (file.to_string(), position)
            });
        let (first, rest) = rule.name.split_first().unwrap_or((&Value::NULL, &[]));
        let steps = rule.package.iter().chain(&rule.name);
        Self {
            package: reference("data", &rule.package),
            name: reference(first.as_str().unwrap_or_default(), rest),
            file,
            position,
            skipped: rule.skipped,
            form: rule.form,
            reference: reference("data", &[&rule.package[..], &rule.name[..]].concat()),
            query: steps
                .fold("data".to_string(), |text, step| format!("{text}[{}]", step.to_json())),
        }
    }

    /// Returns its whole name, which filters look at: `data.a.b.test_x`.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.package, self.name)
    }

    /// Prepares it to be run any number of times.
    ///
    /// Errors: what is wrong with asking for it.
    pub fn prepare(&self, policy: &Policy) -> Result<PreparedTest, TestError> {
        // A function has no value unless it is called.
        let query = match self.form {
            TestForm::Function => None,
            TestForm::Plain | TestForm::Cases => {
                Some(policy.prepare(&self.query).map_err(TestError::Compile)?)
            }
        };
        Ok(PreparedTest { query, has_cases: self.form == TestForm::Cases })
    }
}

/// Returns a reference as OPA writes it.
fn reference(root: &str, steps: &[Value]) -> String {
    let is_name = |text: &str| {
        let mut bytes = text.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    steps.iter().fold(root.to_string(), |text, step| match step.as_str() {
        Some(name) if is_name(name) => format!("{text}.{name}"),
        _ => format!("{text}[{}]", step.to_rego()),
    })
}

impl Policy {
    /// Returns the tests, in the order of the modules and, of each, of the text. None unless the
    /// policy was compiled with [`crate::Compiler::with_tests`].
    pub fn tests(&self) -> Vec<Test> {
        self.compiled.tests.iter().map(|rule| Test::new(self, rule)).collect()
    }
}

/// A test that is ready to be run.
#[derive(Clone, Debug)]
pub struct PreparedTest {
    query: Option<Query>,
    has_cases: bool,
}

impl PreparedTest {
    /// Returns the texts that events of its trace point into; nothing where it has none.
    pub fn sources(&self) -> Option<&Sources> {
        self.query.as_ref().map(Query::sources)
    }

    /// Whether it has cases, each of which is to be told to the host.
    pub fn has_cases(&self) -> bool {
        self.has_cases
    }

    /// Runs it. `log` is where the host of `options` puts what is printed and which cases begin:
    /// one for each run.
    pub fn run(&self, options: &EvalOptions<'_>, log: &TestLog) -> Outcome {
        let value = match self.query.as_ref().map(|query| query.value(None, options)) {
            None => Ok(None),
            Some(value) => value,
        };
        let (verdict, cases) = match value {
            Err(error) => (Verdict::Errored(TestError::Eval(error)), Cases::default()),
            Ok(None) => (Verdict::Failed, Cases::default()),
            Ok(Some(value)) if self.has_cases => {
                let cases = Cases::of(&value, &log.cases());
                (Verdict::of(!cases.has_failed()), cases)
            }
            Ok(Some(value)) => (Verdict::of(value == Value::TRUE), Cases::default()),
        };
        Outcome { verdict, cases, output: log.output() }
    }
}

/// What a test came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Whether it holds.
    pub verdict: Verdict,
    /// The same for each of its cases; none where the test has none.
    pub cases: Cases,
    /// What it printed, a line for each call.
    pub output: String,
}

impl Outcome {
    /// Returns the outcome of a test that is not run.
    pub fn skipped() -> Self {
        Self { verdict: Verdict::Skipped, cases: Cases::default(), output: String::new() }
    }

    /// Returns the outcome of a test that cannot be run.
    pub fn errored(error: TestError) -> Self {
        Self { verdict: Verdict::Errored(error), cases: Cases::default(), output: String::new() }
    }
}

/// Whether a test holds.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It does.
    Passed,
    /// It does not: its value is not `true`, or it has none, or a case of it does not hold.
    Failed,
    /// Evaluation ended without an answer.
    Errored(TestError),
    /// It was not asked.
    Skipped,
}

impl Verdict {
    fn of(holds: bool) -> Self {
        if holds { Self::Passed } else { Self::Failed }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum TestError {
    /// The question does not compile.
    Compile(Errors),
    /// Evaluation failed.
    Eval(EvalError),
}

impl fmt::Display for TestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compile(errors) => errors.fmt(f),
            Self::Eval(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TestError {}
