//! One bundle of the configuration: what is done with what is found, and what its status says.
//!
//! Must not know: when to look, other bundles.
//!
//! Source: OPA `v1/plugins/bundle/plugin.go`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use portcullis_bundle::ReadOptions;
use rego::Value;

use super::activate::{Incoming, activate};
use super::bundle_status::BundleStatus;
use super::error::Failure;
use super::fetch::{Content, bytes_max};
use super::poll::{Consumer, Look};
use super::readiness::Readiness;
use super::status::Board;
use super::{persist, read};
use crate::console::Level;
use crate::service::Service;
use crate::telemetry::metrics::Metrics;

/// A bundle that is looked for.
pub(super) struct Tracked {
    pub(super) name: String,
    pub(super) service: Arc<Service>,
    pub(super) board: Arc<Board>,
    pub(super) readiness: Arc<Readiness>,
    pub(super) options: ReadOptions,
    /// Where it is kept, if it is.
    pub(super) kept_in: Option<PathBuf>,
    progress: Mutex<Progress>,
    retired: Arc<AtomicBool>,
}

struct Progress {
    status: BundleStatus,
    /// Of the last bundle that was activated.
    etag: String,
}

/// Where the bytes of a bundle are.
enum Source {
    Bytes(Bytes),
    Path(PathBuf),
}

/// What was put in force.
struct Activated {
    revision: String,
    kind: &'static str,
}

/// What a bundle is tracked with.
pub(super) struct TrackedParts {
    pub(super) name: String,
    pub(super) service: Arc<Service>,
    pub(super) board: Arc<Board>,
    pub(super) readiness: Arc<Readiness>,
    pub(super) options: ReadOptions,
    pub(super) kept_in: Option<PathBuf>,
    /// Whether what is active under its name came from the same place.
    pub(super) is_same_source: bool,
}

impl Tracked {
    /// Returns a bundle of which nothing was found yet; what is active under its name stays.
    pub(super) fn new(parts: TrackedParts) -> Arc<Self> {
        let TrackedParts { name, service, board, readiness, options, kept_in, is_same_source } =
            parts;
        let active = service.store().snapshot().state().bundles.get(&name).cloned();
        let mut status = BundleStatus::new(&name);
        status.active_revision = active.as_ref().map(|it| it.revision.clone()).unwrap_or_default();
        let etag = active.filter(|_| is_same_source).map(|it| it.etag.clone()).unwrap_or_default();
        let progress = Mutex::new(Progress { status, etag });
        let retired = Arc::default();
        Arc::new(Self { name, service, board, readiness, options, kept_in, progress, retired })
    }

    /// Says that the configuration has dropped it: what is still on its way is not activated.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Activates what is kept on the disk, unless something is active already. Blocks. The status
    /// does not tell of a failure: what the service has may be better.
    ///
    /// Errors: what is wrong with it.
    pub(super) fn restore(&self) -> Result<(), Failure> {
        let Some(path) = &self.kept_in else { return Ok(()) };
        if self.service.store().snapshot().state().bundles.contains_key(&self.name) {
            return Ok(());
        }
        let limit = bytes_max(self.options.limits.file_bytes_max);
        let kept = persist::load(path, limit)
            .map_err(|error| Failure::new(format!("open {}: {error}", path.display())))?;
        let Some(bytes) = kept else { return Ok(()) };
        let mut metrics = Metrics::new();
        let activated = self.activate(&Source::Bytes(bytes.into()), String::new(), &mut metrics)?;
        let mut progress = self.progress();
        progress.status.metrics = metrics;
        progress.succeeded(activated);
        drop(progress);
        self.settle(None);
        Ok(())
    }

    /// Loads a directory or an archive on the disk. Blocks.
    ///
    /// Errors: what is wrong with it.
    pub(super) fn load(&self, path: &Path) -> Result<(), Failure> {
        let now = SystemTime::now();
        let mut metrics = Metrics::new();
        let source = Source::Path(path.to_path_buf());
        let result = self.activate(&source, String::new(), &mut metrics);
        let mut progress = self.progress();
        progress.status.metrics = metrics;
        let moments = Moments { at: now, is_download: true };
        let result = progress.note(moments, result);
        drop(progress);
        self.settle(result.as_ref().err());
        result
    }

    /// Reads and activates. Blocks.
    fn activate(
        &self,
        source: &Source,
        etag: String,
        metrics: &mut Metrics,
    ) -> Result<Activated, Failure> {
        let bundle = match source {
            Source::Bytes(bytes) => read::archive(bytes, &self.options, metrics)?,
            Source::Path(path) => read::path(path, &[], &self.options, metrics)?,
        };
        if bundle.is_delta() && self.kept_in.is_some() {
            return Err(Failure::new("delta bundles cannot be persisted"));
        }
        let revision = bundle.manifest.revision.clone();
        let kind = if bundle.is_delta() { "delta" } else { "snapshot" };
        let (name, retired) = (self.name.clone(), Arc::clone(&self.retired));
        let incoming = Incoming { name, bundle, etag, retired };
        activate(self.service.store(), vec![incoming], metrics)?;
        let message = "Bundle loaded and activated successfully.";
        self.service.console().line(Level::Info, message, &self.fields());
        Ok(Activated { revision, kind })
    }

    /// Reads, activates and keeps what was downloaded. Blocks.
    fn use_download(&self, bytes: Bytes, etag: &str, metrics: &mut Metrics) -> Attempt {
        let source = Source::Bytes(bytes.clone());
        let activated = self.activate(&source, etag.to_string(), metrics);
        let kept = match (&activated, &self.kept_in) {
            (Ok(_), Some(path)) => persist::save(path, &bytes).map_err(|error| {
                Failure::new(format!("persist bundle to {}: {error}", path.display()))
            }),
            _ => Ok(()),
        };
        Attempt { activated, kept }
    }

    /// Returns what lines about it have beside the message.
    fn fields(&self) -> Value {
        Value::object_from_strs([
            ("name", Value::from(self.name.as_str())),
            ("plugin", Value::from("bundle")),
        ])
    }

    /// Tells everybody what came of an attempt.
    fn settle(&self, failure: Option<&Failure>) {
        if self.retired.load(Ordering::SeqCst) {
            return;
        }
        let status = self.progress().status.clone();
        if let Some(failure) = failure {
            let message = format!("Bundle load failed: {failure}");
            self.service.console().line(Level::Error, &message, &self.fields());
        }
        self.board.count_bundle(&status);
        self.board.set_bundle(&status);
        let is_active = self.service.store().snapshot().state().bundles.contains_key(&self.name);
        if failure.is_none() && is_active {
            self.readiness.ready(&self.name);
        }
        self.board.report();
    }
}

/// What came of a download.
struct Attempt {
    activated: Result<Activated, Failure>,
    kept: Result<(), Failure>,
}

struct Moments {
    at: SystemTime,
    is_download: bool,
}

impl Progress {
    fn succeeded(&mut self, activated: Activated) {
        self.status.active_revision = activated.revision;
        self.status.kind = Some(activated.kind);
        self.status.last_activation = Some(SystemTime::now());
        self.status.failure = None;
    }

    fn note(
        &mut self,
        moments: Moments,
        result: Result<Activated, Failure>,
    ) -> Result<(), Failure> {
        self.status.last_request = Some(moments.at);
        self.status.last_successful_request = Some(moments.at);
        if moments.is_download {
            self.status.last_download = Some(moments.at);
            self.status.kind = self.status.kind.or(Some("snapshot"));
        }
        match result {
            Ok(activated) => {
                self.succeeded(activated);
                Ok(())
            }
            Err(failure) => {
                self.status.failure = Some(failure.clone());
                Err(failure)
            }
        }
    }
}

impl Tracked {
    /// Uses what was downloaded, off the runtime's threads.
    async fn download(
        self: &Arc<Self>,
        look: DownloadedAt,
        bytes: Bytes,
        etag: String,
    ) -> Result<(), Failure> {
        let size = bytes.len() as u64;
        let this = Arc::clone(self);
        let sent = etag.clone();
        let worked = tokio::task::spawn_blocking(move || {
            let mut metrics = look.metrics;
            let attempt = this.use_download(bytes, &sent, &mut metrics);
            (attempt, metrics)
        });
        let (attempt, metrics) = match worked.await {
            Ok(worked) => worked,
            Err(error) => {
                let failure = Failure::new(format!("internal error: {error}"));
                (Attempt { activated: Err(failure), kept: Ok(()) }, Metrics::new())
            }
        };
        let mut progress = self.progress();
        progress.status.metrics = metrics;
        progress.status.size = size;
        let is_activated = attempt.activated.is_ok();
        let moments = Moments { at: look.at, is_download: true };
        let mut result = progress.note(moments, attempt.activated);
        if is_activated {
            progress.etag = etag;
        }
        if let Err(failure) = attempt.kept {
            progress.status.failure = Some(failure.clone());
            result = Err(failure);
        }
        result
    }
}

struct DownloadedAt {
    at: SystemTime,
    metrics: Metrics,
}

/// A tracked bundle as the consumer of its poller.
pub(super) struct Feed(pub(super) Arc<Tracked>);

impl Consumer for Feed {
    async fn take(&self, look: Look) -> Result<(), Failure> {
        let tracked = &self.0;
        let mut metrics = Metrics::new();
        metrics.timer("bundle_request").record(look.took);
        let result = match look.content {
            Ok(Content::Bundle { bytes, etag }) => {
                let at = DownloadedAt { at: look.at, metrics };
                tracked.download(at, bytes, etag).await
            }
            content => {
                let mut progress = tracked.progress();
                progress.status.metrics = metrics;
                progress.status.last_request = Some(look.at);
                match content {
                    Err(failure) => {
                        progress.status.failure = Some(failure.clone());
                        Err(failure)
                    }
                    Ok(found) => {
                        progress.status.last_successful_request = Some(look.at);
                        // What is active is what the server has: whatever failed before is over.
                        if matches!(found, Content::NotModified) {
                            progress.status.failure = None;
                        }
                        Ok(())
                    }
                }
            }
        };
        tracked.settle(result.as_ref().err());
        result
    }

    fn etag(&self) -> String {
        self.0.progress().etag.clone()
    }
}
