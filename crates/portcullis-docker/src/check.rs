//! Checks a configuration: fetches every bundle once and compiles it, without deciding anything.
//!
//! Must not know: how flags are spelled, where complaints are printed.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_service::config::{Config, Loaded};
use portcullis_service::config_file::ConfigFileError;
use portcullis_service::console::{Console, Format, Level};
use portcullis_service::plugin::{Manager, PluginError, ROUNDS_MAX};
use rego::Value;
use serde_json::Value as Json;

use crate::lint::findings;
use crate::managed::{Managed, ManagedOptions};
use crate::run::{RunError, runtime};

/// Longest check.
const CHECK_TIMEOUT: Duration = Duration::from_secs(60);

/// Longest wait for threads that still work when the check has ended.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// Parts of a configuration that tell others of what is done. A check tells nobody.
const REPORTS: [&str; 4] = ["decision_logs", "status", "distributed_tracing", "metrics_export"];

/// What the bundle plugin's complaints begin with; whoever checks knows what fails.
const LOAD_FAILED: &str = "Bundle load failed: ";

/// Fetches and compiles the bundles of a configuration. Returns warnings of the
/// compiler, and likely mistakes.
///
/// Errors: complaints, a line or more each.
pub(crate) fn check(loaded: Loaded, options: ManagedOptions) -> Result<Vec<String>, Vec<String>> {
    let complain = |error: RunError| vec![error.to_string()];
    let directory = tempfile::tempdir()
        .map_err(|error| complain(RunError::System("make a directory", error)))?;
    let loaded = without_effects(loaded, directory.path()).map_err(complain)?;
    let runtime = runtime().map_err(complain)?;
    let found = Arc::new(Findings::default());
    let result = runtime.block_on(async {
        let console = found.console();
        let options = ManagedOptions { record: None, has_metrics: false, ..options };
        let managed = Managed::start(loaded, options, console).await.map_err(complain)?;
        match tokio::time::timeout(CHECK_TIMEOUT, look(managed.manager(), &found)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(found.or(error.to_string())),
            Err(_) => {
                let seconds = CHECK_TIMEOUT.as_secs();
                return Err(found.or(format!("not every bundle was there within {seconds} s")));
            }
        }
        match managed.waiting().reason() {
            Some(reason) => Err(found.or(reason)),
            None => {
                let snapshot = managed.manager().service().store().snapshot();
                Ok(snapshot.warnings().into_iter().chain(findings(&snapshot)).collect())
            }
        }
    });
    runtime.shutdown_timeout(END_TIMEOUT);
    result
}

/// Returns the configuration without what would be seen elsewhere, which keeps bundles in this
/// directory. What is set here counts more than what is discovered.
fn without_effects(loaded: Loaded, directory: &Path) -> Result<Loaded, RunError> {
    let mut document = loaded.document;
    if let Some(top) = document.as_object_mut() {
        top.extend(REPORTS.map(|key| (key.to_string(), Json::Null)));
        let directory = Json::from(directory.display().to_string());
        top.insert("persistence_directory".to_string(), directory);
    }
    Config::from_value(document).map_err(|e| RunError::Config(ConfigFileError::Config(e)))
}

/// Looks for everything that brings policies. Bundles may need each other's modules, so that one
/// fails until another is there.
async fn look(manager: &Manager, found: &Findings) -> Result<(), PluginError> {
    match manager.trigger("discovery").await {
        Ok(()) | Err(PluginError::Unknown(_)) => {}
        Err(error) => return Err(error),
    }
    let count = || manager.service().store().snapshot().state().bundles.len();
    for _ in 0..ROUNDS_MAX {
        let before = count();
        found.forget();
        match manager.trigger("bundle").await {
            Err(PluginError::Failed(_)) if count() > before => {}
            // Where no bundle is configured, there is nothing to trigger: that it is waited for is
            // said elsewhere.
            Err(PluginError::Unknown(_)) | Ok(()) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What plugins complain of.
#[derive(Default)]
struct Findings(Mutex<BTreeSet<String>>);

impl Findings {
    fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns the complaints; `other` where there are none.
    fn or(&self, other: String) -> Vec<String> {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if all.is_empty() { vec![other] } else { all.into_iter().collect() }
    }

    /// Returns a console whose lines are kept as complaints.
    fn console(self: &Arc<Self>) -> Console {
        let this = Arc::clone(self);
        let keep = move |line: &str| {
            let Ok(line) = Value::from_json(line.as_bytes()) else { return };
            let text = |key| line.get_path(&[key]).and_then(Value::as_str);
            let message = text("msg").unwrap_or_default();
            let message = message.strip_prefix(LOAD_FAILED).unwrap_or(message);
            let complaint = match text("name") {
                Some(name) => format!("bundle `{name}`: {message}"),
                None => message.to_string(),
            };
            this.0.lock().unwrap_or_else(PoisonError::into_inner).insert(complaint);
        };
        Console::new(Arc::new(keep), Format::Json, Level::Error)
    }
}
