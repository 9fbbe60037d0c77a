//! The running gate: policy, watcher, log, socket, signals, service manager.
//!
//! Effects only; decides nothing. Must not know: how flags are spelled.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portcullis_memory::give_back;
use portcullis_service::config_file::ConfigFileError;
use portcullis_service::console::{Console, Format, Level};
use portcullis_service::decision_log::DecisionLog;
use portcullis_service::files::{PolicyFiles, Reload};
use portcullis_service::host::{SystemHost, runtime_document};
use portcullis_service::plugin::{Manager, PluginError};
use portcullis_service::snapshot::SnapshotError;
use portcullis_service::source::PolicySource;
use portcullis_service::store::Store;
use portcullis_service::telemetry::TelemetryError;
use portcullis_service::watch::Watcher;
use sd_notify::NotifyState;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::event::{Labels, encoder};
use crate::gate::{Gate, GateOptions, Logged, Mode, Secrets};
use crate::lint::findings;
use crate::listen::{Listener, plugin_socket};
use crate::log_output::LogOutput;
use crate::managed::{self, Managed, ManagedOptions};
use crate::metrics::GateMetrics;
use crate::metrics_server::{MetricsAddress, MetricsListener, Shown, serve_metrics};
use crate::plugin::Plugin;
use crate::recording::{RecordOptions, Recorder, Recording};
use crate::server::{ServerLimits, serve};

/// How to run the gate.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Where the policy comes from. Under a configuration it names no files, and says only how
    /// modules are compiled.
    pub source: PolicySource,
    /// The configuration that brings policies in bundles, instead of files.
    pub config_file: Option<String>,
    /// How the gate is set.
    pub gate: GateOptions,
    /// The name that the daemon knows the plugin by.
    pub plugin_name: String,
    /// The socket, where it is not that of the plugin's name.
    pub socket: Option<PathBuf>,
    /// Whether the log keeps secrets in.
    pub secrets: Secrets,
    /// What clients are granted.
    pub limits: ServerLimits,
    /// Where decisions are logged.
    pub log_output: LogOutput,
    /// Where metrics and health are read; nowhere without.
    pub metrics: Option<MetricsAddress>,
    /// What is taken down of what the daemon asks; nothing without.
    pub record: Option<RecordOptions>,
}

/// How to run a recorder.
#[derive(Clone, Debug)]
pub struct RecorderOptions {
    /// What is taken down; where the file is `-`, onto the output.
    pub record: RecordOptions,
    /// The name that the daemon knows the plugin by.
    pub plugin_name: String,
    /// The socket, where it is not that of the plugin's name.
    pub socket: Option<PathBuf>,
    /// What clients are granted.
    pub limits: ServerLimits,
}

/// Why the gate cannot run.
#[derive(Debug)]
pub enum RunError {
    /// The policy is not usable.
    Policy(SnapshotError),
    /// The configuration is not.
    Config(ConfigFileError),
    /// The configuration, in this file, leads to no bundle.
    NoBundles(String),
    /// Its metrics cannot be set up.
    Metrics(TelemetryError),
    /// Its plugins cannot.
    Plugin(PluginError),
    /// The socket is not: which, and why.
    Socket(PathBuf, io::Error),
    /// Metrics cannot be shown: where, and why.
    MetricsSocket(MetricsAddress, io::Error),
    /// The log cannot be written: where to, and why.
    Log(LogOutput, io::Error),
    /// Calls cannot be taken down: where, and why.
    Record(PathBuf, io::Error),
    /// The system refuses something else: what, and why.
    System(&'static str, io::Error),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(error) => write!(f, "cannot load the policy: {error}"),
            Self::Config(error) => error.fmt(f),
            Self::NoBundles(file) => {
                write!(
                    f,
                    "`{file}` configures neither `bundles` nor `discovery`: no policy decides"
                )
            }
            Self::Metrics(error) => error.fmt(f),
            Self::Plugin(error) => error.fmt(f),
            Self::Socket(path, error) => {
                write!(f, "cannot listen on {}: {error}", path.display())
            }
            Self::MetricsSocket(address, error) => {
                write!(f, "cannot show metrics on {address}: {error}")
            }
            Self::Log(output, error) => write!(f, "cannot log to {output}: {error}"),
            Self::Record(path, error) => {
                write!(f, "cannot record into `{}`: {error}", path.display())
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

/// Most threads where bundles are unpacked and compiled, too: many of them must not keep a
/// decision waiting.
const BLOCKING_THREADS_MANAGED_MAX: usize = 64;

/// Shortest time that logs have to be flushed in at the end, however long connections took.
const FLUSH_TIMEOUT_MIN: Duration = Duration::from_secs(1);

/// Longest wait for threads once every connection has ended or was cut.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Stack of every thread that decides. Ours: the engine's own bounds stay well below.
const STACK_BYTES: usize = 8 << 20;

/// Runs the gate until a signal ends it. Decisions are written to `decisions`, or where the
/// configuration says.
///
/// Errors: policy, configuration or socket are not usable.
pub fn run(options: RunOptions, decisions: Box<dyn Write + Send>) -> Result<(), RunError> {
    if options.gate.mode == Mode::DryRun {
        tracing::warn!("dry run: nothing is refused, not even requests that cannot be read");
    }
    warn(&options.gate.guard.warnings);
    match options.config_file.clone() {
        Some(file) => run_managed(options, &file),
        None => run_files(options, decisions),
    }
}

/// Takes down what the daemon asks, and allows everything, until a signal ends it. `output` is
/// where the file `-` is.
///
/// Errors: file or socket are not usable.
pub fn run_recorder(
    options: RecorderOptions,
    output: Box<dyn Write + Send>,
) -> Result<(), RunError> {
    tracing::warn!("recording: every request is allowed");
    let path = options.record.path.clone();
    let recording = if path == Path::new("-") {
        Recording::start(output, options.record.secrets, 0)
    } else {
        Recording::open(&options.record)
    };
    let recording = recording.map_err(|error| RunError::Record(path, error))?;
    let listener = open_socket(options.socket, &options.plugin_name)?;
    let runtime = runtime_of(BLOCKING_THREADS_MAX)?;
    let recorder = Arc::new(Recorder::new(recording));
    let serving = Serving { plugin: recorder.clone(), limits: options.limits, metrics: None };
    let served = runtime.block_on(serve_until_signal(&listener, serving, Source::Nothing));
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    drop(recorder); // writes what waits
    served.map(|_| ())
}

fn run_files(options: RunOptions, decisions: Box<dyn Write + Send>) -> Result<(), RunError> {
    let queries = options.gate.question.queries();
    let files = PolicyFiles::open(options.source.clone(), queries).map_err(RunError::Policy)?;
    let files = Arc::new(files);
    let store = Arc::clone(files.store());
    let snapshot = store.snapshot();
    warn(&snapshot.warnings());
    warn(&findings(&snapshot));
    let is_dry_run = options.gate.mode == Mode::DryRun;
    let metrics =
        options.metrics.as_ref().map(|_| GateMetrics::of_process(is_dry_run).map(Arc::new));
    let metrics = metrics.transpose()?;
    let gate = Arc::new(open_gate(&options, store, decisions)?.with_metrics(metrics.clone()));
    let shown = open_metrics(&options, &gate)?;
    let listener = open_socket(options.socket, &options.plugin_name)?;
    let runtime = runtime_of(BLOCKING_THREADS_MAX)?;
    let reloaded = Arc::clone(files.store());
    let tell = move |reload: &Reload| {
        report(reload);
        if let Some(metrics) = &metrics {
            metrics.reloaded(reload);
        }
        if let Reload::Activated(_) = reload {
            warn(&findings(&reloaded.snapshot()));
        }
        give_back(); // compiling takes memory that deciding does not
    };
    let watcher = Watcher::start(files, Box::new(tell))
        .map_err(|error| RunError::System("watch the policy", error))?;
    tracing::info!(config_hash = snapshot.config_hash(), "policy loaded");
    drop(snapshot); // the next one is another
    let source = Source::Files(watcher);
    let serving = Serving { plugin: gate.clone(), limits: options.limits, metrics: shown };
    let served = runtime.block_on(serve_until_signal(&listener, serving, source));
    drop(gate);
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT); // a decision that still runs is nobody's any more
    drop(listener);
    served.map(|_| ())
}

fn run_managed(options: RunOptions, file: &str) -> Result<(), RunError> {
    let loaded = managed::load(file)?;
    warn(&loaded.warnings);
    let listener = open_socket(options.socket.clone(), &options.plugin_name)?;
    let runtime = runtime()?;
    let limits = options.limits;
    let console = console(&options.log_output)?;
    let served = runtime.block_on(async {
        let managed = Managed::start(loaded, options.clone().into(), console).await?;
        let (gate, manager) = (Arc::clone(managed.gate()), Arc::clone(managed.manager()));
        let waiting = Arc::clone(managed.waiting());
        let announced = tokio::spawn(managed::announce(manager.service(), waiting));
        let metrics = open_metrics(&options, &gate)?;
        let serving = Serving { plugin: gate.clone(), limits, metrics };
        let served = serve_until_signal(&listener, serving, Source::Bundles(manager)).await;
        announced.abort();
        drop(gate);
        let spent = served.as_ref().map_or(Duration::ZERO, Instant::elapsed);
        let grace = limits.drain_timeout.saturating_sub(spent).max(FLUSH_TIMEOUT_MIN);
        managed.shutdown(grace).await;
        served.map(|_| ())
    });
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    drop(listener);
    served
}

impl From<RunOptions> for ManagedOptions {
    fn from(options: RunOptions) -> Self {
        Self {
            source: options.source,
            gate: options.gate,
            secrets: options.secrets,
            has_metrics: options.metrics.is_some(),
            record: options.record,
        }
    }
}

/// Returns threads to serve, decide and compile with, under a configuration.
///
/// Errors: the system gives none.
pub(crate) fn runtime() -> Result<Runtime, RunError> {
    runtime_of(BLOCKING_THREADS_MANAGED_MAX)
}

fn runtime_of(blocking_threads_max: usize) -> Result<Runtime, RunError> {
    Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(blocking_threads_max)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .map_err(|error| RunError::System("start threads", error))
}

/// Returns the console of OPA's plugins: the standard error, which the daemon's log shows for a
/// managed plugin, unless the log goes elsewhere.
///
/// Errors: it cannot be opened.
fn console(output: &LogOutput) -> Result<Console, RunError> {
    let opened = output.open(Box::new(io::stderr()));
    let opened = Mutex::new(opened.map_err(|error| RunError::Log(output.clone(), error))?);
    let sink = move |line: &str| {
        let mut output = opened.lock().unwrap_or_else(PoisonError::into_inner);
        // Where nobody reads it any more, the gate goes on.
        drop(output.write_all(line.as_bytes()));
    };
    Ok(Console::new(Arc::new(sink), Format::Json, Level::Info))
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
            let output = &options.log_output;
            let decisions =
                output.open(decisions).map_err(|error| RunError::Log(output.clone(), error))?;
            let encode = encoder(&labels, options.secrets);
            let log = DecisionLog::start(decisions, Box::new(encode));
            Some(log.map_err(|error| RunError::System("start the decision log", error))?)
        }
    };
    let printed = |place: &str, line: &str| tracing::info!(place, "{line}");
    let host = SystemHost::new()
        .with_runtime(runtime_document(env!("CARGO_PKG_VERSION"), ""))
        .with_print(printed);
    let recording = open_recording(options.record.as_ref())?;
    Ok(Gate::new(store, host, options.gate.clone(), log).with_recording(recording))
}

/// Begins to take down calls, where that is asked for.
///
/// Errors: the file is not usable.
pub(crate) fn open_recording(
    options: Option<&RecordOptions>,
) -> Result<Option<Recording>, RunError> {
    let Some(options) = options else { return Ok(None) };
    let recording = Recording::open(options);
    recording.map(Some).map_err(|error| RunError::Record(options.path.clone(), error))
}

/// Listens for whoever reads metrics, where that is asked for.
fn open_metrics(options: &RunOptions, gate: &Arc<Gate>) -> Result<Option<Shown>, RunError> {
    let (Some(address), Some(metrics)) = (&options.metrics, gate.metrics()) else {
        return Ok(None);
    };
    let listener = MetricsListener::bind(address)
        .map_err(|error| RunError::MetricsSocket(address.clone(), error))?;
    tracing::info!(address = %address, "metrics are shown");
    let (metrics, gate) = (Arc::clone(metrics), Arc::downgrade(gate));
    let state = move || gate.upgrade().map(|gate| gate.state()).unwrap_or_default();
    Ok(Some(Shown { listener, metrics, state: Box::new(state) }))
}

fn open_socket(socket: Option<PathBuf>, plugin_name: &str) -> Result<Listener, RunError> {
    let path = socket.unwrap_or_else(|| plugin_socket(plugin_name));
    let passed = Listener::passed().map_err(|error| RunError::System("take the socket", error))?;
    match passed {
        Some(listener) => Ok(listener),
        None => Listener::bind(&path).map_err(|error| RunError::Socket(path, error)),
    }
}

/// What brings the policy, and another one when it is asked for.
enum Source {
    Files(Watcher),
    Bundles(Arc<Manager>),
    Nothing,
}

/// What is served.
struct Serving {
    plugin: Arc<dyn Plugin>,
    limits: ServerLimits,
    metrics: Option<Shown>,
}

/// Serves; returns when it was told to stop.
async fn serve_until_signal(
    listener: &Listener,
    serving: Serving,
    source: Source,
) -> Result<Instant, RunError> {
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
    give_back(); // most of what the start needed is never needed again
    let reloads = tokio::spawn(reload_on(hangup, source));
    let metrics = serving.metrics.map(|shown| tokio::spawn(serve_metrics(shown)));
    let mut stopped = Instant::now();
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopped = Instant::now();
        tracing::info!("stopping");
        notify(&[NotifyState::Stopping]);
    };
    let served = serve(socket, serving.plugin, serving.limits, stop).await;
    if let Some(metrics) = metrics {
        metrics.abort();
        drop(metrics.await); // its socket is removed
    }
    reloads.abort();
    drop(reloads.await); // it lets go of what it reloads
    served.map_err(|error| RunError::System("serve", error))?;
    Ok(stopped)
}

/// Asks for a reload at each signal.
async fn reload_on(mut hangup: Signal, source: Source) {
    while hangup.recv().await.is_some() {
        if let Ok(moment) = NotifyState::monotonic_usec_now() {
            notify(&[NotifyState::Reloading, moment]);
        }
        match &source {
            Source::Files(watcher) => watcher.reload(), // it reports by itself
            Source::Nothing => notify(&[NotifyState::Ready]),
            Source::Bundles(manager) => {
                managed::reload(manager).await;
                notify(&[NotifyState::Ready]);
            }
        }
    }
}

/// Tells people what is accepted, yet likely not meant.
pub(crate) fn warn(lines: &[String]) {
    lines.iter().for_each(|line| tracing::warn!("{line}"));
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

pub(crate) fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "cannot notify the service manager");
    }
}
