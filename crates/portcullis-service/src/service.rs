//! The running service: the store, what is configured around it, and what every surface needs of
//! both.
//!
//! Must not know: any surface's wire format.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use rego::Value;

use crate::config::{CachingConfig, Config, active_document};
use crate::console::Console;
use crate::decide::Limits;
use crate::decision_log::{DecisionLogger, Event};
use crate::host::{SystemHost, runtime_document};
use crate::plugin_state::PluginStates;
use crate::snapshot::Snapshot;
use crate::store::Store;
use crate::telemetry::TelemetryError;
use crate::telemetry::prometheus::{Registry, RegistryOptions, StatusOptions};
use crate::value_cache::ValueCaches;

/// Who this process is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The id of this process.
    pub id: String,
    /// The version of the program.
    pub version: String,
    /// The commit it was built from; empty where that is not known.
    pub commit: String,
    /// When it was built, RFC 3339; empty where that is not known.
    pub built_at: String,
}

impl Identity {
    /// Returns a fresh identity for a program of this version.
    pub fn new(version: &str) -> Self {
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            version: version.to_string(),
            commit: String::new(),
            built_at: String::new(),
        }
    }

    /// Returns what services are told of who asks, with Go's names of systems and machines.
    ///
    /// Source: OPA `v1/version`, and RFC 9110, "User-Agent".
    pub fn user_agent(&self) -> String {
        let machine = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        format!("Open-Policy-Agent/{} ({}, {machine})", self.version, std::env::consts::OS)
    }

    /// Returns the metrics of this process, as its configuration wants them.
    ///
    /// Errors: buckets that are none.
    pub fn registry(&self, config: &Config) -> Result<Registry, TelemetryError> {
        let status = config.status.as_ref().filter(|status| status.prometheus);
        Registry::new(&RegistryOptions {
            http_buckets: config.server.duration_buckets.clone(),
            status: status.map(|status| StatusOptions {
                version: self.version.clone(),
                bundle_buckets: status.bundle_loading_buckets.clone(),
            }),
        })
    }
}

/// What of the configuration surfaces ask for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The configuration as clients may see it.
    pub document: Value,
    /// The decision of `POST /`, as a path with slashes.
    pub default_decision: String,
    /// The decision that authorizes requests, as a path with slashes.
    pub default_authorization_decision: String,
    /// Labels, with `id` and `version`.
    pub labels: BTreeMap<String, String>,
    /// Whether results of nondeterministic builtins are logged.
    pub nd_builtin_cache: bool,
    /// Names of request headers that are logged.
    pub request_headers: Vec<String>,
    /// How much builtins keep from one query to the next.
    pub caching: CachingConfig,
}

impl Settings {
    /// Returns the settings of a configuration for a process.
    pub fn new(config: &Config, document: &serde_json::Value, identity: &Identity) -> Self {
        let mut labels = config.labels.clone();
        labels.insert("id".to_string(), identity.id.clone());
        labels.insert("version".to_string(), identity.version.clone());
        let shown = active_document(document, &labels).to_string();
        let logs = config.decision_logs.as_ref();
        Self {
            document: Value::from_json(shown.as_bytes()).unwrap_or(Value::NULL),
            default_decision: config.default_decision.clone(),
            default_authorization_decision: config.default_authorization_decision.clone(),
            labels,
            nd_builtin_cache: config.nd_builtin_cache,
            request_headers: logs.map(|l| l.request_headers.clone()).unwrap_or_default(),
            caching: config.caching.clone(),
        }
    }
}

/// What a service is made of.
pub struct ServiceParts {
    /// Who it is.
    pub identity: Identity,
    /// The policy in force.
    pub store: Arc<Store>,
    /// The world that policies may ask about, without the document of `opa.runtime()`.
    pub host: SystemHost,
    /// How much one decision may use.
    pub limits: Limits,
    /// Where decision and status logs go that are asked for on the console.
    pub console: Console,
    /// The metrics of the process.
    pub registry: Arc<Registry>,
}

/// The running service.
pub struct Service {
    identity: Identity,
    store: Arc<Store>,
    base_host: SystemHost,
    host: ArcSwap<SystemHost>,
    values: Arc<ValueCaches>,
    limits: Limits,
    console: Console,
    registry: Arc<Registry>,
    plugins: Arc<PluginStates>,
    settings: ArcSwap<Settings>,
    logger: ArcSwapOption<DecisionLogger>,
    status: ArcSwapOption<Value>,
}

impl Service {
    /// Returns a service with these settings and without plugins.
    pub fn new(parts: ServiceParts, settings: Settings) -> Self {
        let values = Arc::new(ValueCaches::default());
        let host = parts.host.with_values(Arc::clone(&values));
        let service = Self {
            identity: parts.identity,
            store: parts.store,
            host: ArcSwap::from_pointee(host.clone()),
            base_host: host,
            values,
            limits: parts.limits,
            console: parts.console,
            registry: parts.registry,
            plugins: Arc::new(PluginStates::default()),
            settings: ArcSwap::from_pointee(settings.clone()),
            logger: ArcSwapOption::empty(),
            status: ArcSwapOption::empty(),
        };
        service.set_settings(settings);
        service
    }

    /// Returns who this process is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns the policy in force and the way to change it.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Returns what evaluation may ask of the world.
    pub fn host(&self) -> Arc<SystemHost> {
        self.host.load_full()
    }

    /// Returns how much one decision may use.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the console.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Returns the metrics of the process.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Returns what the plugins say of themselves.
    pub fn plugins(&self) -> &Arc<PluginStates> {
        &self.plugins
    }

    /// Returns the settings in force.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Puts other settings in force, at the start and where discovery finds some.
    pub fn set_settings(&self, settings: Settings) {
        let runtime = runtime_document(&self.identity.version, &self.identity.commit);
        let config = runtime_config(&settings.document);
        let runtime = with_entry(&runtime, "config", config);
        if let Some(network) = self.base_host.network() {
            network.set_memory(&settings.caching.builtin_cache);
        }
        self.values.configure(&settings.caching.value_cache);
        self.host.store(Arc::new(self.base_host.clone().with_runtime(runtime)));
        self.settings.store(Arc::new(settings));
    }

    /// Whether decisions are logged, and so have ids.
    pub fn logs_decisions(&self) -> bool {
        self.logger.load().is_some()
    }

    /// Logs a decision that was made with `snapshot`. Never waits, never fails.
    pub fn log(&self, snapshot: &Arc<Snapshot>, event: Event) {
        if let Some(logger) = &*self.logger.load() {
            logger.log(Arc::clone(snapshot), event);
        }
    }

    /// Returns the decision log.
    pub fn logger(&self) -> Option<Arc<DecisionLogger>> {
        self.logger.load_full()
    }

    /// Puts a decision log in place, or takes it away.
    pub fn set_logger(&self, logger: Option<Arc<DecisionLogger>>) {
        self.logger.store(logger);
    }

    /// Returns the last status that was reported; nothing where none is configured.
    pub fn status(&self) -> Option<Arc<Value>> {
        self.status.load_full()
    }

    /// Keeps the status that is reported now.
    pub fn set_status(&self, status: Option<Value>) {
        self.status.store(status.map(Arc::new));
    }
}

/// What policies see of the configuration: what was written, without defaults and own labels.
fn runtime_config(document: &Value) -> Value {
    let Some(object) = document.as_object() else { return Value::object(Vec::new()) };
    let defaults = ["default_decision", "default_authorization_decision"];
    let kept = object.iter().filter(|(key, value)| {
        let is_default = key.as_str().is_some_and(|key| defaults.contains(&key))
            && value.as_str().is_some_and(|text| text.starts_with("/system/"));
        !is_default
    });
    Value::object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn with_entry(document: &Value, key: &str, value: Value) -> Value {
    let entries = document.as_object().into_iter().flat_map(|object| object.iter());
    let entries = entries.map(|(key, value)| (key.clone(), value.clone()));
    Value::object(entries.chain([(Value::from(key), value)]).collect())
}
