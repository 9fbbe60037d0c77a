//! Discovery: a bundle that says what the rest of the configuration is.
//!
//! Must not know: what the configuration sets up.
//!
//! Source: OPA documentation, "Discovery"; OPA `v1/plugins/discovery/discovery.go`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use portcullis_bundle::{Bundle, FILE_BYTES_MAX, ReadOptions};
use rego::{Compiler, RegoVersion, Value};
use serde_json::Value as Json;

use super::bundle_status::BundleStatus;
use super::discovered::{Discovered, merged};
use super::error::{Failure, PluginError};
use super::fetch::{Content, Fetch, bytes_max};
use super::plane::{Plane, Stage};
use super::poll::{Consumer, Look, Poller, Schedule};
use super::read::{self, FILE_SCHEME};
use super::{DISCOVERY, Variables, persist};
use crate::config::{Config, DiscoveryConfig, Loaded, substitute};
use crate::console::Level;
use crate::decide::evaluate;
use crate::plugin_state::PluginState;
use crate::telemetry::metrics::Metrics;

/// Parts of a configuration that count at the start only.
const UNDISCOVERED: [&str; 5] =
    ["server", "storage", "caching", "distributed_tracing", "metrics_export"];

/// Looks for the configuration.
pub(super) struct Discovery {
    finder: Arc<Finder>,
    poller: Option<Poller>,
    path: Option<PathBuf>,
}

/// What is done with what is found.
struct Finder {
    plane: Arc<Plane>,
    /// The configuration of the start.
    boot: Loaded,
    config: DiscoveryConfig,
    options: ReadOptions,
    variables: Arc<Variables>,
    /// Where the bundle is kept, if it is.
    kept_in: Option<PathBuf>,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    status: BundleStatus,
    etag: String,
}

impl Discovery {
    /// Starts looking. What is on the disk is in force when it returns.
    ///
    /// Errors: a key that cannot be used, a service that cannot be set up.
    pub(super) async fn start(
        plane: Arc<Plane>,
        boot: Loaded,
        variables: Arc<Variables>,
    ) -> Result<Self, PluginError> {
        let unknown = || PluginError::Unknown(DISCOVERY.to_string());
        let config = boot.config.discovery.clone().ok_or_else(unknown)?;
        let service = plane.prepare(&boot)?.get(config.service.as_ref());
        let verification = read::verification(config.signing.as_ref(), &boot.config.keys)?;
        let directory = plane.persistence_directory(&boot);
        let finder = Arc::new(Finder {
            kept_in: config.persist.then(|| persist::discovery_file(&directory)),
            options: read::options(DISCOVERY, FILE_BYTES_MAX, verification),
            progress: Mutex::new(Progress {
                status: BundleStatus::new(DISCOVERY),
                ..Progress::default()
            }),
            plane,
            boot,
            config,
            variables,
        });
        let path = finder.config.resource.strip_prefix(FILE_SCHEME).map(PathBuf::from);
        match &path {
            Some(path) => drop(finder.load(path.clone()).await),
            None => finder.restore().await,
        }
        let config = &finder.config;
        let fetch = service.filter(|_| path.is_none()).map(|service| Fetch {
            service,
            resource: config.resource.clone(),
            long_poll: config.polling.long_poll.filter(|wait| *wait > Duration::ZERO),
            file_bytes_max: FILE_BYTES_MAX,
        });
        let schedule = Schedule { polling: config.polling, trigger: config.trigger };
        let feed = Arc::new(Feed(Arc::clone(&finder)));
        let poller = fetch.map(|fetch| Poller::start(fetch, schedule, feed));
        Ok(Self { finder, poller, path })
    }

    /// Looks once, now.
    ///
    /// Errors: why there is no configuration, or none that is of use.
    pub(super) async fn trigger(&self) -> Result<(), Failure> {
        match (&self.poller, &self.path) {
            (Some(poller), _) => poller.trigger().look().await,
            (None, Some(path)) => self.finder.load(path.clone()).await,
            (None, None) => Ok(()),
        }
    }
}

impl Finder {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what is kept on the disk.
    async fn restore(self: &Arc<Self>) {
        let Some(path) = self.kept_in.clone() else { return };
        let loaded = persist::load(&path, bytes_max(FILE_BYTES_MAX));
        let result = match loaded {
            Ok(None) => return,
            Ok(Some(bytes)) => self.use_source(Source::Bytes(bytes.into()), Metrics::new()).await,
            Err(error) => Err(Failure::new(format!("open {}: {error}", path.display()))),
        };
        let mut progress = self.progress();
        match &result {
            Ok(found) => progress.succeeded(found),
            // What the service has may be better.
            Err(failure) => {
                let message = format!("Failed to load discovery bundle from disk: {failure}");
                self.plane.log_error(&message);
            }
        }
        drop(progress);
        self.settle(None);
    }

    /// Takes over what a directory or an archive on the disk says.
    async fn load(self: &Arc<Self>, path: PathBuf) -> Result<(), Failure> {
        let at = SystemTime::now();
        let result = self.use_source(Source::Path(path), Metrics::new()).await;
        let result = self.progress().note(at, result);
        self.settle(result.as_ref().err());
        result
    }

    /// Reads, evaluates and takes over a configuration.
    async fn use_source(
        self: &Arc<Self>,
        source: Source,
        mut metrics: Metrics,
    ) -> Result<Found, Failure> {
        let this = Arc::clone(self);
        let worked = tokio::task::spawn_blocking(move || {
            let bundle = match source {
                Source::Bytes(bytes) => read::archive(&bytes, &this.options, &mut metrics)?,
                Source::Path(path) => read::path(&path, &[], &this.options, &mut metrics)?,
            };
            if bundle.is_delta() {
                return Err(Failure::new("delta bundles are not supported by discovery"));
            }
            let revision = bundle.manifest.revision.clone();
            let document = metrics.time("rego_load_bundles", || this.evaluate(bundle))?;
            Ok((revision, document, metrics))
        });
        let internal = |error| Failure::new(format!("internal error: {error}"));
        let (revision, document, metrics) = worked.await.map_err(internal)??;
        let Discovered { document, overridden } = merged(&self.boot, &self.config, document)
            .map_err(|error| Failure::new(error.to_string()))?;
        let loaded = Config::from_value(document).map_err(|e| Failure::new(e.to_string()))?;
        let unused = UNDISCOVERED.iter().filter(|key| loaded.document.get(**key).is_some());
        let unused =
            unused.filter(|key| self.boot.document.get(**key) != loaded.document.get(**key));
        let unused =
            unused.map(|key| format!("`{key}` of a discovered configuration has no effect"));
        for warning in loaded.warnings.iter().cloned().chain(unused) {
            let fields = Value::object_from_strs([("plugin", Value::from(DISCOVERY))]);
            self.plane.service.console().line(Level::Warn, &warning, &fields);
        }
        let applied = self.plane.apply(&loaded, Stage::Whole).await;
        applied.map_err(|error| Failure::new(error.to_string()))?;
        Ok(Found { revision, metrics, overridden })
    }

    /// Keeps a bundle on the disk, where that is asked for.
    async fn keep(&self, bytes: Bytes) -> Result<(), Failure> {
        let Some(path) = self.kept_in.clone() else { return Ok(()) };
        let saved = tokio::task::spawn_blocking(move || persist::save(&path, &bytes)).await;
        let failed = |error: String| Failure::new(format!("persist discovery bundle: {error}"));
        match saved {
            Ok(saved) => saved.map_err(|error| failed(error.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// Returns the configuration that a bundle says, with variables put in.
    fn evaluate(&self, bundle: Bundle) -> Result<Json, Failure> {
        let options = self.plane.service.store().snapshot();
        let default: RegoVersion = options.options().rego_version;
        let mut compiler = Compiler::new().data(bundle.data).rego_version(default);
        for module in bundle.modules {
            let version = module.rego_version.unwrap_or(default);
            compiler = compiler.module_of(module.path, module.text, version);
        }
        let query = compiler.compile()?.prepare(&query_text(self.config.decision.as_deref()))?;
        let service = &self.plane.service;
        let answer =
            evaluate(service.limits(), &service.host(), |options| query.value(None, options));
        let value = answer.map_err(|failure| Failure::new(failure.to_string()))?;
        let value = value.ok_or_else(|| Failure::new("undefined configuration"))?;
        let mut document: Json = serde_json::from_str(&value.to_json())
            .map_err(|error| Failure::new(format!("discovered configuration: {error}")))?;
        substitute(&mut document, &*self.variables).map_err(|e| Failure::new(e.to_string()))?;
        Ok(document)
    }

    fn settle(&self, failure: Option<&Failure>) {
        let progress = self.progress();
        let status = progress.status.clone();
        drop(progress);
        if let Some(failure) = failure {
            let fields = Value::object_from_strs([("plugin", Value::from(DISCOVERY))]);
            let message = format!("Discovery reconfiguration error: {failure}");
            self.plane.service.console().line(Level::Error, &message, &fields);
        }
        self.plane.board.set_discovery(&status);
        if status.last_activation.is_some() {
            self.plane.service.plugins().set(DISCOVERY, PluginState::Ok, "");
        }
        self.plane.board.report();
    }
}

/// Returns the query for a decision such as `/a/b` or `a/b`.
fn query_text(decision: Option<&str>) -> String {
    let mut text = "data".to_string();
    let segments = decision.unwrap_or_default().split('/').filter(|segment| !segment.is_empty());
    for segment in segments {
        text.push_str(&format!("[{}]", Value::from(segment).to_json()));
    }
    text
}

enum Source {
    Bytes(Bytes),
    Path(PathBuf),
}

/// A configuration that was taken over.
struct Found {
    revision: String,
    metrics: Metrics,
    /// Keys that the configuration of the start says too.
    overridden: Vec<String>,
}

impl Progress {
    fn succeeded(&mut self, found: &Found) {
        self.status.active_revision.clone_from(&found.revision);
        self.status.kind = Some("snapshot");
        self.status.last_activation = Some(SystemTime::now());
        self.status.failure = None;
        self.status.metrics = found.metrics.clone();
        self.status.note = (!found.overridden.is_empty()).then(|| {
            let keys = found.overridden.join(", ");
            format!("Keys in the discovered configuration overridden by boot configuration: {keys}")
        });
    }

    fn note(&mut self, at: SystemTime, result: Result<Found, Failure>) -> Result<(), Failure> {
        self.status.last_request = Some(at);
        self.status.last_successful_request = Some(at);
        self.status.last_download = Some(at);
        self.status.kind = Some("snapshot");
        match result {
            Ok(found) => {
                self.succeeded(&found);
                Ok(())
            }
            Err(failure) => {
                self.status.failure = Some(failure.clone());
                Err(failure)
            }
        }
    }
}

struct Feed(Arc<Finder>);

impl Consumer for Feed {
    async fn take(&self, look: Look) -> Result<(), Failure> {
        let finder = &self.0;
        let mut metrics = Metrics::new();
        metrics.timer("bundle_request").record(look.took);
        let result = match look.content {
            Ok(Content::Bundle { bytes, etag }) => {
                let size = bytes.len() as u64;
                let found = finder.use_source(Source::Bytes(bytes.clone()), metrics).await;
                let kept = if found.is_ok() { finder.keep(bytes).await } else { Ok(()) };
                let mut progress = finder.progress();
                progress.status.size = size;
                let mut result = progress.note(look.at, found);
                if result.is_ok() {
                    progress.etag = etag;
                    result = kept;
                    progress.status.failure = result.clone().err();
                }
                result
            }
            content => finder
                .progress()
                .nothing(look.at, content.map(|found| matches!(found, Content::NotModified))),
        };
        finder.settle(result.as_ref().err());
        result
    }

    fn etag(&self) -> String {
        self.0.progress().etag.clone()
    }
}

impl Progress {
    /// Notes a look that found no bundle: whether the server has the one that is in force.
    fn nothing(&mut self, at: SystemTime, found: Result<bool, Failure>) -> Result<(), Failure> {
        self.status.last_request = Some(at);
        let is_same = match found {
            Ok(is_same) => is_same,
            Err(failure) => {
                self.status.failure = Some(failure.clone());
                return Err(failure);
            }
        };
        self.status.last_successful_request = Some(at);
        if is_same {
            self.status.failure = None;
        }
        Ok(())
    }
}
