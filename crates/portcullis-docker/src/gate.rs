//! One request through the gate: bytes in, answer out. Every way that is not a plain yes is a no.
//!
//! Joins the rooms: wire, body, mounts, input, the policy in force, verdict, log. Must not know:
//! sockets.

use std::sync::Arc;
use std::time::Instant;

use portcullis_service::decide::{Limits, Means, decide};
use portcullis_service::decision_log::DecisionLog;
use portcullis_service::host::SystemHost;
use portcullis_service::service::Service;
use portcullis_service::store::{Current, Store};
use rego::{Recorder, Value};

pub use crate::backing::Secrets;
use crate::backing::{Backing, Effort, Made};
use crate::event::Decision;
use crate::question::Question;
use crate::verdict::{Verdict, of_allow, of_deny};
use crate::waiting::Waiting;
use crate::wire::{Answer, AuthzRequest};
use crate::{api, body, input, mounts, uri, wire};

/// What is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Logged {
    /// Every decision.
    #[default]
    All,
    /// Refusals.
    Denied,
    /// Nothing.
    Nothing,
}

/// How the gate is set.
#[derive(Clone, Debug)]
pub struct GateOptions {
    /// Which documents decide.
    pub question: Question,
    /// How much one decision may use.
    pub limits: Limits,
    /// Whether the daemon's ping is allowed without asking the policy.
    pub skip_ping: bool,
    /// What is logged.
    pub logged: Logged,
}

/// Decides about requests. Shared between threads.
pub struct Gate {
    backing: Backing,
    options: GateOptions,
}

impl Gate {
    /// Returns a gate over the policy in `store`, whose queries must be those of the question.
    pub fn new(
        store: Arc<Store>,
        host: SystemHost,
        options: GateOptions,
        log: Option<DecisionLog<Decision>>,
    ) -> Self {
        Self { backing: Backing::Files { store, host: Arc::new(host), log }, options }
    }

    /// Returns a gate over the policy of a service, whose store must have the queries of the
    /// question. It refuses until the bundles that are waited for are there, and logs as the
    /// service's configuration says.
    pub fn of_service(
        service: Arc<Service>,
        waiting: Arc<Waiting>,
        options: GateOptions,
        secrets: Secrets,
    ) -> Self {
        Self { backing: Backing::Service { service, waiting, secrets }, options }
    }

    /// Returns the answer to the bytes of an `AuthZPlugin.AuthZReq`. Takes them, since each stage
    /// lets go of what the stage before it made: bodies can be big.
    pub fn authorize(&self, bytes: Vec<u8>) -> Answer {
        let began = Instant::now();
        let weight = bytes.len();
        let decoded = wire::decode(&bytes);
        drop(bytes);
        let mut request = match decoded {
            Ok(request) => request,
            Err(error) => return self.refuse(error.to_string(), Value::NULL, began),
        };
        if self.options.skip_ping && is_ping(&request) {
            return Answer::allowed();
        }
        let input = match input_of(&request, &mounts::resolve) {
            Ok(input) => {
                request.body = Vec::new();
                input
            }
            Err(reason) => return self.refuse(reason, outline(&request), began),
        };
        // All of the answer comes from one policy, and so does its record.
        let current = self.backing.current();
        let (verdict, effort) = self.judge(&current, &input);
        let made = Made { current: &current, input, weight, verdict: &verdict, began, effort };
        self.record(made);
        answer(&verdict)
    }

    /// Returns the answer to a request that cannot be read at all, and logs it.
    pub fn refuse_unread(&self, reason: &str) -> Answer {
        self.refuse(reason.to_string(), Value::NULL, Instant::now())
    }

    fn judge(&self, current: &Current, input: &Value) -> (Verdict, Effort) {
        let began = Instant::now();
        let recorder = self.backing.recorder();
        let host = self.backing.host();
        let means =
            Means { limits: &self.options.limits, host: &host, recorder: recorder.as_ref() };
        let evaluated = Instant::now();
        let question = &self.options.question;
        let ask = |index| decide(current, index, input, means);
        let allow = question.allow().map(|(index, path)| of_allow(&ask(index), path));
        let deny = question.deny().map(|(index, path)| of_deny(&ask(index), path));
        let verdict = match (allow, deny) {
            (Some(allow), Some(deny)) => allow.and(deny),
            (Some(verdict), None) | (None, Some(verdict)) => verdict,
            (None, None) => Verdict::Error("nothing decides".to_string()),
        };
        let evaluation = evaluated.elapsed();
        let nd_builtin_cache = recorder.as_ref().map(Recorder::to_value);
        (verdict, Effort { evaluation, decision: began.elapsed(), nd_builtin_cache })
    }

    fn refuse(&self, reason: String, input: Value, began: Instant) -> Answer {
        let verdict = Verdict::Error(reason);
        let (current, effort) = (self.backing.current(), Effort::default());
        let made = Made { current: &current, input, weight: 0, verdict: &verdict, began, effort };
        self.record(made);
        answer(&verdict)
    }

    fn record(&self, made: Made<'_>) {
        match self.options.logged {
            Logged::Nothing => {}
            Logged::Denied if made.verdict.is_allow() => {}
            Logged::Denied | Logged::All => self.backing.log(&self.options.question, made),
        }
    }
}

fn answer(verdict: &Verdict) -> Answer {
    Answer { allow: verdict.is_allow(), msg: verdict.message() }
}

/// Returns what the policy sees. `resolve` says where a path of the host leads.
///
/// Errors: a target or a body that cannot be read, in words for the user.
pub fn input_of(request: &AuthzRequest, resolve: &dyn Fn(&str) -> String) -> Result<Value, String> {
    let target = uri::parse(&request.uri).map_err(|error| error.to_string())?;
    let body = body::parse(&request.body).map_err(|error| error.to_string())?;
    let mounts = mounts::bind_mounts(&body, resolve);
    let found = api::find(&request.method, &target.path);
    Ok(input::build(request, &target, found, body, &mounts))
}

/// Returns what can be logged of a request whose input cannot be made.
fn outline(request: &AuthzRequest) -> Value {
    Value::object_from_strs([
        ("Method", Value::from(request.method.as_str())),
        ("Path", Value::from(request.uri.as_str())),
        ("User", Value::from(request.user.as_str())),
    ])
}

/// Whether a request is the daemon's ping: `GET` or `HEAD` of `/_ping` or `/vN.N/_ping`, spelled
/// plainly.
fn is_ping(request: &AuthzRequest) -> bool {
    let Some(prefix) = request.uri.strip_suffix("/_ping") else { return false };
    let is_version = |version: &str| {
        !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let plain = prefix.is_empty() || prefix.strip_prefix("/v").is_some_and(is_version);
    plain && matches!(request.method.as_str(), "GET" | "HEAD")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_ping_and_nothing_else() {
        let request = |method: &str, uri: &str| AuthzRequest {
            method: method.to_string(),
            uri: uri.to_string(),
            ..AuthzRequest::default()
        };
        for uri in ["/_ping", "/v1.41/_ping"] {
            assert!(is_ping(&request("HEAD", uri)));
            assert!(is_ping(&request("GET", uri)));
            assert!(!is_ping(&request("POST", uri)));
        }
        for uri in ["/_ping?x", "/v/_ping", "/v1/x/_ping", "/x/_ping", "/%5fping", "http://d/_ping"]
        {
            assert!(!is_ping(&request("GET", uri)), "{uri}");
        }
    }
}
