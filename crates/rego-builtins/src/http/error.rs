//! Why `http.send` has no answer, and how that is told: as an error of the call, or as its result.
//!
//! Must not know: what was asked.

use rego_value::Value;
use rego_vm::{BuiltinError, Context, Halt};

use crate::gofmt;

/// Why there is no answer. The kinds differ in how OPA words them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SendError {
    /// Evaluation must stop.
    Halt(Halt),
    /// The operand is not what it must be.
    Operand(String),
    /// Something in the request, or in the answer's body, is wrong.
    Failed(String),
    /// As [`SendError::Failed`], but OPA leaves the place out where the error is the result.
    Plain(String),
    /// There was no answer.
    Network(NetworkError),
}

/// What went wrong between us and the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NetworkError {
    /// The method of the first request.
    pub(super) method: String,
    /// The address, without a password.
    pub(super) url: String,
    pub(super) reason: String,
    pub(super) is_timeout: bool,
}

/// What a step of `http.send` returns.
pub(super) type Sent<T> = Result<T, SendError>;

impl From<BuiltinError> for SendError {
    fn from(error: BuiltinError) -> Self {
        match error.worded() {
            BuiltinError::Halt(halt) => Self::Halt(halt),
            BuiltinError::Type(why) => Self::Operand(why),
            BuiltinError::Failed(why) => Self::Failed(why),
            BuiltinError::Operand(_) | BuiltinError::Undefined => Self::Failed(String::new()),
        }
    }
}

impl SendError {
    /// Returns it as the error of the call.
    pub(super) fn raised(self) -> BuiltinError {
        match self {
            Self::Halt(halt) => BuiltinError::Halt(halt),
            Self::Operand(why) => BuiltinError::Type(why),
            Self::Failed(why) | Self::Plain(why) => BuiltinError::Failed(why),
            Self::Network(error) => BuiltinError::Failed(error.raised()),
        }
    }

    /// Returns it as the result of the call: `{"status_code": 0, "error": {"code": …, "message": …}}`.
    ///
    /// Errors: what must stop evaluation, does.
    pub(super) fn answered(self, context: &Context<'_>) -> Result<Value, BuiltinError> {
        let placed = |code: &str, why: &str| match context.place() {
            place if place.is_empty() => format!("{code}: http.send: {why}"),
            place => format!("{place}: {code}: http.send: {why}"),
        };
        let internal = "eval_http_send_internal_error";
        let (code, message) = match self {
            Self::Halt(halt) => return Err(BuiltinError::Halt(halt)),
            Self::Operand(why) => (internal, placed("eval_type_error", &why)),
            Self::Failed(why) => (internal, placed("eval_builtin_error", &why)),
            Self::Plain(why) => (internal, why),
            Self::Network(error) => ("eval_http_send_network_error", error.whole()),
        };
        let error = Value::object_from_strs([
            ("code", Value::from(code)),
            ("message", Value::from(message)),
        ]);
        Ok(Value::object_from_strs([("status_code", Value::from(0)), ("error", error)]))
    }
}

impl NetworkError {
    /// Go names the operation like the method, in another case: `Get`.
    fn operation(&self) -> String {
        let method = if self.method.is_empty() { "GET" } else { &self.method };
        let mut letters = method.chars();
        let first = letters.next().into_iter();
        first.chain(letters.flat_map(char::to_lowercase)).collect()
    }

    fn whole(&self) -> String {
        format!("{} {}: {}", self.operation(), gofmt::quote(&self.url), self.reason)
    }

    /// As an error of the call, OPA says less of a time that is over: what was waited for confuses.
    fn raised(&self) -> String {
        match self.is_timeout {
            true => format!("{} {}: request timed out", self.operation(), self.url),
            false => self.whole(),
        }
    }
}
