//! The task that looks for a bundle again and again.
//!
//! Must not know: what becomes of a bundle (that is who implements [`Consumer`]).
//!
//! Source: OPA documentation, "Bundles"; OPA `v1/download/download.go`.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::error::Failure;
use super::fetch::{Content, Fetch, Fetched};
use super::pace::{Last, random, wait};
use crate::config::{Polling, Trigger};

/// Most triggers that wait for their turn.
const TRIGGERS_MAX: usize = 8;

/// What one look for a bundle came to.
pub(super) struct Look {
    /// What was found.
    pub(super) content: Result<Content, Failure>,
    /// When it began.
    pub(super) at: SystemTime,
    /// How long it took.
    pub(super) took: Duration,
}

/// Takes what was found.
pub(super) trait Consumer: Send + Sync + 'static {
    /// Uses a bundle, or notes that there is none.
    ///
    /// Errors: why it is of no use, or why there was no answer at all.
    fn take(&self, look: Look) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Returns the etag of the last bundle that was of use; empty where there was none.
    fn etag(&self) -> String;
}

/// When to look.
#[derive(Clone, Copy)]
pub(super) struct Schedule {
    pub(super) polling: Polling,
    pub(super) trigger: Trigger,
}

type Answer = oneshot::Sender<Result<(), Failure>>;

/// A task that looks for a bundle. Dropping it ends the task.
pub(super) struct Poller {
    task: JoinHandle<()>,
    triggers: mpsc::Sender<Answer>,
}

impl Poller {
    /// Starts the task on the current runtime. The first look is at once, unless only triggers set
    /// it off.
    pub(super) fn start<C: Consumer>(fetch: Fetch, schedule: Schedule, consumer: Arc<C>) -> Self {
        let (triggers, told) = mpsc::channel(TRIGGERS_MAX);
        let looking = Looking {
            long_poll: fetch.long_poll.is_some(),
            etag: consumer.etag(),
            failures: 0,
            fetch,
            consumer,
        };
        let task = tokio::spawn(run(looking, schedule, told));
        Self { task, triggers }
    }

    /// Returns what asks for a look.
    pub(super) fn trigger(&self) -> LookTrigger {
        LookTrigger(self.triggers.clone())
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Asks a [`Poller`] for a look.
pub(super) struct LookTrigger(mpsc::Sender<Answer>);

impl LookTrigger {
    /// Waits until a look that begins now has ended.
    ///
    /// Errors: how it failed.
    pub(super) async fn look(&self) -> Result<(), Failure> {
        let ended = || Failure::new("the bundle is no longer configured");
        let (answer, answered) = oneshot::channel();
        self.0.send(answer).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

struct Looking<C> {
    fetch: Fetch,
    consumer: Arc<C>,
    /// The etag that is sent.
    etag: String,
    /// Whether the server is asked to hold the next look back.
    long_poll: bool,
    /// How many looks in a row failed.
    failures: u32,
}

async fn run<C: Consumer>(
    mut looking: Looking<C>,
    schedule: Schedule,
    mut triggers: mpsc::Receiver<Answer>,
) {
    let is_periodic = schedule.trigger != Trigger::Manual;
    let mut pause = Duration::ZERO;
    loop {
        let asked = tokio::select! {
            asked = triggers.recv() => match asked {
                Some(answer) => Some(answer),
                None => return,
            },
            () = tokio::time::sleep(pause), if is_periodic => None,
        };
        // Who asks wants to know now: a look that is held back would keep them waiting.
        let (result, last) = looking.look(asked.is_none()).await;
        if let Some(answer) = asked {
            // Who asked may be gone.
            let _ = answer.send(result);
        }
        pause = wait(&schedule.polling, last, random());
    }
}

impl<C: Consumer> Looking<C> {
    async fn look(&mut self, may_wait: bool) -> (Result<(), Failure>, Last) {
        let (at, started) = (SystemTime::now(), Instant::now());
        let fetched = self.fetch.look(&self.etag, self.long_poll && may_wait).await;
        let took = started.elapsed();
        let (content, long_poll) = match fetched {
            Ok(Fetched { content, long_poll }) => (Ok(content), long_poll),
            Err(failure) => (Err(failure), self.long_poll),
        };
        let is_empty = matches!(content, Ok(Content::Empty));
        let result = self.consumer.take(Look { content, at, took }).await;
        // Whatever was refused is asked for again: only what is in use must not be sent twice.
        self.etag = if is_empty { String::new() } else { self.consumer.etag() };
        self.long_poll = long_poll;
        if result.is_err() {
            self.failures = self.failures.saturating_add(1);
            return (result, Last::Failed(self.failures));
        }
        self.failures = 0;
        (result, if long_poll { Last::LongPoll } else { Last::Fine })
    }
}
