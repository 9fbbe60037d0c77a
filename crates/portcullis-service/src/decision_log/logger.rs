//! The decision log of a server: events in, console and uploads out.
//!
//! Must not know: any surface's wire format, HTTP.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rego::{Number, Value};
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::backlog::{Backlog, BacklogOptions};
use super::counters::{Count, Counters};
use super::error::{DecisionLogError, UploadError};
use super::event::Event;
use super::policy::Queries;
use super::spill::SpillOptions;
use super::upload::Upload;
use super::uploader::{self, COMMANDS_MAX, Command};
use super::worker::{self, Inbox};
use crate::config::{DecisionLogsConfig, ReportingConfig};
use crate::decide::Limits;
use crate::host::SystemHost;
use crate::snapshot::Snapshot;

/// Takes each event as it is logged, after drop and mask.
pub type EventSink = dyn Fn(&Value) + Send + Sync;

/// What a logger is made of.
#[derive(Clone)]
pub struct DecisionLogOptions {
    /// The section `decision_logs`. Its `service` and `console` are what is given beside it.
    pub config: DecisionLogsConfig,
    /// The labels of each event: an object.
    pub labels: Value,
    /// Where chunks are uploaded to; none: they are not.
    pub upload: Option<Arc<dyn Upload>>,
    /// Where events are shown; none: they are not.
    pub console: Option<Arc<EventSink>>,
    /// How much a drop or mask decision may use.
    pub limits: Limits,
    /// The world that those policies may ask about.
    pub host: SystemHost,
}

/// What is used at the moment.
pub(super) struct Active {
    pub(super) queries: Queries,
    pub(super) labels: Value,
    pub(super) upload: Option<Arc<dyn Upload>>,
    pub(super) console: Option<Arc<EventSink>>,
    pub(super) limits: Limits,
    pub(super) host: SystemHost,
    pub(super) reporting: ReportingConfig,
}

/// What logger, worker and uploader share.
pub(super) struct Shared {
    active: ArcSwap<Active>,
    pub(super) inbox: Inbox,
    backlog: Mutex<Backlog>,
    pub(super) counters: Arc<Counters>,
    failure: Mutex<Option<UploadError>>,
    /// A chunk is full.
    pub(super) full: Notify,
    /// The configuration is another one.
    pub(super) changed: Notify,
}

impl Shared {
    pub(super) fn active(&self) -> Arc<Active> {
        self.active.load_full()
    }

    pub(super) fn reporting(&self) -> ReportingConfig {
        self.active.load().reporting.clone()
    }

    pub(super) fn upload(&self) -> Option<Arc<dyn Upload>> {
        self.active.load().upload.clone()
    }

    pub(super) fn backlog(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how the last upload went.
    pub(super) fn note(&self, error: Option<&UploadError>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = error.cloned();
    }
}

/// Logs decisions. [`DecisionLogger::log`] never waits: policies, console and uploads have a
/// thread and a task of their own.
///
/// Dropping it without [`DecisionLogger::shutdown`] gives up what was not uploaded; what is spilled
/// stays on the disk.
pub struct DecisionLogger {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    uploader: JoinHandle<()>,
    /// Configurations change one after the other.
    changing: Mutex<()>,
}

impl DecisionLogger {
    /// Starts a logger, whose uploads run on `runtime`.
    ///
    /// Errors: the system gives no thread; the spill directory cannot be used.
    pub fn start(
        options: DecisionLogOptions,
        runtime: &Handle,
    ) -> Result<Arc<Self>, DecisionLogError> {
        let counters = Arc::new(Counters::default());
        let backlog = Backlog::open(backlog_options(&options.config), Arc::clone(&counters))?;
        let shared = Arc::new(Shared {
            active: ArcSwap::from_pointee(options.into()),
            inbox: Inbox::default(),
            backlog: Mutex::new(backlog),
            counters,
            failure: Mutex::new(None),
            full: Notify::new(),
            changed: Notify::new(),
        });
        let working = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("decision-logger".to_string())
            .spawn(move || worker::run(&working))
            .map_err(DecisionLogError::Thread)?;
        let (commands, told) = mpsc::channel(COMMANDS_MAX);
        let uploader = runtime.spawn(uploader::run(Arc::clone(&shared), told));
        Ok(Arc::new(Self { shared, commands, uploader, changing: Mutex::new(()) }))
    }

    /// Logs a decision that was made with this snapshot. Never waits and never fails: what does
    /// not fit is counted as [`Count::QueueFull`].
    pub fn log(&self, snapshot: Arc<Snapshot>, event: Event) {
        if !self.shared.inbox.push(snapshot, event) {
            self.shared.counters.add(Count::QueueFull, 1);
        }
    }

    /// Takes over other options. What waits to be uploaded goes on waiting.
    ///
    /// Errors: the spill directory cannot be used; the options before it stay.
    pub fn reconfigure(&self, options: DecisionLogOptions) -> Result<(), DecisionLogError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.backlog().reconfigure(backlog_options(&options.config))?;
        self.shared.active.store(Arc::new(options.into()));
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Uploads everything that was logged before, once: the trigger `manual`.
    ///
    /// Errors: an upload failed, and what was not delivered is kept; or the logger has ended.
    pub async fn flush(&self) -> Result<(), DecisionLogError> {
        self.settled().await?;
        let (answer, answered) = oneshot::channel();
        self.tell(Command::Flush(answer)).await?;
        let result = answered.await.map_err(|_| DecisionLogError::Ended)?;
        result.map_err(DecisionLogError::Upload)
    }

    /// Returns when everything logged before has been through policies and console, and is on the
    /// disk where it is spilled.
    ///
    /// Errors: the logger has ended.
    pub async fn settled(&self) -> Result<(), DecisionLogError> {
        self.shared.inbox.mark().await.map_err(|_| DecisionLogError::Ended)
    }

    /// Ends the logger: takes nothing more in, and uploads what there is, again and again for at
    /// most `grace`.
    ///
    /// Errors: not everything was delivered within that time. What is spilled stays on the disk.
    pub async fn shutdown(&self, grace: Duration) -> Result<(), DecisionLogError> {
        let settled = self.shared.inbox.mark();
        self.shared.inbox.close();
        let drained = async {
            settled.await.map_err(|_| DecisionLogError::Ended)?;
            let (answer, answered) = oneshot::channel();
            self.tell(Command::Drain(answer)).await?;
            answered.await.map_err(|_| DecisionLogError::Ended)
        };
        let result = tokio::time::timeout(grace, drained).await;
        self.uploader.abort();
        result.unwrap_or(Err(DecisionLogError::Grace(grace)))
    }

    async fn tell(&self, command: Command) -> Result<(), DecisionLogError> {
        self.commands.send(command).await.map_err(|_| DecisionLogError::Ended)
    }

    /// Returns what was counted.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Returns what was counted, under OPA's names: see [`Counters::to_value`].
    pub fn metrics(&self) -> Value {
        self.shared.counters.to_value()
    }

    /// Returns what the status says of the log: `code`, `message` and `http_code` where the last
    /// upload failed, and `metrics` where there are any.
    ///
    /// Source: OPA documentation, "Status".
    pub fn status(&self) -> Value {
        let mut entries = Vec::new();
        let failure = self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(failure) = failure {
            entries.push((Value::from("code"), Value::from("decision_log_error")));
            entries.push((Value::from("message"), Value::from(failure.message)));
            let code = failure.http_code.map(|code| Value::from(Number::from(u64::from(code))));
            entries.extend(code.map(|code| (Value::from("http_code"), code)));
        }
        let metrics = self.metrics();
        if metrics.as_object().is_some_and(|metrics| !metrics.is_empty()) {
            entries.push((Value::from("metrics"), metrics));
        }
        Value::object(entries)
    }
}

impl Drop for DecisionLogger {
    fn drop(&mut self) {
        self.shared.inbox.close();
        self.uploader.abort();
    }
}

impl From<DecisionLogOptions> for Active {
    fn from(options: DecisionLogOptions) -> Self {
        let DecisionLogOptions { config, labels, upload, console, limits, host } = options;
        let queries = Queries::new(&config.drop_decision, &config.mask_decision);
        Self { queries, labels, upload, console, limits, host, reporting: config.reporting }
    }
}

fn backlog_options(config: &DecisionLogsConfig) -> BacklogOptions {
    let reporting = &config.reporting;
    let spill = reporting.spill.as_ref().map(|spill| SpillOptions {
        directory: spill.directory.clone(),
        limit: spill.size_limit_bytes,
    });
    let upload_bytes_max = usize::try_from(reporting.upload_size_limit_bytes).unwrap_or(usize::MAX);
    BacklogOptions { buffer: reporting.buffer, upload_bytes_max, spill }
}
