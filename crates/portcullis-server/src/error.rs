//! Errors as clients read them: OPA's codes, statuses and JSON.
//!
//! Source: OPA documentation, "REST API", errors; `v1/server/types/types.go`, `v1/server/writer`.

use portcullis_service::decide::Failure;
use portcullis_service::store::WriteError;
use rego::{Errors, Value};

/// What a request is refused with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub(crate) status: u16,
    /// OPA's code.
    pub(crate) code: &'static str,
    /// What is wrong.
    pub(crate) message: String,
    /// The single faults, as OPA's objects.
    pub(crate) errors: Vec<Value>,
}

/// OPA's message for modules that do not compile.
pub(crate) const COMPILING_MODULES: &str = "error(s) occurred while compiling module(s)";

/// OPA's message for evaluation that fails.
pub(crate) const EVALUATING: &str = "error(s) occurred while evaluating query";

impl ApiError {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), errors: Vec::new() }
    }

    /// The client's mistake.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_parameter", message)
    }

    /// Something is wrong with the policy or with us.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "internal_error", message)
    }

    /// The client may not.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(401, "unauthorized", message)
    }

    /// Nothing is there.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "resource_not_found", message)
    }

    /// The document that is to be the whole answer is undefined.
    pub(crate) fn undefined(message: impl Into<String>) -> Self {
        Self::new(404, "undefined_document", message)
    }

    /// A part of the API that is not there yet.
    pub(crate) fn not_implemented(message: impl Into<String>) -> Self {
        Self::new(501, "invalid_operation", message)
    }

    /// Modules or a query that do not compile.
    pub(crate) fn compile(message: &str, errors: &Errors) -> Self {
        Self { errors: errors.to_values(), ..Self::invalid(message) }
    }

    /// Returns OPA's JSON.
    pub(crate) fn to_value(&self) -> Value {
        let mut entries = vec![
            (Value::from("code"), Value::from(self.code)),
            (Value::from("message"), Value::from(self.message.as_str())),
        ];
        if !self.errors.is_empty() {
            entries.push((Value::from("errors"), Value::array(self.errors.clone())));
        }
        Value::object(entries)
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Evaluation(error) => {
                Self { errors: vec![error.to_value()], ..Self::internal(EVALUATING) }
            }
            Failure::Deadline(_) => Self {
                errors: vec![Value::object_from_strs([
                    ("code", Value::from("eval_cancel_error")),
                    ("message", Value::from(failure.to_string())),
                ])],
                ..Self::internal(EVALUATING)
            },
            Failure::Budget(_) => Self {
                errors: vec![Value::object_from_strs([
                    ("code", Value::from("eval_budget_error")),
                    ("message", Value::from(failure.to_string())),
                ])],
                ..Self::internal(EVALUATING)
            },
            Failure::Unavailable(_) | Failure::Internal(_) => Self::internal(failure.to_string()),
        }
    }
}

impl From<WriteError> for ApiError {
    fn from(error: WriteError) -> Self {
        match &error {
            WriteError::NotFound(_) => Self::not_found(error.to_string()),
            WriteError::Conflict(_) => Self::new(404, "resource_conflict", error.to_string()),
            WriteError::InvalidPatch(_) | WriteError::Owned(_) | WriteError::Refused(_) => {
                Self::invalid(error.to_string())
            }
            WriteError::Compile(errors) | WriteError::Query(_, errors) => {
                Self::compile(COMPILING_MODULES, errors)
            }
            WriteError::Disk(_) | WriteError::Internal(_) => Self::internal(error.to_string()),
        }
    }
}
