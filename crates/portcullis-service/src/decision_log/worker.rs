//! The thread between requests and uploads: policies about logging, the console, the backlog.
//!
//! Order: drop, mask, console, buffer.
//!
//! Must not know: uploads.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::chunk::encode;
use super::counters::Count;
use super::event::Event;
use super::logger::Shared;
use super::policy::{Evaluator, Judged};
use crate::snapshot::Snapshot;

/// Most decisions that wait for the worker.
pub const WAITING_EVENTS_MAX: usize = 8192;

/// Most bytes of decisions that wait for the worker, roughly. A single one may be larger.
pub const WAITING_BYTES_MAX: usize = 64 << 20;

/// Longest time that a spilled event waits to be forced to the disk, so that many share one wait
/// for the disk.
pub const SYNC_DELAY: Duration = Duration::from_millis(100);

/// What waits for the worker.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    items: VecDeque<Item>,
    bytes: usize,
    events: usize,
    is_closed: bool,
}

enum Item {
    Event {
        snapshot: Arc<Snapshot>,
        event: Box<Event>,
        weight: usize,
    },
    /// Answered when everything before it has been worked on.
    Mark(oneshot::Sender<()>),
}

impl Inbox {
    /// Puts an event in. Returns whether there was room.
    pub(super) fn push(&self, snapshot: Arc<Snapshot>, event: Event) -> bool {
        let weight = event.weight(WAITING_BYTES_MAX);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = state.bytes == 0 || state.bytes.saturating_add(weight) <= WAITING_BYTES_MAX;
        if state.is_closed || !fits || state.events >= WAITING_EVENTS_MAX {
            return false;
        }
        state.bytes = state.bytes.saturating_add(weight);
        state.events += 1;
        state.items.push_back(Item::Event { snapshot, event: Box::new(event), weight });
        drop(state);
        self.arrived.notify_one();
        true
    }

    /// Returns what ends when everything that waits now has been worked on.
    pub(super) fn mark(&self) -> oneshot::Receiver<()> {
        let (answer, answered) = oneshot::channel();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.is_closed {
            state.items.push_back(Item::Mark(answer));
        }
        drop(state);
        self.arrived.notify_one();
        answered
    }

    /// Takes nothing more in; the worker ends when it has worked on what waits.
    pub(super) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
        self.arrived.notify_one();
    }

    /// Waits for the next item, until `deadline` where there is one.
    fn next(&self, deadline: Option<Instant>) -> Next {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(item) = state.items.pop_front() {
                if let Item::Event { weight, .. } = &item {
                    state.bytes = state.bytes.saturating_sub(*weight);
                    state.events = state.events.saturating_sub(1);
                }
                return Next::Item(item);
            }
            if state.is_closed {
                return Next::End;
            }
            let Some(deadline) = deadline else {
                state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::Late;
            }
            let waited = self.arrived.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

enum Next {
    Item(Item),
    Late,
    End,
}

/// Works until the inbox is closed and empty.
pub(super) fn run(shared: &Arc<Shared>) {
    let mut rate = RateLimit::default();
    let mut sync_at: Option<Instant> = None;
    let mut reported = 0;
    loop {
        // Under load there is always a next item: the disk's turn comes all the same.
        if sync_at.is_some_and(|at| Instant::now() >= at) {
            shared.backlog().sync();
            sync_at = None;
        }
        match shared.inbox.next(sync_at) {
            Next::Item(Item::Event { snapshot, event, .. }) => {
                // A panic is a bug of ours. It must cost this event and no other.
                let work = || work(shared, &snapshot, *event, &mut rate);
                if catch_unwind(AssertUnwindSafe(work)).is_err() {
                    shared.counters.add(Count::Encoding, 1);
                }
                reported = report_drops(shared, reported);
                if sync_at.is_none() && shared.backlog().is_dirty() {
                    sync_at = Some(Instant::now() + SYNC_DELAY);
                }
            }
            Next::Item(Item::Mark(answer)) => {
                shared.backlog().sync();
                let _ = answer.send(()); // whether anybody still waits is their affair
            }
            Next::Late => {}
            Next::End => return shared.backlog().sync(),
        }
    }
}

/// Says how many decisions found no room since the last time, if any. Returns how many in all.
fn report_drops(shared: &Shared, reported: u64) -> u64 {
    let dropped = shared.counters.get(Count::QueueFull);
    if dropped > reported {
        let lost = dropped - reported;
        tracing::warn!(lost, total = dropped, "decisions were not logged: the log is too slow");
    }
    dropped
}

fn work(shared: &Shared, snapshot: &Snapshot, event: Event, rate: &mut RateLimit) {
    let active = shared.active();
    let evaluator = Evaluator {
        queries: &active.queries,
        limits: &active.limits,
        host: &active.host,
        labels: &active.labels,
    };
    // As in OPA, only what the policies let through is on the console.
    let document = match evaluator.run(snapshot, event, &shared.counters) {
        None => return,
        Some(Judged::Stripped(event)) => event.to_value(&active.labels),
        Some(Judged::Whole(event)) => {
            let document = event.to_value(&active.labels);
            if let Some(console) = &active.console {
                console(&document);
            }
            document
        }
    };
    if active.upload.is_none() {
        return;
    }
    if let Some(most) = active.reporting.max_decisions_per_second
        && !rate.allows(most, Instant::now())
    {
        return shared.counters.add(Count::RateLimit, 1);
    }
    let event = encode(&document);
    if shared.backlog().push(event) {
        shared.full.notify_one();
    }
}

/// So many decisions a second, and as many at once.
#[derive(Default)]
struct RateLimit {
    most: f64,
    left: f64,
    at: Option<Instant>,
}

impl RateLimit {
    fn allows(&mut self, most: f64, now: Instant) -> bool {
        let burst = most.max(1.0);
        match self.at {
            Some(at) if self.most == most => {
                let more = now.saturating_duration_since(at).as_secs_f64() * most;
                self.left = (self.left + more).min(burst);
            }
            _ => (self.most, self.left) = (most, burst),
        }
        self.at = Some(now);
        let allowed = self.left >= 1.0;
        if allowed {
            self.left -= 1.0;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_refills() {
        let mut rate = RateLimit::default();
        let start = Instant::now();
        let mut at = |milliseconds| rate.allows(2.0, start + Duration::from_millis(milliseconds));
        assert_eq!([0, 0, 0, 400, 500, 600].map(&mut at), [true, true, false, false, true, false]);
        let mut slow = RateLimit::default();
        assert!(slow.allows(0.5, start));
        assert!(!slow.allows(0.5, start + Duration::from_secs(1)));
        assert!(slow.allows(0.5, start + Duration::from_secs(2)));
    }
}
