//! The network for policies: exchanges over HTTP, names, and the memory that queries share.
//!
//! Work runs on a small runtime of its own, so that whoever evaluates may wait for it, be it a plain
//! thread or a worker of another runtime. Made once and shared: connections and what is kept serve
//! every query of the process.
//!
//! Must not know: which policy asks, and whether it may.
//!
//! Read first: `exchange.rs`.

mod client;
mod encoding;
mod exchange;
mod failure;
mod memory;
mod tls;
mod wait;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rego::world::{HostError, HttpRequest, HttpResponse, Memory};
use tokio::runtime::{Builder, Runtime};

use crate::config::BuiltinCacheConfig;

use client::Clients;
use memory::Shared;
use wait::{Caller, Waiter};

/// Threads that exchanges run on. They wait, they do not compute.
const THREADS: usize = 2;

/// Most names that are looked up at once; the system's resolver blocks a thread for each.
const LOOKUPS_MAX: usize = 64;

/// Longest exchange, whatever a request allows. Ours; OPA has no limit where `timeout` is 0.
const EXCHANGE_TIME_MAX: Duration = Duration::from_secs(3600);

/// Longest time for looking up a name.
const LOOKUP_TIME_MAX: Duration = Duration::from_secs(60);

/// The network for policies. Cheap to clone: clones share connections and memory.
#[derive(Clone)]
pub struct Network(Arc<Inner>);

struct Inner {
    user_agent: String,
    clients: Clients,
    memory: Shared,
    /// Started by the first policy that needs it.
    runtime: OnceLock<Option<Runtime>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Nobody waits for what is under way still, and the last to let go may be a worker of
        // another runtime, which must not wait either.
        if let Some(Some(runtime)) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Network {
    /// Returns a network that names itself `user_agent` where a request does not.
    pub fn new(user_agent: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            user_agent: user_agent.into(),
            clients: Clients::default(),
            memory: Shared::default(),
            runtime: OnceLock::new(),
        }))
    }

    /// Sets how much is kept of answers from one query to the next.
    pub fn set_memory(&self, config: &BuiltinCacheConfig) {
        self.0.memory.configure(config);
    }

    /// Returns the memory that queries share.
    pub fn memory(&self) -> &dyn Memory {
        &self.0.memory
    }

    /// Exchanges a request for its answer, while `caller` wants it.
    ///
    /// Errors: as for [`rego::Host::http`].
    pub(crate) fn http(
        &self,
        caller: Caller<'_>,
        request: &HttpRequest,
    ) -> Result<HttpResponse, HostError> {
        let client = self.0.clients.client_for(request)?;
        let mut exchange = exchange::Exchange::new(&client, request)?;
        exchange.name_agent(&self.0.user_agent);
        let timeout = request.timeout.unwrap_or(EXCHANGE_TIME_MAX).min(EXCHANGE_TIME_MAX);
        self.waiter()?.wait(caller, exchange.run(timeout))?
    }

    /// Returns the addresses of a name, while `caller` wants them.
    ///
    /// Errors: as for [`rego::Host::lookup`].
    pub(crate) fn lookup(&self, caller: Caller<'_>, name: &str) -> Result<Vec<String>, HostError> {
        let name = name.to_string();
        let find = async move {
            let found = tokio::net::lookup_host((name.as_str(), 0));
            let found = tokio::time::timeout(LOOKUP_TIME_MAX, found).await;
            let found =
                found.map_err(|_| HostError::Timeout("exceeded while looking up a name"))?;
            let no_such_host = HostError::Failed("no such host".to_string());
            let found: Vec<String> = found
                .map_err(|_| no_such_host.clone())?
                .map(|address| address.ip().to_canonical().to_string())
                .collect();
            if found.is_empty() { Err(no_such_host) } else { Ok(found) }
        };
        self.waiter()?.wait(caller, find)?
    }

    fn waiter(&self) -> Result<Waiter<'_>, HostError> {
        let start = || {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(THREADS).max_blocking_threads(LOOKUPS_MAX);
            builder.thread_name("policy-network").enable_io().enable_time().build().ok()
        };
        let runtime = self.0.runtime.get_or_init(start).as_ref();
        let none = || HostError::Failed("no threads can be started".to_string());
        runtime.map(|runtime| Waiter::new(runtime.handle())).ok_or_else(none)
    }
}
