//! Decides again about what was recorded: which decisions another policy changes, and why.
//!
//! The gates are those that serve a daemon; only nobody is told. Must not know: how changes are shown.

use std::fmt;
use std::sync::Arc;

use portcullis_service::files::PolicyFiles;
use portcullis_service::host::{SystemHost, runtime_document};
use portcullis_service::snapshot::SnapshotError;
use rego::Value;

use crate::cli::{ArgumentError, DockerAuthzArgs};
use crate::gate::Gate;
use crate::records::{Record, RecordError};
use crate::wire::{self, Call};

/// Why a gate over recorded calls cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Arguments that make no sense.
    Arguments(ArgumentError),
    /// Bundles from a server, which a gate without a daemon does not fetch.
    Bundles,
    /// The policy is not usable.
    Policy(SnapshotError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(error) => error.fmt(f),
            Self::Bundles => f.write_str("the policy must come from files"),
            Self::Policy(error) => write!(f, "cannot load the policy: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}

/// Returns the gate that these arguments ask for, without a log and without a socket.
///
/// Errors: arguments, or a policy, that are not usable.
pub fn open(args: &DockerAuthzArgs) -> Result<Gate, OpenError> {
    let options = args.to_options().map_err(OpenError::Arguments)?;
    if options.config_file.is_some() {
        return Err(OpenError::Bundles);
    }
    let queries = options.gate.question.queries();
    let files = PolicyFiles::open(options.source, queries).map_err(OpenError::Policy)?;
    let host = SystemHost::new().with_runtime(runtime_document(env!("CARGO_PKG_VERSION"), ""));
    Ok(Gate::new(Arc::clone(files.store()), host, options.gate, None))
}

/// What a gate says about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whether the daemon may go on.
    pub allow: bool,
    /// Why not.
    pub reasons: Vec<String>,
}

impl Said {
    /// What a gate says that refuses nothing.
    fn yes() -> Self {
        Self { allow: true, reasons: Vec::new() }
    }
}

/// Who asked for what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The method.
    pub method: String,
    /// The target.
    pub target: String,
    /// What it asks for, `unknown` where that cannot be told.
    pub action: String,
    /// The user of a client certificate; empty without.
    pub user: String,
}

/// A call about which two gates disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub seq: u64,
    /// What was asked about.
    pub call: Call,
    /// Who asked for what.
    pub outline: Outline,
    /// What the old policy says.
    pub before: Said,
    /// What the new policy says.
    pub after: Said,
}

/// How many calls came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// All that were decided about.
    pub calls: u64,
    /// Those decided as before.
    pub unchanged: u64,
    /// Those that only the new policy refuses.
    pub newly_refused: u64,
    /// Those that only the old policy refuses.
    pub newly_allowed: u64,
    /// Those whose messages had not been taken down.
    pub left_out: u64,
}

/// Two policies, and what came of the calls so far.
pub struct Replay {
    new: Gate,
    /// None: a gate that refuses nothing.
    old: Option<Gate>,
    summary: Summary,
}

impl Replay {
    /// Returns a replay that compares `new` with `old`, or with a gate that refuses nothing.
    pub fn new(new: Gate, old: Option<Gate>) -> Self {
        Self { new, old, summary: Summary::default() }
    }

    /// Decides about a call; returns what has changed, if anything.
    pub fn take(&mut self, record: Record) -> Option<Change> {
        let Record { seq, call, message } = record;
        let Some(message) = message else {
            self.summary.left_out += 1;
            return None;
        };
        let (before, _) = match &self.old {
            Some(old) => said(old, call, message.clone()),
            None => (Said::yes(), Value::NULL),
        };
        let (after, input) = said(&self.new, call, message.clone());
        self.summary.calls += 1;
        match (before.allow, after.allow) {
            (true, false) => self.summary.newly_refused += 1,
            (false, true) => self.summary.newly_allowed += 1,
            (true, true) | (false, false) => {
                self.summary.unchanged += 1;
                return None;
            }
        }
        Some(Change { seq, call, outline: outline(&message, &input), before, after })
    }

    /// Decides about all calls; `tell` gets each change.
    ///
    /// Errors: records that cannot be read, and what `tell` says.
    pub fn run<E: From<RecordError>>(
        mut self,
        records: impl Iterator<Item = Result<Record, RecordError>>,
        tell: &mut dyn FnMut(Change) -> Result<(), E>,
    ) -> Result<Summary, E> {
        for record in records {
            if let Some(change) = self.take(record?) {
                tell(change)?;
            }
        }
        Ok(self.summary)
    }
}

/// Returns what a gate says, and the input it said it about.
fn said(gate: &Gate, call: Call, message: Vec<u8>) -> (Said, Value) {
    match gate.judge(call, message) {
        None => (Said::yes(), Value::NULL),
        Some(judgement) => {
            let (allow, reasons) = (judgement.verdict.is_allow(), judgement.verdict.reasons());
            (Said { allow, reasons }, judgement.input)
        }
    }
}

/// Returns who asked for what, of a message and the input that a policy saw of it.
pub(crate) fn outline(message: &[u8], input: &Value) -> Outline {
    let request = wire::decode(message).unwrap_or_default();
    let action = input.get_path(&["Action"]).and_then(Value::as_str).unwrap_or("unknown");
    Outline {
        method: request.method,
        target: request.uri,
        action: action.to_string(),
        user: request.user,
    }
}
