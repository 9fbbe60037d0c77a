//! The bundle plugin: which bundles are looked for, and which are no longer.
//!
//! Must not know: what is in a bundle, how it is put in force.
//!
//! Source: OPA documentation, "Bundles"; OPA `v1/plugins/bundle/plugin.go`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_bundle::ReadOptions;
use portcullis_remote::Service as RemoteService;
use rego::Value;

use super::activate::deactivate;
use super::error::{Failure, PluginError};
use super::fetch::Fetch;
use super::persist;
use super::poll::{Poller, Schedule};
use super::read::{self, FILE_SCHEME};
use super::readiness::Readiness;
use super::services::Services;
use super::status::Board;
use super::tracked::{Feed, Tracked, TrackedParts};
use crate::config::{BundleConfig, Config, Loaded};
use crate::console::Level;
use crate::service::Service;

/// How often bundles on the disk are tried that may need each other's modules.
pub const ROUNDS_MAX: usize = 10;

/// All bundles of the configuration.
pub(super) struct Bundles {
    service: Arc<Service>,
    board: Arc<Board>,
    readiness: Arc<Readiness>,
    running: Mutex<BTreeMap<String, Running>>,
    /// Bundles that were named at the start, beside the configuration.
    pinned: BTreeSet<String>,
}

/// A bundle that is looked for.
struct Running {
    config: BundleConfig,
    keys: serde_json::Value,
    remote: Option<Arc<RemoteService>>,
    tracked: Arc<Tracked>,
    poller: Option<Poller>,
}

/// What bundles are looked for with.
pub(super) struct Setting<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) services: &'a Services,
    /// Where bundles are kept.
    pub(super) directory: &'a Path,
    /// Whether this is all there will be: bundles that are active and not configured are removed.
    pub(super) is_final: bool,
}

impl Bundles {
    pub(super) fn new(service: Arc<Service>, board: Arc<Board>, pinned: BTreeSet<String>) -> Self {
        let readiness = Arc::new(Readiness::new(Arc::clone(service.plugins())));
        Self { service, board, readiness, running: Mutex::default(), pinned }
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for the bundles of a configuration from now on, and for no others; `options` are
    /// those of [`bundle_options`]. What is on the disk is active when it returns.
    pub(super) async fn configure(
        &self,
        setting: Setting<'_>,
        mut options: BTreeMap<String, ReadOptions>,
    ) {
        let config = &setting.loaded.config;
        if setting.is_final {
            self.remove_others(&config.bundles).await;
        }
        let is_first = self.running().is_empty();
        let keys = setting.loaded.document.get("keys").cloned().unwrap_or_default();
        let mut fresh = Vec::new();
        for (name, bundle) in &config.bundles {
            let remote = setting.services.get(bundle.service.as_ref());
            let before = self.running().remove(name);
            if let Some(before) = before {
                let is_same = before.config == *bundle
                    && before.keys == keys
                    && is_same_service(before.remote.as_ref(), remote.as_ref());
                if is_same {
                    self.running().insert(name.clone(), before);
                    continue;
                }
                before.tracked.retire();
            }
            let Some(options) = options.remove(name) else { continue };
            let kept_in = bundle.persist.then(|| persist::bundle_file(setting.directory, name));
            let tracked = Tracked::new(TrackedParts {
                name: name.clone(),
                service: Arc::clone(&self.service),
                board: Arc::clone(&self.board),
                readiness: Arc::clone(&self.readiness),
                options,
                kept_in,
                is_same_source: is_first,
            });
            let (config, keys) = (bundle.clone(), keys.clone());
            let running = Running { config, keys, remote, tracked, poller: None };
            fresh.push((name.clone(), running));
        }
        self.expect(&config.bundles, &fresh);
        self.load_local(fresh.iter().map(|(_, running)| Local::of(running)).collect()).await;
        for (name, mut running) in fresh {
            running.poller = start(&running);
            self.running().insert(name, running);
        }
    }

    fn expect(&self, bundles: &BTreeMap<String, BundleConfig>, fresh: &[(String, Running)]) {
        if bundles.is_empty() {
            return self.readiness.none();
        }
        let names = bundles.keys().cloned().collect();
        let anew = fresh.iter().map(|(name, _)| name.clone()).collect();
        self.readiness.expect(&names, &anew);
    }

    /// Ends what is no longer configured, and takes out of force what is active and neither
    /// configured nor named at the start.
    async fn remove_others(&self, bundles: &BTreeMap<String, BundleConfig>) {
        let gone: Vec<String> =
            self.running().keys().filter(|name| !bundles.contains_key(*name)).cloned().collect();
        for name in gone {
            let running = self.running().remove(&name);
            if let Some(running) = &running {
                running.tracked.retire();
            }
            let file = running.and_then(|running| running.tracked.kept_in.clone());
            // A bundle that was taken away must not come back after a restart.
            if let Some(Err(error)) = file.map(|file| persist::remove(&file)) {
                self.tell(&name, &format!("Failed to remove persisted bundle: {error}"));
            }
            self.board.remove_bundle(&name);
        }
        let active = Arc::clone(&self.service.store().snapshot());
        let active = active.state().bundles.keys();
        let stale =
            active.filter(|name| !bundles.contains_key(*name) && !self.pinned.contains(*name));
        let stale: BTreeSet<String> = stale.cloned().collect();
        if stale.is_empty() {
            return;
        }
        let store = Arc::clone(self.service.store());
        let names = stale.clone();
        let work = tokio::task::spawn_blocking(move || deactivate(&store, &names)).await;
        let names = stale.into_iter().collect::<Vec<_>>().join(", ");
        match work {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                self.tell(&names, &format!("Failed to deactivate bundles: {failure}"));
            }
            Err(error) => self.tell(&names, &format!("Failed to deactivate bundles: {error}")),
        }
    }

    /// Activates what is on the disk, in rounds: one bundle may need another's modules.
    async fn load_local(&self, mut waiting: Vec<Local>) {
        for _ in 0..ROUNDS_MAX {
            let count = waiting.len();
            let round = tokio::task::spawn_blocking(move || {
                waiting.into_iter().filter_map(Local::attempt).collect::<Vec<_>>()
            });
            let Ok(failed) = round.await else { return };
            waiting = failed.iter().map(|(local, _)| local.clone()).collect();
            if waiting.len() == count || waiting.is_empty() {
                for (local, failure) in &failed {
                    // A file's failure is in its status already.
                    if local.path.is_none() {
                        let message = format!("Failed to load bundle from disk: {failure}");
                        self.tell(&local.tracked.name, &message);
                    }
                }
                return;
            }
        }
    }

    fn tell(&self, name: &str, message: &str) {
        let fields = Value::object_from_strs([
            ("name", Value::from(name)),
            ("plugin", Value::from("bundle")),
        ]);
        self.service.console().line(Level::Error, message, &fields);
    }

    /// Looks for all bundles now.
    ///
    /// Errors: the failure of the first bundle that failed, in order of names.
    pub(super) async fn trigger(&self) -> Result<(), Failure> {
        let mut first = Ok(());
        let mut looks = Vec::new();
        let mut local = Vec::new();
        for running in self.running().values() {
            match &running.poller {
                Some(poller) => looks.push(poller.trigger()),
                None => local.push(Local::of(running)),
            }
        }
        for local in local {
            let work = tokio::task::spawn_blocking(move || local.attempt()).await;
            if let Ok(Some((_, failure))) = work {
                first = first.and(Err(failure));
            }
        }
        for look in looks {
            first = first.and(look.look().await);
        }
        first
    }

    /// Whether there are any bundles.
    pub(super) fn is_empty(&self) -> bool {
        self.running().is_empty()
    }

    /// Ends all tasks. What is active stays.
    pub(super) fn stop(&self) {
        for running in self.running().values_mut() {
            running.poller = None;
        }
    }
}

/// Returns how each bundle of a configuration is read.
///
/// Errors: a key that cannot be used.
pub(super) fn bundle_options(
    config: &Config,
) -> Result<BTreeMap<String, ReadOptions>, PluginError> {
    let of = |(name, bundle): (&String, &BundleConfig)| {
        let verification = read::verification(bundle.signing.as_ref(), &config.keys)?;
        Ok((name.clone(), read::options(name, bundle.size_limit_bytes, verification)))
    };
    config.bundles.iter().map(of).collect()
}

/// A bundle that may be on the disk.
#[derive(Clone)]
struct Local {
    tracked: Arc<Tracked>,
    /// Where it is loaded from; none: it may have been kept there.
    path: Option<PathBuf>,
}

impl Local {
    fn of(running: &Running) -> Self {
        let path = running.config.resource.strip_prefix(FILE_SCHEME).map(PathBuf::from);
        Self { tracked: Arc::clone(&running.tracked), path }
    }

    /// Tries to activate it. Blocks. Returns it where that failed.
    fn attempt(self) -> Option<(Self, Failure)> {
        let result = match &self.path {
            Some(path) => self.tracked.load(path),
            None => self.tracked.restore(),
        };
        result.err().map(|failure| (self, failure))
    }
}

fn start(running: &Running) -> Option<Poller> {
    let config = &running.config;
    if config.resource.starts_with(FILE_SCHEME) {
        return None;
    }
    let fetch = Fetch {
        service: running.remote.clone()?,
        resource: config.resource.clone(),
        long_poll: config.polling.long_poll.filter(|wait| *wait > Duration::ZERO),
        file_bytes_max: config.size_limit_bytes,
    };
    let schedule = Schedule { polling: config.polling, trigger: config.trigger };
    Some(Poller::start(fetch, schedule, Arc::new(Feed(Arc::clone(&running.tracked)))))
}

fn is_same_service(one: Option<&Arc<RemoteService>>, other: Option<&Arc<RemoteService>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}
