//! The world that a policy may ask about: time, deadline, random bytes, runtime, `print`.
//!
//! Must not know: which surface asks, nor what is evaluated.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rego::{Host, Value};

/// Where lines of `print` go: the place (`file:row`) and the line.
pub type PrintSink = dyn Fn(&str, &str) + Send + Sync;

/// Where the names of a test's cases go.
pub type CaseSink = dyn Fn(&Value) + Send + Sync;

/// The real world. Cheap to clone: make one at start-up and give each evaluation a clone with its
/// own deadline.
#[derive(Clone)]
pub struct SystemHost {
    deadline: Option<Instant>,
    runtime: Value,
    print: Option<Arc<PrintSink>>,
    test_case: Option<Arc<CaseSink>>,
}

impl SystemHost {
    /// Returns a host with the system's clock and random bytes, whose `opa.runtime()` is empty,
    /// that never cancels, and that drops what is printed.
    pub fn new() -> Self {
        Self { deadline: None, runtime: Value::object(Vec::new()), print: None, test_case: None }
    }

    /// Returns it with a moment after which the caller no longer wants the answer.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// Returns it with the document that `opa.runtime()` gives.
    #[must_use]
    pub fn with_runtime(mut self, runtime: Value) -> Self {
        self.runtime = runtime;
        self
    }

    /// Returns it with a place for what is printed.
    #[must_use]
    pub fn with_print(mut self, print: impl Fn(&str, &str) + Send + Sync + 'static) -> Self {
        self.print = Some(Arc::new(print));
        self
    }

    /// Returns it with a place for the names of a test's cases.
    #[must_use]
    pub fn with_test_case(mut self, test_case: impl Fn(&Value) + Send + Sync + 'static) -> Self {
        self.test_case = Some(Arc::new(test_case));
        self
    }
}

impl Default for SystemHost {
    fn default() -> Self {
        Self::new()
    }
}

impl Host for SystemHost {
    fn now_ns(&self) -> i64 {
        // A clock before 1970 or after 2262 is no clock; both read as its nearest end.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
    }

    fn cancelled(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    fn random(&self, buffer: &mut [u8]) {
        // Policies draw numbers and ids from this, never keys: zeros where a kernel has no random
        // bytes at all do less harm than an answer that fails.
        if getrandom::fill(buffer).is_err() {
            buffer.fill(0);
        }
    }

    fn runtime(&self) -> Value {
        self.runtime.clone()
    }

    fn print(&self, place: &str, line: &str) {
        if let Some(print) = &self.print {
            print(place, line);
        }
    }

    fn test_case(&self, name: &Value) {
        if let Some(test_case) = &self.test_case {
            test_case(name);
        }
    }
}

/// Returns the document of `opa.runtime()` for this process: `config` (empty), `env` (every
/// variable whose name and value are UTF-8), `version` and `commit`.
pub fn runtime_document(version: &str, commit: &str) -> Value {
    let env = std::env::vars_os()
        .filter_map(|(name, value)| {
            Some((Value::from(name.to_str()?), Value::from(value.to_str()?)))
        })
        .collect();
    Value::object_from_strs([
        ("config", Value::object(Vec::new())),
        ("env", Value::object(env)),
        ("version", Value::from(version)),
        ("commit", Value::from(commit)),
    ])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_deadline_cancels_once_it_has_passed() {
        let host = SystemHost::new();
        assert!(!host.cancelled());
        assert!(host.clone().with_deadline(Some(Instant::now())).cancelled());
        let later = Instant::now() + Duration::from_secs(3600);
        assert!(!host.with_deadline(Some(later)).cancelled());
    }

    #[test]
    fn the_runtime_names_version_and_environment() {
        let document = runtime_document("1.2.3", "abc");
        assert_eq!(document.get_path(&["version"]).and_then(Value::as_str), Some("1.2.3"));
        assert!(document.get_path(&["env"]).is_some_and(|env| env.as_object().is_some()));
    }

    #[test]
    fn time_and_random_bytes_are_real() {
        let host = SystemHost::new();
        assert!(host.now_ns() > 1_600_000_000_000_000_000);
        let mut bytes = [0u8; 32];
        host.random(&mut bytes);
        assert_ne!(bytes, [0u8; 32]);
    }
}
