//! Waiting for work on another runtime, for as long as its result is wanted.
//!
//! Must not know: what the work is.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rego::world::HostError;
use tokio::runtime::{Handle, RuntimeFlavor};

/// How long nobody looks whether the caller has gone.
const LOOK_PERIOD: Duration = Duration::from_millis(20);

/// Says whether the result is no longer wanted.
pub(crate) type Caller<'a> = &'a dyn Fn() -> bool;

/// Hands work to a runtime and waits for it.
pub(super) struct Waiter<'r> {
    runtime: &'r Handle,
}

impl<'r> Waiter<'r> {
    pub(super) fn new(runtime: &'r Handle) -> Self {
        Self { runtime }
    }

    /// Returns the result of the work. Where the caller goes, the work ends, too.
    ///
    /// Errors: the caller has gone; the work ended without a result.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        has_gone: Caller<'_>,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, HostError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let task = self.runtime.spawn(async move {
            // Nobody receives it where the caller has gone.
            let _ = sender.send(work.await);
        });
        let wait = || loop {
            if has_gone() {
                task.abort();
                return Err(HostError::Cancelled);
            }
            match receiver.recv_timeout(LOOK_PERIOD) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(HostError::Failed("the exchange broke off".to_string()));
                }
            }
        };
        blocking(wait)
    }
}

/// Runs what blocks; where that would hold up the tasks of a worker, they move to another one.
pub(super) fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
