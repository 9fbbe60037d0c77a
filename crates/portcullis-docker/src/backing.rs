//! What a gate leans on: the policy in force, the world of evaluation, the log of decisions; of
//! files, or of a service with its plugins.
//!
//! Must not know: what is asked, and how a verdict comes about.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use portcullis_service::decision_log::{DecisionLog, Event};
use portcullis_service::host::SystemHost;
use portcullis_service::service::Service;
use portcullis_service::store::{Current, Store};
use portcullis_service::telemetry::metrics::Metrics;
use rego::{Recorder, Value};

use crate::event::Decision;
use crate::gate::Mode;
use crate::mask::mask;
use crate::metrics::PolicyState;
use crate::question::Question;
use crate::verdict::Verdict;
use crate::waiting::Waiting;
use crate::wire::Call;

/// Whether secrets of requests are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    /// They are hidden.
    #[default]
    Masked,
    /// They are logged as they are.
    Logged,
}

/// What a gate leans on.
pub(crate) enum Backing {
    /// Files, and a log of lines.
    Files {
        /// The policy in force.
        store: Arc<Store>,
        /// The world.
        host: Arc<SystemHost>,
        /// Where decisions are written; none: nowhere.
        log: Option<DecisionLog<Decision>>,
    },
    /// A service, whose plugins bring the policy and take the log.
    Service {
        /// The service.
        service: Arc<Service>,
        /// Whether its bundles are there.
        waiting: Arc<Waiting>,
        /// Whether the log keeps secrets in.
        secrets: Secrets,
    },
}

/// How a verdict came about.
#[derive(Default)]
pub(crate) struct Effort {
    /// How long the policy ran.
    pub(crate) evaluation: Duration,
    /// How long the decision took, with all that belongs to it.
    pub(crate) decision: Duration,
    /// What nondeterministic builtins answered, where that is recorded.
    pub(crate) nd_builtin_cache: Option<Value>,
}

/// A decision that was made.
pub(crate) struct Made<'a> {
    /// About what kind of call.
    pub(crate) call: Call,
    /// What became of it.
    pub(crate) mode: Mode,
    /// With what policy.
    pub(crate) current: &'a Current,
    /// About what; `null` where it could not be read.
    pub(crate) input: Value,
    /// How many bytes the request had.
    pub(crate) weight: usize,
    /// What came of it.
    pub(crate) verdict: &'a Verdict,
    /// When the request was there.
    pub(crate) began: Instant,
    /// How the verdict came about.
    pub(crate) effort: Effort,
}

impl Backing {
    /// Returns the policy to decide with now.
    pub(crate) fn current(&self) -> Arc<Current> {
        match self {
            Self::Files { store, .. } => store.current(),
            Self::Service { waiting, .. } => waiting.current(),
        }
    }

    /// Returns the world of an evaluation that begins now.
    pub(crate) fn host(&self) -> Arc<SystemHost> {
        match self {
            Self::Files { host, .. } => Arc::clone(host),
            Self::Service { service, .. } => service.host(),
        }
    }

    /// Returns what takes down the answers of nondeterministic builtins, where they are logged.
    pub(crate) fn recorder(&self) -> Option<Recorder> {
        let Self::Service { service, .. } = self else { return None };
        let wanted = service.logs_decisions() && service.settings().nd_builtin_cache;
        wanted.then(Recorder::new)
    }

    /// Returns what is in force, and what has become of the log.
    pub(crate) fn state(&self) -> PolicyState {
        let current = self.current();
        let snapshot = &current.snapshot;
        let bundles = snapshot.state().bundles.iter();
        PolicyState {
            unavailable: current.unavailable.clone(),
            revision: snapshot.revision(),
            config_hash: snapshot.config_hash().to_string(),
            bundles: bundles.map(|(name, of)| (name.clone(), of.revision.clone())).collect(),
            log: match self {
                Self::Files { log: Some(log), .. } => Some((log.written(), log.dropped())),
                Self::Files { .. } | Self::Service { .. } => None,
            },
        }
    }

    /// Logs a decision. Never waits, never fails.
    pub(crate) fn log(&self, question: &Question, made: Made<'_>) {
        match self {
            Self::Files { log: None, .. } => {}
            Self::Files { log: Some(log), .. } => {
                // A parsed body takes about twice the room of its text.
                let weight = made.weight.saturating_mul(2);
                log.submit(line(question, made), weight, Decision::without_details);
            }
            Self::Service { service, secrets, .. } if service.logs_decisions() => {
                let snapshot = Arc::clone(&made.current.snapshot);
                service.log(&snapshot, event(question, made, *secrets));
            }
            Self::Service { .. } => {}
        }
    }
}

fn line(question: &Question, made: Made<'_>) -> Decision {
    Decision {
        at: SystemTime::now(),
        config_hash: made.current.snapshot.config_hash().to_string(),
        input: made.input,
        path: question.name(made.call),
        result: made.verdict.is_allow(),
        reasons: made.verdict.reasons(),
        is_dry_run: made.mode == Mode::DryRun,
        duration: made.began.elapsed(),
    }
}

/// Returns the decision as OPA's SDK has it, with why and how long beside that.
///
/// Source: OPA `v1/sdk/opa.go` for paths that begin with a slash, the timers, and a cache of
/// `null` where none is kept.
fn event(question: &Question, made: Made<'_>, secrets: Secrets) -> Event {
    let Made { call, current, input, verdict, began, effort, .. } = made;
    let is_dry_run = made.mode == Mode::DryRun;
    let input = Some(input).filter(|input| input != &Value::NULL);
    let input = input.map(|input| match secrets {
        Secrets::Masked => mask(&input),
        Secrets::Logged => input,
    });
    let error = match verdict {
        Verdict::Error(reason) => {
            Some(Value::object_from_strs([("message", Value::from(reason.as_str()))]))
        }
        Verdict::Allow | Verdict::Deny(_) => None,
    };
    let mut metrics = Metrics::new();
    metrics.timer("rego_query_eval").record(effort.evaluation);
    metrics.timer("sdk_decision_eval").record(effort.decision);
    let reasons = verdict.reasons().into_iter().map(Value::from).collect();
    let duration = i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX);
    let mut extra =
        vec![("reasons", Value::array(reasons)), ("duration_ns", Value::from(duration))];
    extra.extend(is_dry_run.then_some(("dry_run", Value::TRUE)));
    Event {
        decision_id: uuid::Uuid::new_v4().to_string(),
        bundles: current.snapshot.bundles(),
        path: Some(question.path(call)),
        input,
        result: Some(Value::from(verdict.is_allow())),
        nd_builtin_cache: Some(effort.nd_builtin_cache.unwrap_or(Value::NULL)),
        error,
        timestamp: SystemTime::now(),
        metrics: Some(metrics.to_value()),
        extra,
        ..Event::default()
    }
}
