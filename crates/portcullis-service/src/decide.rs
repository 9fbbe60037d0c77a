//! One decision: input in, outcome out. Always ends, never panics.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rego::{Budget, EvalError, EvalOptions, Recorder, Value};

use crate::host::SystemHost;
use crate::store::Current;

/// What a decision came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The document has this value.
    Defined(Value),
    /// The document is undefined.
    Undefined,
    /// There is no answer.
    Failed(Failure),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No policy may be used: why.
    Unavailable(String),
    /// Evaluation took longer than it may.
    Deadline(Duration),
    /// Evaluation used more than it may: of what.
    Budget(String),
    /// The policy contradicts itself, or a builtin failed.
    Evaluation(EvalError),
    /// Something is wrong with us: what.
    Internal(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(reason) => write!(f, "no policy in force: {reason}"),
            Self::Deadline(limit) => {
                write!(f, "policy evaluation exceeded its deadline of {} ms", limit.as_millis())
            }
            Self::Budget(what) => write!(f, "policy evaluation exceeded its budget: {what}"),
            Self::Evaluation(error) => write!(f, "policy evaluation failed: {error}"),
            Self::Internal(message) => write!(f, "internal error: {message}"),
        }
    }
}

/// How much one decision may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest time for one evaluation.
    pub timeout: Duration,
    /// Most steps, bytes and nested calls.
    pub budget: Budget,
}

/// Longest evaluation unless configured otherwise. Ours; the daemon itself waits much longer.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);

/// Most steps of one decision. Ours: some seconds of work, where a usual policy needs thousands.
pub const STEPS_MAX: u64 = 200_000_000;

/// Most bytes of results on the way to one decision.
pub const RESULT_BYTES_MAX: u64 = 256 << 20;

/// Deepest nesting of calls of one decision.
pub const DEPTH_MAX: u32 = 10_000;

impl Default for Limits {
    fn default() -> Self {
        let budget =
            Budget { steps_max: STEPS_MAX, bytes_max: RESULT_BYTES_MAX, depth_max: DEPTH_MAX };
        Self { timeout: TIMEOUT_DEFAULT, budget }
    }
}

/// What decisions are made with.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// How much one decision may use.
    pub limits: &'a Limits,
    /// What a policy may ask of the world.
    pub host: &'a SystemHost,
    /// Takes down what the nondeterministic builtins answer, where wanted.
    pub recorder: Option<&'a Recorder>,
}

/// Returns what the prepared query `index` of the policy in force says about `input`.
pub fn decide(current: &Current, index: usize, input: &Value, means: Means<'_>) -> Outcome {
    if let Some(reason) = &current.unavailable {
        return Outcome::Failed(Failure::Unavailable(reason.clone()));
    }
    let Some(query) = current.snapshot.query(index) else {
        return Outcome::Failed(Failure::Internal("no such query".to_string()));
    };
    let run = |options: &EvalOptions<'_>| {
        query.value(Some(input), &EvalOptions { recorder: means.recorder, ..*options })
    };
    match evaluate(means.limits, means.host, run) {
        Ok(Some(value)) => Outcome::Defined(value),
        Ok(None) => Outcome::Undefined,
        Err(failure) => Outcome::Failed(failure),
    }
}

/// Runs an evaluation within limits, and with a deadline that begins now. Always ends, never
/// panics.
///
/// Errors: why there is no answer.
pub fn evaluate<T>(
    limits: &Limits,
    host: &SystemHost,
    run: impl FnOnce(&EvalOptions<'_>) -> Result<T, EvalError>,
) -> Result<T, Failure> {
    let host = host.clone().with_deadline(Some(Instant::now() + limits.timeout));
    let options = EvalOptions { budget: limits.budget, host: &host, ..EvalOptions::default() };
    // A panic is a bug of ours. It must refuse this request and no other.
    match catch_unwind(AssertUnwindSafe(|| run(&options))) {
        Ok(answer) => answer.map_err(|error| failure(error, limits)),
        Err(_) => Err(Failure::Internal("evaluation panicked".to_string())),
    }
}

fn failure(error: EvalError, limits: &Limits) -> Failure {
    match error.code {
        "eval_cancel_error" => Failure::Deadline(limits.timeout),
        "eval_budget_error" => Failure::Budget(error.message),
        "eval_internal_error" => Failure::Internal(error.to_string()),
        _ => Failure::Evaluation(error),
    }
}
