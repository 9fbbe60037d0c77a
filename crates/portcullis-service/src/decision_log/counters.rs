//! What was lost on the way, and why: counts under OPA's names.
//!
//! Must not know: who counts.
//!
//! Source: OPA documentation, "Decision Logs"; the names of OPA's status.

use std::sync::{Mutex, PoisonError};

use rego::Value;

use crate::telemetry::metrics::Metrics;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Dropped: more events than the configured rate.
    RateLimit,
    /// Dropped: the buffer held as many events as it may.
    BufferEvents,
    /// Dropped: the buffer held as many bytes as it may.
    BufferBytes,
    /// Logged without what nondeterministic builtins answered: too large with it.
    NdBuiltinCache,
    /// Dropped: could not be encoded.
    Encoding,
    /// Logged without input and result: a drop or mask policy failed. Not in OPA.
    Masking,
    /// Dropped: larger than an upload may be.
    UploadSize,
    /// Times that the size of a chunk before compression was raised.
    ScaleUp,
    /// Times that it was lowered.
    ScaleDown,
    /// Times that it was right.
    Stable,
    /// Dropped: more decisions were waiting for their policies than may. Not in OPA.
    QueueFull,
    /// Dropped: the spill directory was full. Not in OPA.
    SpillFull,
    /// Could not be written to the spill directory, and were kept in memory. Not in OPA.
    SpillFailed,
}

const COUNTS: [(Count, &str); 13] = [
    (Count::RateLimit, "decision_logs_dropped_rate_limit_exceeded"),
    (Count::BufferEvents, "decision_logs_dropped_buffer_size_limit_exceeded"),
    (Count::BufferBytes, "decision_logs_dropped_buffer_size_limit_bytes_exceeded"),
    (Count::NdBuiltinCache, "decision_logs_nd_builtin_cache_dropped"),
    (Count::Encoding, "decision_logs_encoding_failure"),
    (Count::Masking, "decision_logs_masking_failure"),
    (Count::UploadSize, "enc_log_exceeded_upload_size_limit_bytes"),
    (Count::ScaleUp, "enc_uncompressed_limit_scale_up"),
    (Count::ScaleDown, "enc_uncompressed_limit_scale_down"),
    (Count::Stable, "enc_uncompressed_limit_stable"),
    (Count::QueueFull, "decision_logs_dropped_queue_full"),
    (Count::SpillFull, "decision_logs_dropped_spill_size_limit_bytes_exceeded"),
    (Count::SpillFailed, "decision_logs_spill_failure"),
];

/// The histogram of how many events go into a chunk.
const EVENTS_IN_CHUNK: &str = "enc_events_written_in_chunk";

/// Counts of one logger.
#[derive(Default)]
pub struct Counters(Mutex<Kept>);

#[derive(Clone, Default)]
struct Kept {
    counts: [u64; COUNTS.len()],
    chunks: Metrics,
}

impl Counters {
    /// Adds to a count.
    pub(super) fn add(&self, count: Count, more: u64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = kept.counts.get_mut(count as usize) {
            *value = value.saturating_add(more);
        }
    }

    /// Notes a chunk of so many events.
    pub(super) fn chunk(&self, events: usize) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.chunks.histogram(EVENTS_IN_CHUNK).record(events as u64);
    }

    /// Returns a count.
    pub fn get(&self, count: Count) -> u64 {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.counts.get(count as usize).copied().unwrap_or(0)
    }

    /// Returns every count with its name, as they are now.
    pub fn all(&self) -> Vec<(&'static str, u64)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        COUNTS.iter().zip(kept.counts).map(|((_, name), count)| (*name, count)).collect()
    }

    /// Returns what has been counted: `{"counter_<name>": n}` without those that are 0, and the
    /// histogram of events in a chunk.
    pub fn to_value(&self) -> Value {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut metrics = kept.chunks;
        for ((_, name), count) in COUNTS.iter().zip(kept.counts) {
            if count > 0 {
                metrics.counter(name).add(count);
            }
        }
        metrics.to_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_has_its_name() {
        for (place, (count, _)) in COUNTS.iter().enumerate() {
            assert_eq!(*count as usize, place);
        }
        let counters = Counters::default();
        counters.add(Count::SpillFailed, 2);
        counters.chunk(7);
        let value = counters.to_value();
        assert_eq!(value.get_path(&["counter_decision_logs_spill_failure"]), Some(&Value::from(2)));
        let median = value.get_path(&["histogram_enc_events_written_in_chunk", "max"]);
        assert_eq!(median, Some(&Value::from(7)));
        assert!(value.get_path(&["counter_decision_logs_encoding_failure"]).is_none());
    }
}
