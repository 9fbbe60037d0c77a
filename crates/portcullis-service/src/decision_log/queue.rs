//! A bounded queue and a thread that writes lines: the decision log of a surface with a form of
//! its own.
//!
//! Never delays an answer: what does not fit is made small, and where even that does not fit, it
//! is dropped, counted, and reported as soon as the writer gets on. Encoding and masking happen on
//! the writer's thread.
//!
//! Must not know: what a decision is about (its encoder does).

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Most decisions that wait to be written.
pub const QUEUE_EVENTS_MAX: usize = 8192;

/// Most bytes of decisions that wait to be written, by the weight they are submitted with.
pub const QUEUE_BYTES_MAX: usize = 8 << 20;

/// Longest wait, at the end, for what still waits to be written.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);

/// What turns an event into a line: appends it to the buffer, without the line's end.
pub type Encode<E> = dyn Fn(&E, &mut String) + Send;

/// A queue of events and the thread that writes them.
pub struct DecisionLog<E: Send + 'static> {
    /// Bounded by the counts: a channel with a bound reserves all of its places at once.
    queue: Option<Sender<(E, usize)>>,
    counts: Arc<Counts>,
    ended: Mutex<Receiver<()>>,
}

#[derive(Default)]
struct Counts {
    events_waiting: AtomicUsize,
    bytes_waiting: AtomicUsize,
    written: AtomicU64,
    dropped: AtomicU64,
}

impl<E: Send + 'static> DecisionLog<E> {
    /// Starts the writer.
    ///
    /// Errors: the system gives no thread.
    pub fn start(
        output: Box<dyn Write + Send>,
        encode: Box<Encode<E>>,
    ) -> std::io::Result<DecisionLog<E>> {
        let (queue, events) = mpsc::channel();
        let counts = Arc::new(Counts::default());
        let writer_counts = Arc::clone(&counts);
        let (end, ended) = mpsc::sync_channel(1);
        thread::Builder::new().name("decision-log".to_string()).spawn(move || {
            write_all(&events, output, &encode, &writer_counts);
            drop(end); // tells who waits for the end
        })?;
        Ok(Self { queue: Some(queue), counts, ended: Mutex::new(ended) })
    }

    /// Queues an event. `weight` is roughly how many bytes it holds; where so many do not fit any
    /// more, what `shrink` makes of the event is queued instead and counts as nothing.
    pub fn submit(&self, event: E, weight: usize, shrink: impl FnOnce(E) -> E) {
        let waiting = self.counts.bytes_waiting.fetch_add(weight, Ordering::Relaxed);
        let fits = waiting.saturating_add(weight) <= QUEUE_BYTES_MAX;
        let (event, kept) = if fits { (event, weight) } else { (shrink(event), 0) };
        self.counts.bytes_waiting.fetch_sub(weight - kept, Ordering::Relaxed);
        let queued_before = self.counts.events_waiting.fetch_add(1, Ordering::Relaxed);
        let queue = self.queue.as_ref().filter(|_| queued_before < QUEUE_EVENTS_MAX);
        if queue.is_none_or(|queue| queue.send((event, kept)).is_err()) {
            self.counts.events_waiting.fetch_sub(1, Ordering::Relaxed);
            self.counts.bytes_waiting.fetch_sub(kept, Ordering::Relaxed);
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns how many events have been dropped so far.
    pub fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }

    /// Returns how many lines have been written so far.
    pub fn written(&self) -> u64 {
        self.counts.written.load(Ordering::Relaxed)
    }
}

impl<E: Send + 'static> Drop for DecisionLog<E> {
    /// Lets the writer write what still waits, for a bounded time: its output may be stuck.
    fn drop(&mut self) {
        self.queue = None;
        let ended = self.ended.get_mut().unwrap_or_else(|poison| poison.into_inner());
        if ended.recv_timeout(DRAIN_TIMEOUT) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the decision log is stuck: decisions may be lost");
        }
    }
}

/// How long the writer lets decisions gather after it was woken. To wake it costs whoever decides more
/// than to queue the event does: so it is woken for the first of many.
const GATHERING: Duration = Duration::from_millis(2);

/// Writes until the queue is closed and empty.
fn write_all<E>(
    events: &Receiver<(E, usize)>,
    mut output: Box<dyn Write + Send>,
    encode: &Encode<E>,
    counts: &Counts,
) {
    let mut line = String::new();
    let mut reported = 0;
    while let Ok(first) = events.recv() {
        thread::sleep(GATHERING);
        for (event, weight) in std::iter::once(first).chain(events.try_iter()) {
            counts.events_waiting.fetch_sub(1, Ordering::Relaxed);
            // A panic is a bug of ours. It must cost this line and no other.
            let encoded = catch_unwind(AssertUnwindSafe(|| encode(&event, &mut line)));
            drop(event); // the line says it all, and may take a while to write
            line.push('\n');
            // One write a line: several processes may share the output.
            let mut write = || output.write_all(line.as_bytes()).and_then(|()| output.flush());
            let is_written = encoded.is_ok() && write().is_ok();
            let count = if is_written { &counts.written } else { &counts.dropped };
            count.fetch_add(1, Ordering::Relaxed);
            line.clear(); // shrinking keeps what is in use
            line.shrink_to(LINE_BYTES_KEPT);
            counts.bytes_waiting.fetch_sub(weight, Ordering::Relaxed);
            reported = report_drops(counts, reported);
        }
    }
}

/// How much of the buffer is kept after a long line.
const LINE_BYTES_KEPT: usize = 64 << 10;

/// Says how many decisions were lost since the last time, if any. Returns how many were in all.
fn report_drops(counts: &Counts, reported: u64) -> u64 {
    let dropped = counts.dropped.load(Ordering::Relaxed);
    if dropped > reported {
        let lost = dropped - reported;
        tracing::warn!(lost, total = dropped, "decisions were not logged: the log is too slow");
    }
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn writes_everything_before_it_ends() {
        let output = Shared::default();
        let encode = |n: &u32, line: &mut String| line.push_str(&n.to_string());
        let log = DecisionLog::start(Box::new(output.clone()), Box::new(encode)).unwrap();
        (0..100).for_each(|n| log.submit(n, 1, |n| n));
        drop(log);
        let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 100);
        assert!(text.starts_with("0\n1\n2\n"));
    }

    #[test]
    fn shrinks_what_does_not_fit_and_counts_what_is_lost() {
        let output = Shared::default();
        let encode = |n: &usize, line: &mut String| {
            if *n < 1000 {
                thread::sleep(Duration::from_millis(50));
            }
            line.push_str(&n.to_string());
        };
        let log = DecisionLog::start(Box::new(output.clone()), Box::new(encode)).unwrap();
        (0..4).for_each(|n| log.submit(n, QUEUE_BYTES_MAX / 2, |n| n + 100));
        assert_eq!(log.dropped(), 0);
        let many = QUEUE_EVENTS_MAX + 10;
        (1000..1000 + many).for_each(|n| log.submit(n, 0, |n| n));
        assert!((1..20).contains(&log.dropped()), "{}", log.dropped());
        while log.written() < 4 {
            thread::sleep(Duration::from_millis(5));
        }
        let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        assert!(text.starts_with("0\n1\n102\n103\n"), "{text}");
    }
}
