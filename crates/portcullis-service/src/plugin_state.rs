//! What each plugin says of itself, and whether all of them have been up.
//!
//! Must not know: what a plugin does.
//!
//! Source: OPA `v1/plugins/plugins.go`; documentation, "Health API".

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rego::Value;
use tokio::sync::watch;

/// What a plugin says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginState {
    /// It has not done its first work yet.
    NotReady,
    /// It works.
    Ok,
    /// It does not.
    Error,
    /// It works, but something is wrong.
    Warn,
}

impl PluginState {
    /// Returns OPA's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotReady => "NOT_READY",
            Self::Ok => "OK",
            Self::Error => "ERROR",
            Self::Warn => "WARN",
        }
    }
}

/// The states of all plugins by name.
pub struct PluginStates {
    states: Mutex<BTreeMap<&'static str, (PluginState, String)>>,
    /// Whether all have been up at the same time once.
    were_ready: AtomicBool,
    changes: watch::Sender<u64>,
}

impl Default for PluginStates {
    fn default() -> Self {
        let changes = watch::Sender::new(0);
        Self { states: Mutex::default(), were_ready: AtomicBool::new(false), changes }
    }
}

impl PluginStates {
    /// Says what a plugin says of itself now.
    pub fn set(&self, plugin: &'static str, state: PluginState, message: &str) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let new = (state, message.to_string());
        if states.get(plugin) == Some(&new) {
            return;
        }
        states.insert(plugin, new);
        drop(states);
        self.changes.send_modify(|count| *count += 1);
    }

    /// Forgets a plugin that is gone.
    pub fn remove(&self, plugin: &str) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let was_there = states.remove(plugin).is_some();
        drop(states);
        if was_there {
            self.changes.send_modify(|count| *count += 1);
        }
    }

    /// Returns what all plugins say of themselves, by name.
    pub fn all(&self) -> BTreeMap<&'static str, (PluginState, String)> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns what is told of each change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Whether all plugins but those of `excluded` are up: what `GET /health?plugins` asks.
    pub fn are_up(&self, excluded: &[String]) -> bool {
        let counts = |name: &str| !excluded.iter().any(|other| other == name);
        let up = |state| matches!(state, PluginState::Ok | PluginState::Warn);
        self.all().into_iter().filter(|(name, _)| counts(name)).all(|(_, (state, _))| up(state))
    }

    /// Whether all plugins have been up at the same time at some moment.
    pub fn were_ready(&self) -> bool {
        if self.were_ready.load(Ordering::Relaxed) {
            return true;
        }
        let ready = self.all().values().all(|(state, _)| *state == PluginState::Ok);
        if ready {
            self.were_ready.store(true, Ordering::Relaxed);
        }
        ready
    }

    /// Returns `{name: {state, message?}}`, as the status has it.
    pub fn to_value(&self) -> Value {
        let states = self.all().into_iter().map(|(name, (state, message))| {
            let mut entries = vec![(Value::from("state"), Value::from(state.name()))];
            if !message.is_empty() {
                entries.push((Value::from("message"), Value::from(message)));
            }
            (Value::from(name), Value::object(entries))
        });
        Value::object(states.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_stays_once_it_was_reached() {
        let states = PluginStates::default();
        states.set("bundle", PluginState::NotReady, "");
        assert!(!states.were_ready());
        assert!(states.are_up(&["bundle".to_string()]));
        assert!(!states.are_up(&[]));
        states.set("bundle", PluginState::Ok, "");
        assert!(states.were_ready());
        states.set("bundle", PluginState::Error, "gone");
        assert!(states.were_ready());
        assert!(!states.are_up(&[]));
        assert_eq!(states.to_value().to_json(), r#"{"bundle":{"message":"gone","state":"ERROR"}}"#);
    }

    #[test]
    fn changes_are_told_once() {
        let states = PluginStates::default();
        let changes = states.changes();
        states.set("status", PluginState::Ok, "");
        states.set("status", PluginState::Ok, "");
        assert_eq!(*changes.borrow(), 1);
    }
}
