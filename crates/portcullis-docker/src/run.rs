//! The running gate: policy, watcher, log, socket, signals, service manager.
//!
//! Effects only; decides nothing. Must not know: how flags are spelled.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portcullis_service::decision_log::DecisionLog;
use portcullis_service::files::{PolicyFiles, Reload};
use portcullis_service::host::{SystemHost, runtime_document};
use portcullis_service::snapshot::SnapshotError;
use portcullis_service::source::PolicySource;
use portcullis_service::store::Store;
use portcullis_service::watch::Watcher;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::event::{Labels, encoder};
use crate::gate::{Gate, GateOptions, Logged};
use crate::listen::{Listener, plugin_socket};
use crate::server::{ServerLimits, serve};

/// How to run the gate.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Where the policy comes from.
    pub source: PolicySource,
    /// How the gate is set.
    pub gate: GateOptions,
    /// The name that the daemon knows the plugin by.
    pub plugin_name: String,
    /// The socket, where it is not that of the plugin's name.
    pub socket: Option<PathBuf>,
    /// Whether the log keeps secrets in.
    pub log_unmasked: bool,
    /// What clients are granted.
    pub limits: ServerLimits,
}

/// Why the gate cannot run.
#[derive(Debug)]
pub enum RunError {
    /// The policy is not usable.
    Policy(SnapshotError),
    /// The socket is not: which, and why.
    Socket(PathBuf, io::Error),
    /// The system refuses something else: what, and why.
    System(&'static str, io::Error),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(error) => write!(f, "cannot load the policy: {error}"),
            Self::Socket(path, error) => {
                write!(f, "cannot listen on {}: {error}", path.display())
            }
            Self::System(what, error) => write!(f, "cannot {what}: {error}"),
        }
    }
}

impl std::error::Error for RunError {}

/// Threads that serve connections.
const WORKERS: usize = 2;

/// Most threads for decisions that are big or slow.
const BLOCKING_THREADS_MAX: usize = 4;

/// Longest wait for threads once every connection has ended or was cut.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Stack of every thread that decides. Ours: the engine's own bounds stay well below.
const STACK_BYTES: usize = 8 << 20;

/// Runs the gate until a signal ends it. Decisions are written to `decisions`.
///
/// Errors: policy or socket are not usable.
pub fn run(options: RunOptions, decisions: Box<dyn Write + Send>) -> Result<(), RunError> {
    let queries = options.gate.question.queries();
    let files = PolicyFiles::open(options.source.clone(), queries).map_err(RunError::Policy)?;
    let files = Arc::new(files);
    let store = Arc::clone(files.store());
    let snapshot = store.snapshot();
    for warning in snapshot.warnings() {
        tracing::warn!("{warning}");
    }
    let gate = Arc::new(open_gate(&options, store, decisions)?);
    let listener = open_socket(&options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .map_err(|error| RunError::System("start threads", error))?;
    let watcher = Watcher::start(files, Box::new(report))
        .map_err(|error| RunError::System("watch the policy", error))?;
    tracing::info!(config_hash = snapshot.config_hash(), "policy loaded");
    let served = runtime.block_on(serve_until_signal(&listener, &gate, options.limits, watcher));
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT); // a decision that still runs is nobody's any more
    drop(listener);
    served
}

fn open_gate(
    options: &RunOptions,
    store: Arc<Store>,
    decisions: Box<dyn Write + Send>,
) -> Result<Gate, RunError> {
    let labels = Labels::new(&options.plugin_name);
    let log = match options.gate.logged {
        Logged::Nothing => None,
        Logged::All | Logged::Denied => {
            let encode = encoder(&labels, options.log_unmasked);
            let log = DecisionLog::start(decisions, Box::new(encode));
            Some(log.map_err(|error| RunError::System("start the decision log", error))?)
        }
    };
    let printed = |place: &str, line: &str| tracing::info!(place, "{line}");
    let host = SystemHost::new()
        .with_runtime(runtime_document(env!("CARGO_PKG_VERSION"), ""))
        .with_print(printed);
    Ok(Gate::new(store, host, options.gate.clone(), log))
}

fn open_socket(options: &RunOptions) -> Result<Listener, RunError> {
    let path = options.socket.clone().unwrap_or_else(|| plugin_socket(&options.plugin_name));
    let passed = Listener::passed().map_err(|error| RunError::System("take the socket", error))?;
    match passed {
        Some(listener) => Ok(listener),
        None => Listener::bind(&path).map_err(|error| RunError::Socket(path, error)),
    }
}

async fn serve_until_signal(
    listener: &Listener,
    gate: &Arc<Gate>,
    limits: ServerLimits,
    watcher: Watcher,
) -> Result<(), RunError> {
    let signals = |kind| signal(kind).map_err(|error| RunError::System("await signals", error));
    let (mut terminate, mut interrupt) =
        (signals(SignalKind::terminate())?, signals(SignalKind::interrupt())?);
    let hangup = signals(SignalKind::hangup())?;
    let socket = listener.socket().map_err(|error| RunError::System("use the socket", error))?;
    let place = listener
        .path()
        .map_or("a socket of systemd's".to_string(), |path| path.display().to_string());
    tracing::info!(socket = place, "ready");
    notify(&[NotifyState::Ready]);
    let reloads = tokio::spawn(reload_on(hangup, watcher));
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        notify(&[NotifyState::Stopping]);
    };
    let served = serve(socket, Arc::clone(gate), limits, stop).await;
    reloads.abort();
    served.map_err(|error| RunError::System("serve", error))
}

/// Asks for a reload at each signal.
async fn reload_on(mut hangup: Signal, watcher: Watcher) {
    while hangup.recv().await.is_some() {
        if let Ok(moment) = NotifyState::monotonic_usec_now() {
            notify(&[NotifyState::Reloading, moment]);
        }
        watcher.reload();
    }
}

/// Tells people and the service manager what a reload did.
fn report(reload: &Reload) {
    match reload {
        Reload::Activated(revision) => tracing::info!(revision, "policy reloaded"),
        Reload::Unchanged => tracing::info!("policy is unchanged"),
        Reload::Rejected(reason) => {
            tracing::error!("the new policy is not usable, the last good one stays: {reason}");
        }
        Reload::Missing(reason) => {
            tracing::error!("every request is refused until the policy is back: {reason}");
        }
    }
    notify(&[NotifyState::Ready]);
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "cannot notify the service manager");
    }
}
