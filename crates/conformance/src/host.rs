//! The world the engine sees while a case runs.

use std::net::ToSocketAddrs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rego::world::HostError;
use rego::{Host, Value};

/// A host with the real clock that goes away at a deadline, so that a case that loops ends.
#[derive(Debug)]
pub struct CaseHost {
    deadline: Instant,
    random: AtomicU64,
}

impl CaseHost {
    /// Returns a host that lives this long.
    pub fn new(lifetime: Duration) -> Self {
        Self { deadline: Instant::now() + lifetime, random: AtomicU64::new(0x9e37_79b9_7f4a_7c15) }
    }
}

impl Host for CaseHost {
    fn now_ns(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    }

    fn cancelled(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Fills with a fixed sequence: cases must give the same answer each time.
    fn random(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let state = self.random.load(Ordering::Relaxed);
            let next = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            self.random.store(next, Ordering::Relaxed);
            *byte = (next >> 33) as u8;
        }
    }

    fn runtime(&self) -> Value {
        Value::object(Vec::new())
    }

    fn print(&self, _place: &str, _line: &str) {}

    fn lookup(&self, name: &str) -> Result<Vec<String>, HostError> {
        let found = (name, 0).to_socket_addrs();
        let found = found.map_err(|error| HostError::Failed(error.to_string()))?;
        Ok(found.map(|address| address.ip().to_string()).collect())
    }
}
