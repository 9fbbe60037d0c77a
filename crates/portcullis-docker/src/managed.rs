//! The gate under a configuration: bundles bring its policy, plugins take its log.
//!
//! Must not know: sockets, signals, how flags are spelled.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portcullis_service::config::{Config, Loaded};
use portcullis_service::config_file::{self, ConfigFlags};
use portcullis_service::console::Console;
use portcullis_service::decide::Limits;
use portcullis_service::host::SystemHost;
use portcullis_service::plugin::{ClientOptions, Manager, PluginError, StartOptions};
use portcullis_service::service::{Identity, Service, ServiceParts};
use portcullis_service::source::PolicySource;
use portcullis_service::state::State;
use portcullis_service::store::Store;
use portcullis_service::telemetry::prometheus::{Registry, RegistryOptions, StatusOptions};
use sd_notify::NotifyState;

use crate::gate::{Gate, GateOptions, Mode, Secrets};
use crate::lint::findings;
use crate::metrics::GateMetrics;
use crate::recording::RecordOptions;
use crate::run::{RunError, notify, open_recording, warn};
use crate::waiting::Waiting;

/// Longest wait for what a signal asked for. What takes longer goes on by itself.
const RELOAD_TIMEOUT: Duration = Duration::from_secs(30);

/// What brings a policy, in the order in which one sets up the other.
const POLICY_PLUGINS: [&str; 2] = ["discovery", "bundle"];

/// Parts of a configuration that are a server's, and mean nothing to the gate.
const SERVER_PARTS: [&[&str]; 6] = [
    &["server"],
    &["storage"],
    &["default_decision"],
    &["default_authorization_decision"],
    &["distributed_tracing"],
    &["decision_logs", "request_context"],
];

/// A gate, and the plugins behind it. Dropping it ends the plugins at once.
pub struct Managed {
    manager: Arc<Manager>,
    gate: Arc<Gate>,
    waiting: Arc<Waiting>,
}

/// Returns the configuration in a file, with variables of the environment put in. Its warnings
/// name the parts that the gate has no use for.
///
/// Errors: the file cannot be read or is wrong; it leads to no bundle.
pub fn load(file: &str) -> Result<Loaded, RunError> {
    let flags = ConfigFlags { file: Some(file.to_string()), ..ConfigFlags::default() };
    let mut loaded = config_file::load(&flags).map_err(RunError::Config)?;
    if loaded.config.bundles.is_empty() && loaded.config.discovery.is_none() {
        return Err(RunError::NoBundles(file.to_string()));
    }
    for path in SERVER_PARTS {
        let found = path.iter().try_fold(&loaded.document, |value, key| value.get(key));
        if found.is_some_and(|value| !value.is_null()) {
            let key = path.join(".");
            loaded.warnings.push(format!("`{key}` has no effect on the gate"));
        }
    }
    Ok(loaded)
}

/// How a gate decides under a configuration.
#[derive(Clone, Debug)]
pub struct ManagedOptions {
    /// How modules are compiled. It names no files.
    pub source: PolicySource,
    /// How the gate is set.
    pub gate: GateOptions,
    /// Whether the log keeps secrets in.
    pub secrets: Secrets,
    /// Whether it counts what it does.
    pub has_metrics: bool,
    /// What is taken down of what the daemon asks; nothing without.
    pub record: Option<RecordOptions>,
}

impl Managed {
    /// Starts the plugins of a configuration on the current runtime, and a gate that refuses until
    /// every bundle has been there once. Decisions that are logged on the console, and what goes
    /// wrong with plugins, are written to `console`.
    ///
    /// Errors: the question does not compile; a service, a key or a log that cannot be set up.
    /// That a service does not answer is none.
    pub async fn start(
        loaded: Loaded,
        options: ManagedOptions,
        console: Console,
    ) -> Result<Self, RunError> {
        let ManagedOptions { source, gate, secrets, has_metrics, record } = options;
        let recording = open_recording(record.as_ref())?;
        let compile = source.compile_options(gate.question.queries());
        let store = Store::open(State::default(), compile).map_err(RunError::Policy)?;
        let mut parts = parts(&loaded, Arc::new(store), gate.limits, console)?;
        let is_dry_run = gate.mode == Mode::DryRun;
        let metrics = if has_metrics {
            parts.registry = Arc::new(full_registry(&loaded.config)?);
            Some(Arc::new(GateMetrics::new(Arc::clone(&parts.registry), is_dry_run)?))
        } else {
            None
        };
        let client = ClientOptions::new(parts.identity.user_agent());
        let manager = Manager::start(StartOptions {
            loaded,
            parts,
            client,
            working_directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            local_bundles: Vec::new(),
            variables: Arc::new(|name| std::env::var(name).ok()),
        });
        let manager = Arc::new(manager.await.map_err(RunError::Plugin)?);
        let waiting = Arc::new(Waiting::new(manager.service()));
        let gate = Gate::of_service(manager.service(), Arc::clone(&waiting), gate, secrets)
            .with_metrics(metrics)
            .with_recording(recording);
        Ok(Self { manager, gate: Arc::new(gate), waiting })
    }

    /// Returns the gate.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Returns the plugins.
    pub fn manager(&self) -> &Arc<Manager> {
        &self.manager
    }

    /// Returns what waits for the bundles.
    pub fn waiting(&self) -> &Arc<Waiting> {
        &self.waiting
    }

    /// Ends the plugins: decisions that were logged are written and uploaded, for at most `grace`.
    pub async fn shutdown(self, grace: Duration) {
        let Self { manager, gate, waiting } = self;
        drop((gate, waiting));
        match Arc::into_inner(manager) {
            Some(manager) => manager.shutdown(grace).await,
            None => tracing::warn!("plugins are still in use: their logs may be incomplete"),
        }
    }
}

fn parts(
    loaded: &Loaded,
    store: Arc<Store>,
    limits: Limits,
    console: Console,
) -> Result<ServiceParts, RunError> {
    let identity = Identity::new(env!("CARGO_PKG_VERSION"));
    let registry = identity.registry(&loaded.config);
    let registry = Arc::new(registry.map_err(RunError::Metrics)?);
    let printed = |place: &str, line: &str| tracing::info!(place, "{line}");
    let host = SystemHost::new().with_print(printed);
    Ok(ServiceParts { identity, store, host, limits, console, registry })
}

/// Returns the metrics of the process and of its plugins, whether or not `status.prometheus` is on:
/// where metrics are read, what becomes of bundles is.
fn full_registry(config: &Config) -> Result<Registry, RunError> {
    let status = config.status.as_ref();
    let options = RegistryOptions {
        http_buckets: config.server.duration_buckets.clone(),
        status: Some(StatusOptions {
            version: env!("CARGO_PKG_VERSION").to_string(),
            bundle_buckets: status.map(|s| s.bundle_loading_buckets.clone()).unwrap_or_default(),
        }),
    };
    Registry::new(&options).map_err(RunError::Metrics)
}

/// Lets the plugins look for policies now, and tells people what came of it.
pub(crate) async fn reload(manager: &Manager) {
    let look = async {
        for plugin in POLICY_PLUGINS {
            match manager.trigger(plugin).await {
                Ok(()) => tracing::info!(plugin, "looked for a policy"),
                Err(PluginError::Unknown(_)) => {}
                Err(error) => {
                    tracing::error!(plugin, "the last good policy stays in force: {error}");
                }
            }
        }
    };
    if tokio::time::timeout(RELOAD_TIMEOUT, look).await.is_err() {
        tracing::warn!("looking for a policy takes long and goes on");
    }
}

/// Tells people and the service manager what is waited for, until nothing is.
pub(crate) async fn announce(service: Arc<Service>, waiting: Arc<Waiting>) {
    let mut changes = service.plugins().changes();
    let mut told = None;
    while let Some(reason) = waiting.reason() {
        if told.as_ref() != Some(&reason) {
            tracing::warn!("every request is refused: {reason}");
            notify(&[NotifyState::Status(&format!("refusing every request: {reason}"))]);
            told = Some(reason);
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
    let snapshot = service.store().snapshot();
    let bundles = snapshot.bundles().map(|bundles| bundles.to_json());
    tracing::info!(bundles, "policy active");
    warn(&findings(&snapshot));
    notify(&[NotifyState::Status("deciding")]);
}
