//! Events to chunks: compressed JSON arrays, none larger than an upload may be.
//!
//! How well events compress is known only afterwards, so the size before compression follows what
//! was seen: it grows while chunks come out much smaller than they may, and shrinks where one came
//! out too large.
//!
//! Must not know: where events wait, where chunks go.
//!
//! Source: OPA documentation, "Decision Logs" (upload size, adaptive limit).

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use rego::Value;

use super::counters::{Count, Counters};

/// Most bytes before compression of one chunk, and how far it grows beyond the upload limit.
const UNCOMPRESSED_MAX: usize = 64 << 20;
const GROWTH_MAX: usize = 64;

/// A chunk that uses less of the limit than this, in percent, makes the next one larger.
const USED_ENOUGH_PERCENT: usize = 90;

/// Where one came out too large, the next is to use this much of the limit, in percent.
const AIM_PERCENT: u8 = 95;

/// What gzip and the array around the events add at most to so short an event that it does not
/// compress: header, trailer, brackets, and the headers of stored blocks.
const OVERHEAD_BYTES: usize = 64;

/// A part of the log as it is uploaded.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// A JSON array of events, compressed with gzip.
    pub(super) body: Bytes,
    /// The events in it.
    pub(super) events: usize,
}

/// Makes chunks.
pub(super) struct ChunkMaker {
    limit: usize,
    uncompressed: usize,
    counters: Arc<Counters>,
}

impl ChunkMaker {
    /// Returns a maker of chunks of at most `limit` bytes.
    pub(super) fn new(limit: usize, counters: Arc<Counters>) -> Self {
        Self { limit, uncompressed: limit.min(UNCOMPRESSED_MAX), counters }
    }

    /// Returns how many bytes of events make a chunk at the moment.
    pub(super) fn target_bytes(&self) -> usize {
        self.uncompressed
    }

    /// Returns the event as it fits into a chunk: as it is, or without what nondeterministic
    /// builtins answered. None, and counted, where it is too large even so.
    pub(super) fn fit(&self, event: Bytes) -> Option<Bytes> {
        if event.len().saturating_add(OVERHEAD_BYTES) <= self.limit || self.fits_alone(&event) {
            return Some(event);
        }
        if let Some(smaller) = without_nd_builtin_cache(&event) {
            self.counters.add(Count::NdBuiltinCache, 1);
            if self.fits_alone(&smaller) {
                return Some(smaller);
            }
        }
        self.counters.add(Count::UploadSize, 1);
        tracing::error!(
            bytes = event.len(),
            "a decision is larger than an upload may be: not logged"
        );
        None
    }

    fn fits_alone(&self, event: &Bytes) -> bool {
        let mut encoder = GzEncoder::new(Bounded { left: self.limit }, Compression::default());
        let mut write = || {
            encoder.write_all(b"[")?;
            encoder.write_all(event)?;
            encoder.write_all(b"]")?;
            encoder.try_finish()
        };
        write().is_ok()
    }

    /// Makes a chunk of the first events. They stay where they are: [`Chunk::events`] says how
    /// many there are in it. Each of them must fit ([`ChunkMaker::fit`]). None where there are no
    /// events.
    pub(super) fn make(&mut self, events: &VecDeque<Bytes>) -> Option<Chunk> {
        let mut bytes = 0usize;
        let within = |event: &&Bytes| {
            bytes = bytes.saturating_add(event.len()).saturating_add(1);
            bytes <= self.uncompressed
        };
        let mut count = events.iter().take_while(within).count().max(1).min(events.len());
        let is_full = count < events.len();
        // The first guess is as good as the events are alike; after that, halving ends after as
        // many turns as a count has bits.
        let mut is_first = true;
        while count > 0 {
            let body = compress(events.iter().take(count))?;
            if body.len() <= self.limit || count == 1 {
                self.learn(&body, is_full);
                self.counters.chunk(count);
                return Some(Chunk { body, events: count });
            }
            self.counters.add(Count::ScaleDown, 1);
            let fitting = |whole: usize| {
                let share = self.limit as f64 / body.len() as f64 * f64::from(AIM_PERCENT) / 100.0;
                (whole as f64 * share) as usize
            };
            self.uncompressed = fitting(self.uncompressed).max(self.limit.min(UNCOMPRESSED_MAX));
            count = if is_first { fitting(count).clamp(1, count - 1) } else { count / 2 };
            is_first = false;
        }
        None
    }

    /// Makes later chunks larger where this one used too little of its limit.
    fn learn(&mut self, body: &Bytes, is_full: bool) {
        if !is_full {
            return; // there were no more events: it says nothing about the limit
        }
        let most = self.limit.saturating_mul(GROWTH_MAX).min(UNCOMPRESSED_MAX);
        let enough = self.limit / 100 * USED_ENOUGH_PERCENT;
        if body.len() < enough && self.uncompressed < most {
            self.uncompressed =
                self.uncompressed.saturating_add(self.uncompressed / 4 + 1).min(most);
            self.counters.add(Count::ScaleUp, 1);
        } else {
            self.counters.add(Count::Stable, 1);
        }
    }
}

/// Returns the event as JSON text.
pub(super) fn encode(event: &Value) -> Bytes {
    let mut text = String::new();
    event.write_json(&mut text);
    Bytes::from(text)
}

fn without_nd_builtin_cache(event: &Bytes) -> Option<Bytes> {
    let event = Value::from_json(event).ok()?;
    let object = event.as_object()?;
    object.get_str("nd_builtin_cache")?;
    let kept = object.iter().filter(|(key, _)| key.as_str() != Some("nd_builtin_cache"));
    Some(encode(&Value::object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())))
}

/// Takes so many bytes and fails beyond, so that an event that is far too large is not compressed to
/// its end.
struct Bounded {
    left: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.checked_sub(bytes.len());
        self.left = left.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the array of the events, compressed. Writing to memory does not fail.
fn compress<'a>(events: impl Iterator<Item = &'a Bytes>) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for (number, event) in events.enumerate() {
        encoder.write_all(if number == 0 { b"[" } else { b"," }).ok()?;
        encoder.write_all(event).ok()?;
    }
    encoder.write_all(b"]").ok()?;
    encoder.finish().ok().map(Bytes::from)
}
