//! Whether every bundle has been activated: the state of the plugin `bundle`.
//!
//! Must not know: how a bundle is activated.
//!
//! Source: OPA `v1/plugins/bundle/plugin.go` (`checkPluginReadiness`): once all were, later failures
//! are the status' matter, since the last good policy still decides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::plugin_state::{PluginState, PluginStates};

/// The plugin's name.
pub(super) const BUNDLE: &str = "bundle";

/// Which bundles have been activated.
pub(super) struct Readiness {
    plugins: Arc<PluginStates>,
    bundles: Mutex<BTreeMap<String, bool>>,
}

impl Readiness {
    pub(super) fn new(plugins: Arc<PluginStates>) -> Self {
        Self { plugins, bundles: Mutex::default() }
    }

    /// Says which bundles there are now, and which of them must be activated anew.
    pub(super) fn expect(&self, names: &BTreeSet<String>, anew: &BTreeSet<String>) {
        let mut bundles = self.bundles.lock().unwrap_or_else(PoisonError::into_inner);
        bundles.retain(|name, _| names.contains(name));
        for name in names {
            let is_ready = bundles.entry(name.clone()).or_default();
            *is_ready &= !anew.contains(name);
        }
        self.tell(&bundles);
    }

    /// Forgets the plugin: no bundles are configured.
    pub(super) fn none(&self) {
        self.bundles.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.plugins.remove(BUNDLE);
    }

    /// Says that a bundle has been activated.
    pub(super) fn ready(&self, name: &str) {
        let mut bundles = self.bundles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(is_ready) = bundles.get_mut(name) {
            *is_ready = true;
        }
        self.tell(&bundles);
    }

    fn tell(&self, bundles: &BTreeMap<String, bool>) {
        let is_ready = bundles.values().all(|is_ready| *is_ready);
        let state = if is_ready { PluginState::Ok } else { PluginState::NotReady };
        self.plugins.set(BUNDLE, state, "");
    }
}
