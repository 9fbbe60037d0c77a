//! The world that a policy may ask about: time, deadline, random bytes, runtime, `print`; and the
//! network, with files and variables of its certificates, where it is offered.
//!
//! Must not know: which surface asks, nor what is evaluated.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rego::world::{HostError, HttpRequest, HttpResponse, Memory, Values};
use rego::{Host, Value};

use crate::network::Network;
use crate::value_cache::ValueCaches;

/// Largest file of certificates or keys that a policy may name, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// How long a pause lasts at most before the deadline is looked at.
const PAUSE_MAX: Duration = Duration::from_millis(20);

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
    network: Option<Network>,
    values: Option<Arc<ValueCaches>>,
}

impl SystemHost {
    /// Returns a host with the system's clock and random bytes, whose `opa.runtime()` is empty,
    /// that never cancels, that drops what is printed, and that has no network.
    pub fn new() -> Self {
        let runtime = Value::object(Vec::new());
        Self { deadline: None, runtime, print: None, test_case: None, network: None, values: None }
    }

    /// Returns it with a network: policies may send requests, look up names, and name files and
    /// environment variables with certificates and keys for that.
    #[must_use]
    pub fn with_network(mut self, network: Network) -> Self {
        self.network = Some(network);
        self
    }

    /// Returns it with memories of what was made of values, which queries share.
    #[must_use]
    pub fn with_values(mut self, values: Arc<ValueCaches>) -> Self {
        self.values = Some(values);
        self
    }

    /// Returns the network, where it has one.
    pub fn network(&self) -> Option<&Network> {
        self.network.as_ref()
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

    fn http(&self, request: &HttpRequest) -> Result<HttpResponse, HostError> {
        let network = self.network.as_ref().ok_or(HostError::Unavailable)?;
        network.http(&|| self.cancelled(), request)
    }

    fn lookup(&self, name: &str) -> Result<Vec<String>, HostError> {
        let network = self.network.as_ref().ok_or(HostError::Unavailable)?;
        network.lookup(&|| self.cancelled(), name)
    }

    fn read_file(&self, path: &str) -> Result<Vec<u8>, HostError> {
        if self.network.is_none() {
            return Err(HostError::Unavailable);
        }
        read_file(path).map_err(|error| {
            HostError::Failed(match error.kind() {
                io::ErrorKind::NotFound => "no such file or directory".to_string(),
                io::ErrorKind::PermissionDenied => "permission denied".to_string(),
                _ => error.to_string(),
            })
        })
    }

    fn variable(&self, name: &str) -> Option<String> {
        // The system takes neither as part of a name, and the library might not take it well.
        let is_name = !name.is_empty() && !name.contains(['=', '\0']);
        self.network.as_ref().filter(|_| is_name).and_then(|_| std::env::var(name).ok())
    }

    fn pause(&self, duration: Duration) {
        let began = Instant::now();
        while !self.cancelled() {
            let left = duration.saturating_sub(began.elapsed());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(PAUSE_MAX));
        }
    }

    fn memory(&self) -> Option<&dyn Memory> {
        self.network.as_ref().map(Network::memory)
    }

    fn values(&self, name: &str) -> Option<&dyn Values> {
        self.values.as_ref()?.named(name)
    }
}

/// Reads a file that is one: a pipe might keep us waiting.
fn read_file(path: &str) -> io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() || metadata.len() > FILE_BYTES_MAX {
        return Err(io::Error::other("not a file of certificates or keys"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
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
