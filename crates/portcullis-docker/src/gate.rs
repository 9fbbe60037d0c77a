//! One call through the gate: bytes in, answer out. Every way that is not a plain yes is a no.
//!
//! Joins the rooms: wire, body, facts, protection, input, the policy in force, verdict, log. Must not know:
//! sockets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_service::decide::{Limits, Means, Outcome, decide};
use portcullis_service::decision_log::DecisionLog;
use portcullis_service::host::SystemHost;
use portcullis_service::service::Service;
use portcullis_service::store::{Current, Store};
use rego::{Recorder, Value};

pub use crate::backing::Secrets;
use crate::backing::{Backing, Effort, Made};
use crate::cli::Guard;
use crate::completeness::{self, UnknownRoutes, Whole};
use crate::engine::EngineWatch;
use crate::event::Decision;
use crate::facts::{Asked, FactsOptions};
use crate::host_tree::Place;
use crate::metrics::{GateMetrics, PolicyState};
use crate::plugin::{Plugin, Unread};
use crate::protection::Protection;
use crate::question::Question;
use crate::recording::Recording;
use crate::verdict::{Verdict, of_allow, of_deny};
use crate::waiting::Waiting;
use crate::wire::{Answer, AuthzRequest, Call};
use crate::{facts, input, response, wire};

/// The action of a request that nobody could read.
const ACTION_UNKNOWN: &str = "unknown";

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

/// What becomes of a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The daemon is told.
    #[default]
    Enforcing,
    /// The daemon is always told to go on, whatever was decided and whatever could not be read;
    /// logs and metrics tell what would have been refused.
    DryRun,
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
    /// What becomes of a decision.
    pub mode: Mode,
    /// What it guards by.
    pub guard: Guard,
    /// Which requests are refused because no endpoint is known for them.
    pub unknown_routes: UnknownRoutes,
}

/// Decides about calls. Shared between threads.
pub struct Gate {
    backing: Backing,
    options: GateOptions,
    metrics: Option<Arc<GateMetrics>>,
    recording: Option<Recording>,
    engine: EngineWatch,
}

/// What came of one call, before anybody is told.
pub struct Judgement {
    /// What was asked about.
    pub call: Call,
    /// What the policy saw; `null` where nothing could be read.
    pub input: Value,
    /// What is decided.
    pub verdict: Verdict,
    /// Why the policy was not asked, where the call could not be read.
    pub unread: Option<&'static str>,
    /// Whether the policy was asked: it is not where the call cannot be read, or would switch the
    /// gate off.
    pub asked_policy: bool,
    /// The policy in force.
    pub current: Arc<Current>,
    effort: Effort,
}

impl Gate {
    /// Returns a gate over the policy in `store`, whose queries must be those of the question.
    pub fn new(
        store: Arc<Store>,
        host: SystemHost,
        options: GateOptions,
        log: Option<DecisionLog<Decision>>,
    ) -> Self {
        Self::over(Backing::Files { store, host: Arc::new(host), log }, options)
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
        Self::over(Backing::Service { service, waiting, secrets }, options)
    }

    fn over(backing: Backing, options: GateOptions) -> Self {
        let engine = EngineWatch::default();
        Self { backing, options, metrics: None, recording: None, engine }
    }

    /// Returns it such that it counts what it does.
    #[must_use]
    pub fn with_metrics(self, metrics: Option<Arc<GateMetrics>>) -> Self {
        Self { metrics, ..self }
    }

    /// Returns it such that it takes down what it is asked.
    #[must_use]
    pub fn with_recording(self, recording: Option<Recording>) -> Self {
        Self { recording, ..self }
    }

    /// Returns its metrics, where it has some.
    pub fn metrics(&self) -> Option<&Arc<GateMetrics>> {
        self.metrics.as_ref()
    }

    /// Returns what is in force, and what has become of the log.
    pub fn state(&self) -> PolicyState {
        self.backing.state()
    }

    /// Returns how it is set.
    pub fn options(&self) -> &GateOptions {
        &self.options
    }

    /// Returns the world of an evaluation that begins now.
    pub(crate) fn host(&self) -> Arc<SystemHost> {
        self.backing.host()
    }

    /// Returns the answer to the bytes of an `AuthZPlugin.AuthZReq`.
    pub fn authorize(&self, bytes: Vec<u8>) -> Answer {
        self.answer(Call::Request, bytes)
    }

    /// Decides about the bytes of a call and tells nobody; nothing where the policy need not be
    /// asked, and the call is allowed.
    pub fn judge(&self, call: Call, bytes: Vec<u8>) -> Option<Judgement> {
        // All of the answer comes from one policy, and so does its record.
        let current = self.backing.current();
        if call == Call::Response && !self.asks_about_responses(&current) {
            return None;
        }
        let read = self.read(call, bytes);
        let asked_policy = matches!(read, Ok(Some(Read { refusal: None, .. })));
        let (input, (verdict, effort), unread) = match read {
            Ok(None) => return None,
            Ok(Some(Read { input, refusal: None })) => {
                let decided = self.decide(call, &current, &input);
                (input, decided, None)
            }
            Ok(Some(Read { input, refusal: Some(reason) })) => {
                (input, (Verdict::Deny(vec![reason]), Effort::default()), None)
            }
            Err((fault, input)) => {
                let verdict = Verdict::Error(fault.reason);
                (input, (verdict, Effort::default()), Some(fault.cause))
            }
        };
        Some(Judgement { call, input, verdict, unread, asked_policy, current, effort })
    }

    /// Returns what the policy is asked about; nothing for the daemon's ping.
    ///
    /// Errors: why it cannot be read, and what can be logged of it.
    fn read(&self, call: Call, bytes: Vec<u8>) -> Result<Option<Read>, (Unread, Value)> {
        let malformed =
            |error: wire::WireError| (Unread::new("malformed", error.to_string()), Value::NULL);
        let request = wire::decode(&bytes).map_err(malformed)?;
        if self.options.skip_ping && is_ping(&request) {
            return Ok(None);
        }
        let response = match call {
            Call::Request => None,
            Call::Response => {
                let response = response::decode(&bytes).map_err(malformed)?;
                Some(response.to_value(&request.method))
            }
        };
        drop(bytes);
        let whole = completeness::read(&request, self.options.unknown_routes)
            .map_err(|r| (Unread::new(r.cause.name(), r.message), outline(&request)))?;
        let Guard { tree, identity_header, protection, .. } = &self.options.guard;
        let look = |path: &str| tree.look(path);
        let options = FactsOptions { look: &look, identity_header: identity_header.as_deref() };
        let read = read(&request, &whole, options, protection)
            .map_err(|reason| (Unread::new("facts", reason), outline(&request)))?;
        Ok(Some(match response {
            None => read,
            // What was protected, was so before the daemon acted.
            Some(response) => {
                Read { input: input::with_response(&read.input, response), refusal: None }
            }
        }))
    }

    /// Whether the policy in force has something to say about responses.
    fn asks_about_responses(&self, current: &Current) -> bool {
        let (_, document) = self.options.question.response();
        let Some(steps) = &document.steps else { return true };
        let names: Vec<&str> = steps.iter().filter_map(Value::as_str).collect();
        document.is_required
            || current.snapshot.policy().has_rule(steps)
            || current.snapshot.state().data.get_path(&names).is_some()
    }

    fn decide(&self, call: Call, current: &Current, input: &Value) -> (Verdict, Effort) {
        let began = Instant::now();
        let recorder = self.backing.recorder();
        let host = self.backing.host();
        let means =
            Means { limits: &self.options.limits, host: &host, recorder: recorder.as_ref() };
        let evaluated = Instant::now();
        let verdict = self.verdict(call, |index| decide(current, index, input, means));
        let evaluation = evaluated.elapsed();
        let nd_builtin_cache = recorder.as_ref().map(Recorder::to_value);
        (verdict, Effort { evaluation, decision: began.elapsed(), nd_builtin_cache })
    }

    /// Returns what the documents that decide about a call come to. `ask` evaluates one of them.
    fn verdict(&self, call: Call, ask: impl Fn(usize) -> Outcome) -> Verdict {
        let question = &self.options.question;
        if call == Call::Response {
            let (index, document) = question.response();
            return of_allow(&ask(index), &document.path);
        }
        let allow = question.allow().map(|(index, path)| of_allow(&ask(index), path));
        let deny = question.deny().map(|(index, path)| of_deny(&ask(index), path));
        match (allow, deny) {
            (Some(allow), Some(deny)) => allow.and(deny),
            (Some(verdict), None) | (None, Some(verdict)) => verdict,
            (None, None) => Verdict::Error("nothing decides".to_string()),
        }
    }

    /// Logs what was decided, and returns what the daemon is told.
    fn conclude(&self, judgement: Judgement, weight: usize, began: Instant) -> Answer {
        let mode = self.options.mode;
        self.count(&judgement, began.elapsed());
        let Judgement { call, input, verdict, current, effort, .. } = judgement;
        if self.is_logged(call, &verdict) {
            let (current, verdict) = (&current, &verdict);
            let made = Made { call, mode, current, input, weight, verdict, began, effort };
            self.backing.log(&self.options.question, made);
        }
        match mode {
            Mode::Enforcing => Answer { allow: verdict.is_allow(), msg: verdict.message() },
            Mode::DryRun => Answer::allowed(),
        }
    }

    fn count(&self, judgement: &Judgement, duration: Duration) {
        let Some(metrics) = &self.metrics else { return };
        let verdict = &judgement.verdict;
        let action = judgement.input.get_path(&["Action"]).and_then(Value::as_str);
        let action = action.unwrap_or(ACTION_UNKNOWN);
        match judgement.call {
            Call::Request => metrics.decided(action, verdict, duration),
            Call::Response => metrics.responded(verdict),
        }
        if let Some(cause) = judgement.unread {
            metrics.unread(cause);
        }
        if self.options.mode == Mode::DryRun && !verdict.is_allow() {
            metrics.not_refused(action);
        }
    }

    /// Learns which engine asks, and tells people what is known of it.
    fn look_at_engine(&self, message: &[u8]) {
        // What cannot be read is told of where it is decided about.
        let Ok(response) = response::decode(message) else { return };
        let Some(engine) = self.engine.note(response.header("Server")) else { return };
        tracing::info!(version = engine.version, "the engine was heard of");
        for hole in &engine.holes {
            let (name, about, version) = (hole.name, hole.about, &engine.version);
            tracing::warn!("engine {version}: {name}: {about}");
        }
        if let Some(metrics) = &self.metrics {
            metrics.engine(&engine);
        }
    }

    /// Of responses refusals only: that they are released is the rule, and their requests have been
    /// logged.
    fn is_logged(&self, call: Call, verdict: &Verdict) -> bool {
        match self.options.logged {
            Logged::Nothing => false,
            Logged::Denied => !verdict.is_allow(),
            Logged::All => call == Call::Request || !verdict.is_allow(),
        }
    }
}

impl Plugin for Gate {
    fn answer(&self, call: Call, bytes: Vec<u8>) -> Answer {
        let began = Instant::now();
        let weight = bytes.len();
        if let Some(recording) = &self.recording {
            recording.take(call, &bytes);
        }
        if call == Call::Response && self.engine.is_due() {
            self.look_at_engine(&bytes);
        }
        match self.judge(call, bytes) {
            Some(judgement) => self.conclude(judgement, weight, began),
            None => Answer::allowed(),
        }
    }

    fn answer_unread(&self, call: Call, fault: Unread) -> Answer {
        let began = Instant::now();
        let judgement = Judgement {
            call,
            input: Value::NULL,
            verdict: Verdict::Error(fault.reason),
            unread: Some(fault.cause),
            asked_policy: false,
            current: self.backing.current(),
            effort: Effort::default(),
        };
        self.conclude(judgement, 0, began)
    }

    fn wants_responses(&self) -> bool {
        self.recording.is_some()
            || self.engine.is_due()
            || self.asks_about_responses(&self.backing.current())
    }
}

/// Returns what the policy sees, where no header is trusted and the defaults say what is refused
/// unasked. `look` says where a path of the host leads.
///
/// Errors: a request that a policy cannot judge, in words for the user.
pub fn input_of(request: &AuthzRequest, look: &dyn Fn(&str) -> Place) -> Result<Value, String> {
    let whole = completeness::read(request, UnknownRoutes::default())
        .map_err(|refusal| refusal.to_string())?;
    let options = FactsOptions { look, identity_header: None };
    Ok(read(request, &whole, options, &Protection::default())?.input)
}

/// A request that could be read.
struct Read {
    /// What the policy sees.
    input: Value,
    /// Why the gate refuses without asking the policy, to protect itself.
    refusal: Option<String>,
}

/// Returns what the policy sees, and what the gate's protection of itself says.
fn read(
    request: &AuthzRequest,
    whole: &Whole,
    options: FactsOptions<'_>,
    protection: &Protection,
) -> Result<Read, String> {
    let asked = Asked::new(&request.method, whole.found(), &whole.target, &whole.body);
    let facts = facts::derive(request, &asked, options).map_err(|error| error.to_string())?;
    let refusal = protection.refusal(&asked, &facts);
    Ok(Read { input: input::build(request, whole, &facts), refusal })
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
