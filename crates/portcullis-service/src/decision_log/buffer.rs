//! Events that wait in memory to be uploaded.
//!
//! Must not know: uploads, files.
//!
//! Source: OPA's configuration reference, `decision_logs.reporting.buffer_type`.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::chunk::{Chunk, ChunkMaker};
use super::counters::{Count, Counters};

/// Most bytes in memory where the configuration sets no limit of bytes. OPA has none then, and
/// grows until the system ends it.
pub const BUFFER_BYTES_MAX: usize = 256 << 20;

/// Compressed chunks, the last one still open. Oldest chunks go first where they are too many
/// bytes.
pub(super) struct SizeBuffer {
    maker: ChunkMaker,
    counters: Arc<Counters>,
    limit: usize,
    chunks: VecDeque<Chunk>,
    chunk_bytes: usize,
    open: VecDeque<Bytes>,
    open_bytes: usize,
}

impl SizeBuffer {
    /// Returns an empty buffer of at most `limit` bytes of chunks.
    pub(super) fn new(maker: ChunkMaker, limit: Option<u64>, counters: Arc<Counters>) -> Self {
        let limit =
            limit.map_or(BUFFER_BYTES_MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Self {
            maker,
            counters,
            limit,
            chunks: VecDeque::new(),
            chunk_bytes: 0,
            open: VecDeque::new(),
            open_bytes: 0,
        }
    }

    /// Puts an event in. Returns whether a chunk became full.
    pub(super) fn push(&mut self, event: Bytes) -> bool {
        let Some(event) = self.maker.fit(event) else { return false };
        self.open_bytes = self.open_bytes.saturating_add(event.len()).saturating_add(1);
        self.open.push_back(event);
        if self.open_bytes <= self.maker.target_bytes() {
            return false;
        }
        self.close_one();
        true
    }

    /// Whether a chunk is full.
    pub(super) fn has_full(&self) -> bool {
        !self.chunks.is_empty()
    }

    /// Takes the oldest chunk out.
    pub(super) fn take(&mut self) -> Option<Chunk> {
        if self.chunks.is_empty() {
            self.close_one();
        }
        let chunk = self.chunks.pop_front()?;
        self.chunk_bytes = self.chunk_bytes.saturating_sub(chunk.body.len());
        Some(chunk)
    }

    /// Puts a chunk that could not be uploaded back, as the oldest.
    pub(super) fn put_back(&mut self, chunk: Chunk) {
        self.chunk_bytes = self.chunk_bytes.saturating_add(chunk.body.len());
        self.chunks.push_front(chunk);
        self.trim();
    }

    fn close_one(&mut self) {
        let Some(chunk) = self.maker.make(&self.open) else { return };
        for event in self.open.drain(..chunk.events.min(self.open.len())) {
            self.open_bytes = self.open_bytes.saturating_sub(event.len() + 1);
        }
        self.chunk_bytes = self.chunk_bytes.saturating_add(chunk.body.len());
        self.chunks.push_back(chunk);
        self.trim();
    }

    /// Drops the oldest chunks while they are too many bytes.
    fn trim(&mut self) {
        while self.chunk_bytes > self.limit {
            let Some(chunk) = self.chunks.pop_front() else { return };
            self.chunk_bytes = self.chunk_bytes.saturating_sub(chunk.body.len());
            self.counters.add(Count::BufferBytes, chunk.events as u64);
        }
    }
}

/// Events one by one. Oldest events go first where they are too many.
pub(super) struct EventBuffer {
    maker: ChunkMaker,
    counters: Arc<Counters>,
    limit: usize,
    events: VecDeque<Bytes>,
    bytes: usize,
    /// The events of the chunk that is out, to be put back.
    out: Vec<Bytes>,
}

impl EventBuffer {
    /// Returns an empty buffer of at most `limit` events.
    pub(super) fn new(maker: ChunkMaker, limit: u64, counters: Arc<Counters>) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { maker, counters, limit, events: VecDeque::new(), bytes: 0, out: Vec::new() }
    }

    /// Puts an event in. Returns whether there are enough for a chunk.
    pub(super) fn push(&mut self, event: Bytes) -> bool {
        let Some(event) = self.maker.fit(event) else { return false };
        self.bytes = self.bytes.saturating_add(event.len());
        self.events.push_back(event);
        self.trim();
        self.has_full()
    }

    /// Whether there are enough events for a chunk.
    pub(super) fn has_full(&self) -> bool {
        self.bytes > self.maker.target_bytes()
    }

    /// Takes a chunk of the oldest events out. The one before is delivered or put back.
    pub(super) fn take(&mut self) -> Option<Chunk> {
        let chunk = self.maker.make(&self.events)?;
        self.out = self.events.drain(..chunk.events.min(self.events.len())).collect();
        let bytes: usize = self.out.iter().map(Bytes::len).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        Some(chunk)
    }

    /// Forgets the chunk that was taken out.
    pub(super) fn delivered(&mut self) {
        self.out.clear();
    }

    /// Puts the events of the chunk that was taken out back, as the oldest.
    pub(super) fn put_back(&mut self) {
        for event in std::mem::take(&mut self.out).into_iter().rev() {
            self.bytes = self.bytes.saturating_add(event.len());
            self.events.push_front(event);
        }
        self.trim();
    }

    fn trim(&mut self) {
        while self.events.len() > self.limit || self.bytes > BUFFER_BYTES_MAX {
            let too_many = self.events.len() > self.limit;
            let Some(event) = self.events.pop_front() else { return };
            self.bytes = self.bytes.saturating_sub(event.len());
            self.counters.add(if too_many { Count::BufferEvents } else { Count::BufferBytes }, 1);
        }
    }
}
