//! The management plane: bundles, discovery, status and decision logs of a configuration, from the
//! start to the end of a server.
//!
//! Plugins have OPA's names and start in its order: `discovery`, `bundle`, `status`,
//! `decision_logs`.
//!
//! Must not know: any surface's wire format, arguments of the command line.
//!
//! Read first: this file, then `plane.rs`, `bundles.rs`, `tracked.rs`, `activate.rs`.

mod activate;
mod bundle_status;
mod bundles;
mod discovered;
mod discovery;
mod error;
mod fetch;
pub mod file_log;
mod local;
mod log_upload;
mod pace;
mod persist;
mod plane;
mod poll;
mod prometheus_json;
mod read;
mod readiness;
mod services;
mod status;
mod status_upload;
mod tracked;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

pub use portcullis_remote::ClientOptions;

pub use self::bundles::ROUNDS_MAX;
pub use self::error::{Failure, PluginError};
pub use self::local::{LocalBundle, LocalBundles};
pub use self::status_upload::STATUS_REPORTS_MAX;

use self::bundles::Bundles;
use self::discovery::Discovery;
use self::plane::{DECISION_LOGS, Plane, Stage};
use self::readiness::BUNDLE;
use self::status::{Board, STATUS};
use crate::config::Loaded;
use crate::plugin_state::PluginState;
use crate::service::{Service, ServiceParts, Settings};
use crate::telemetry::export::{MetricsExport, TraceExport};

/// The name of discovery's plugin.
const DISCOVERY: &str = "discovery";

/// Looks up a variable of the environment; none: it is not set.
pub type Variables = dyn Fn(&str) -> Option<String> + Send + Sync;

/// What a manager starts with.
pub struct StartOptions {
    /// The configuration.
    pub loaded: Loaded,
    /// What the service is made of.
    pub parts: ServiceParts,
    /// How services are spoken to: the agent's name, proxies, variables of credentials.
    pub client: ClientOptions,
    /// Where the directory of kept bundles, `.opa`, is by default.
    pub working_directory: PathBuf,
    /// Bundles that were named at the start, as `opa run -b` does; all must be good.
    pub local_bundles: Vec<LocalBundle>,
    /// What is put in for `${NAME}` in a discovered configuration.
    pub variables: Arc<Variables>,
}

/// Runs the plugins of a configuration. Must be used within a Tokio runtime.
///
/// Dropping it ends all of them at once; see [`Manager::shutdown`].
pub struct Manager {
    plane: Arc<Plane>,
    discovery: Option<Discovery>,
    watching: JoinHandle<()>,
    traces: Option<Arc<TraceExport>>,
    metrics: Option<MetricsExport>,
}

impl Manager {
    /// Starts the service and its plugins on the current runtime. Bundles that are on this machine
    /// are active when it returns; those of services come when they come.
    ///
    /// Errors: a service, a key or an export that cannot be set up, a local bundle that is no good.
    /// That a service does not answer is none.
    pub async fn start(options: StartOptions) -> Result<Self, PluginError> {
        let StartOptions { loaded, parts, client, working_directory, local_bundles, variables } =
            options;
        let config = &loaded.config;
        let settings = Settings::new(config, &loaded.document, &parts.identity);
        let service = Arc::new(Service::new(parts, settings));
        let pinned: BTreeSet<_> = local_bundles.iter().map(|local| local.name.clone()).collect();
        local::load(&service, local_bundles).await?;
        let traces = config.distributed_tracing.as_ref().map(TraceExport::start).transpose()?;
        let registry = || Arc::clone(service.registry());
        let metrics = config.metrics_export.as_ref().map(|it| MetricsExport::start(it, registry()));
        let metrics = metrics.transpose()?;
        service.plugins().set(DISCOVERY, PluginState::NotReady, "");
        let board = Arc::new(Board::new(Arc::clone(&service)));
        let bundles = Bundles::new(Arc::clone(&service), Arc::clone(&board), pinned);
        let plane = Plane::new(
            Arc::clone(&service),
            Arc::clone(&board),
            bundles,
            client,
            working_directory,
        );
        let plane = Arc::new(plane);
        let has_discovery = config.discovery.is_some();
        if !has_discovery {
            service.plugins().set(DISCOVERY, PluginState::Ok, "");
        }
        let stage = if has_discovery { Stage::Boot } else { Stage::Whole };
        plane.apply(&loaded, stage).await?;
        let watching =
            tokio::spawn(status::watch(Arc::clone(&board), Arc::clone(service.plugins())));
        let discovery = match has_discovery {
            true => Some(Discovery::start(Arc::clone(&plane), loaded, variables).await?),
            false => None,
        };
        plane.board.report();
        let traces = traces.flatten().map(Arc::new);
        Ok(Self { plane, discovery, watching, traces, metrics: metrics.flatten() })
    }

    /// Returns the running service.
    pub fn service(&self) -> Arc<Service> {
        Arc::clone(&self.plane.service)
    }

    /// Returns the export of traces, where one is configured.
    pub fn traces(&self) -> Option<Arc<TraceExport>> {
        self.traces.clone()
    }

    /// Lets a plugin do its work once, now: fetch, report or upload. Waits until that is done.
    ///
    /// Errors: no plugin of that name runs; its work failed.
    pub async fn trigger(&self, plugin: &str) -> Result<(), PluginError> {
        let unknown = || PluginError::Unknown(plugin.to_string());
        let service = &self.plane.service;
        match plugin {
            DISCOVERY => {
                let discovery = self.discovery.as_ref().ok_or_else(unknown)?;
                discovery.trigger().await.map_err(PluginError::Failed)
            }
            BUNDLE if !self.plane.bundles.is_empty() => {
                self.plane.bundles.trigger().await.map_err(PluginError::Failed)
            }
            STATUS if service.status().is_some() => {
                self.plane.board.report_now();
                self.plane.drain_status(TRIGGER_TIMEOUT).await;
                Ok(())
            }
            DECISION_LOGS => {
                let logger = service.logger().ok_or_else(unknown)?;
                logger.flush().await.map_err(PluginError::DecisionLog)
            }
            _ => Err(unknown()),
        }
    }

    /// Waits until all plugins have been up at the same time, for at most so long. Returns whether
    /// they have.
    pub async fn wait_until_ready(&self, timeout: Duration) -> bool {
        let plugins = self.plane.service.plugins();
        let mut changes = plugins.changes();
        let ready = async {
            while !plugins.were_ready() {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        // Late is as good as not at all.
        let _ = tokio::time::timeout(timeout, ready).await;
        plugins.were_ready()
    }

    /// Ends all plugins: no more bundles are fetched, decisions that were logged are uploaded and
    /// the status is reported, for at most `grace`; traces and metrics are sent.
    pub async fn shutdown(mut self, grace: Duration) {
        let started = Instant::now();
        self.discovery = None;
        self.plane.bundles.stop();
        if let Some(logger) = self.plane.service.logger()
            && let Err(error) = logger.shutdown(grace).await
        {
            self.plane.log_error(&error.to_string());
        }
        self.plane.board.report();
        self.plane.drain_status(grace.saturating_sub(started.elapsed())).await;
        self.watching.abort();
        let (traces, metrics) = (self.traces.take(), self.metrics.take());
        let exports = tokio::task::spawn_blocking(move || {
            if let Some(traces) = traces {
                traces.shutdown();
            }
            if let Some(metrics) = metrics {
                metrics.shutdown();
            }
        });
        // They have bounds of their own.
        let _ = exports.await;
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        self.watching.abort();
        self.plane.bundles.stop();
    }
}

/// Longest wait for a status that was asked to be reported.
const TRIGGER_TIMEOUT: Duration = Duration::from_secs(30);
