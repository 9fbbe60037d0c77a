//! Why a run ends without an answer.

use rego_source::Location;

use crate::builtin::Halt;

/// Why a run ends without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// What went wrong.
    pub message: String,
    /// Where.
    pub location: Location,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Two values where one is allowed.
    Conflict,
    /// A builtin's operand has the wrong type (where strict).
    Type,
    /// A builtin failed (where strict).
    Builtin,
    /// `with` cannot put a value below one that is not an object.
    WithMerge,
    /// A budget is crossed.
    Halt(Halt),
    /// The program is not as it should be: a bug of ours.
    Internal,
}

impl FailureKind {
    /// Returns OPA's code for it. A crossed budget other than the deadline has one of ours.
    pub fn code(self) -> &'static str {
        match self {
            FailureKind::Conflict => "eval_conflict_error",
            FailureKind::Type => "eval_type_error",
            FailureKind::Builtin => "eval_builtin_error",
            FailureKind::WithMerge => "eval_with_merge_error",
            FailureKind::Halt(Halt::Deadline) => "eval_cancel_error",
            FailureKind::Halt(_) => "eval_budget_error",
            FailureKind::Internal => "eval_internal_error",
        }
    }
}

/// The result of a part of a run.
pub(crate) type Run<T> = Result<T, Box<Failure>>;
