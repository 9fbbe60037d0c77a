//! Whether the bundles of a configuration are there yet: until each has been active once, nothing
//! is decided.
//!
//! Must not know: where bundles come from, sockets.
//!
//! Ours: OPA decides with whatever is there. A policy whose lists are still on their way would
//! allow what they forbid.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portcullis_service::plugin_state::PluginState;
use portcullis_service::service::Service;
use portcullis_service::store::Current;
use rego::Value;

/// OPA's names of the plugins that bring policies.
const DISCOVERY: &str = "discovery";
const BUNDLE: &str = "bundle";

/// Waits for the bundles of a service. Once they were all there it is over for good: what comes
/// later replaces what is in force, or is the status' matter where it fails.
pub struct Waiting {
    service: Arc<Service>,
    is_over: AtomicBool,
}

impl Waiting {
    /// Returns what waits for the bundles of this service.
    pub fn new(service: Arc<Service>) -> Self {
        Self { service, is_over: AtomicBool::new(false) }
    }

    /// Returns what is waited for, in words for users; none once nothing is.
    pub fn reason(&self) -> Option<String> {
        if self.is_over.load(Ordering::Acquire) {
            return None;
        }
        let states = self.service.plugins().all();
        let state = |plugin| states.get(plugin).map(|(state, _)| *state);
        if state(DISCOVERY) != Some(PluginState::Ok) {
            return Some("no bundle is active yet: waiting for the discovery bundle".to_string());
        }
        match state(BUNDLE) {
            Some(PluginState::Ok) => {
                self.is_over.store(true, Ordering::Release);
                None
            }
            Some(_) => Some(self.describe()),
            None => {
                Some("no bundle is active yet: the discovered configuration has none".to_string())
            }
        }
    }

    /// Returns the policy in force, made unavailable while bundles are waited for.
    pub fn current(&self) -> Arc<Current> {
        // Looked at first: what is over now is in the policy that is taken after it.
        let reason = self.reason();
        let current = self.service.store().current();
        match reason {
            None => current,
            Some(reason) => {
                let snapshot = Arc::clone(&current.snapshot);
                Arc::new(Current { snapshot, unavailable: Some(reason) })
            }
        }
    }

    fn describe(&self) -> String {
        let settings = self.service.settings();
        let snapshot = self.service.store().snapshot();
        let active = &snapshot.state().bundles;
        let configured = settings.document.get_path(&["bundles"]).and_then(Value::as_object);
        let names = configured.iter().flat_map(|bundles| bundles.iter());
        let names = names.filter_map(|(name, _)| name.as_str());
        let missing: Vec<_> = names.filter(|name| !active.contains_key(*name)).collect();
        let what = if active.is_empty() { "no bundle is" } else { "not every bundle is" };
        if missing.is_empty() {
            return format!("{what} active yet");
        }
        format!("{what} active yet: waiting for `{}`", missing.join("`, `"))
    }
}
